"""A store as the shelf of the TAXII server: reads as they are, posts and deletions each in one transaction."""

from collections.abc import Callable, Collection, Sequence

from prasan.picture.posted import Item, Outcome, Report
from prasan.stores.rows import Shelved, Wanted
from prasan.stores.sqlite.store import Store, Tx

OnPost = Callable[[Tx, str, Sequence[Item], int], None]
"""Called inside the transaction of a post with the owner, the items that are new here, and the time in µs."""


OnTold = Callable[[Tx, str, Sequence[Item], Sequence[Outcome]], None]
"""Called there too, with every item that was posted and whether it is new, the same or in conflict."""


def _nothing(_tx: Tx, _owner: str, _items: Sequence[Item], _now_us: int) -> None:
    return None


def _untold(_tx: Tx, _owner: str, _items: Sequence[Item], _outcomes: Sequence[Outcome]) -> None:
    return None


class StoreShelf:
    """What `exchange.taxii` reads from and posts to. `on_post` is where a node handles receipts and its ledger."""

    def __init__(self, store: Store, on_post: OnPost = _nothing, on_told: OnTold = _untold) -> None:
        self._store = store
        self._on_post, self._on_told = on_post, on_told

    def epoch(self) -> str:
        """The UUID that collection ids are made of."""
        return self._store.epoch()

    def view_page(self, recipient: str, lane: str, wanted: Wanted, now_us: int) -> Sequence[Shelved]:
        """Rows of an outbound collection."""
        return self._store.view_page(recipient, lane, wanted, now_us)

    def inbox_page(self, owner: str, wanted: Wanted) -> Sequence[Shelved]:
        """Rows of an inbox."""
        return self._store.inbox_page(owner, wanted)

    def status(self, owner: str, status_id: str) -> bytes | None:
        """The stored status resource of one of the owner's posts."""
        return self._store.status(owner, status_id)

    def post(
        self,
        owner: str,
        status_id: str,
        items: Sequence[Item],
        now_us: int,
        report: Report,
    ) -> bytes:
        """Keep the items, what follows from them, and the status, together or not at all."""
        with self._store.write() as tx:
            outcomes = tx.put_inbox(owner, items, now_us)
            self._on_post(tx, owner, [i for i, how in zip(items, outcomes, strict=True) if how == "new"], now_us)
            self._on_told(tx, owner, items, outcomes)
            body = report(outcomes)
            tx.put_status(status_id, owner, body, now_us)
        return body

    def delete(
        self, owner: str, object_id: str, versions: Collection[str], spec_versions: Collection[str] | None
    ) -> int:
        """Delete from an inbox; how many versions were there."""
        with self._store.write() as tx:
            return tx.delete_inbox(owner, object_id, versions, spec_versions)
