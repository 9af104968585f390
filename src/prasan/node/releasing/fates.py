"""How the objects of a profile fare with a recipient, one by one or in columns: for counting, and for looking ahead."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from prasan.node.objects import KEPT, Kept
from prasan.picture.marking import Marking
from prasan.release.decide import Case, Decision
from prasan.release.facts import Facts
from prasan.release.outlook import NEVER, Columns, judge_all
from prasan.stores.sqlite.store import Reads

_MARKING: Final = msgspec.json.Decoder(Marking).decode


class Rows(msgspec.Struct, frozen=True):
    """The objects of one profile that are current or revoked: ids, what is kept of them, and that in columns."""

    ids: tuple[str, ...]
    kept: tuple[Kept, ...]
    columns: Columns

    def judged(self, facts: Facts, case: Case) -> Iterator[Decision]:
        """The decision of each, in order; `facts` are those of the profile. Recalls and consents are not looked at."""
        found = judge_all([facts], self.columns, case)
        return (found.decisions[number] for number in found.which.tolist())


def rows_of(store: Reads, profile: int) -> Rows:
    """All objects of a profile."""
    rows = store.profile_rows(profile)
    kept = tuple(KEPT(facts) for _, _, facts in rows)
    return Rows(tuple(name for name, _, _ in rows), kept, _columns(kept, [_MARKING(raw).expires for _, raw, _ in rows]))


def _columns(kept: Sequence[Kept], expires: Sequence[int | None]) -> Columns:
    places = [place for one in kept for place in one.content.places]
    return Columns(
        profile=np.zeros(len(kept), np.int64),
        known_at=np.array([one.known_at for one in kept], np.float64),
        expires=np.array([NEVER if at is None else at for at in expires], np.float64),
        offsets=np.cumsum([0, *(len(one.content.places) for one in kept)]).astype(np.int64),
        lats=np.array([lat for lat, _ in places], np.float64),
        lons=np.array([lon for _, lon in places], np.float64),
    )
