"""Three real nodes in folders that pull from one another without sockets: A made it, B holds it, C would like it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accord_text import accord_text
from node.node_kit import Hands, Kit, Partner, introduce, new_home, sign
from prasan.exchange.asks import Ask
from prasan.exchange.cards import Card
from prasan.exchange.steps import Reply, Summary
from prasan.node.lines import sync as sync_module
from prasan.node.releasing.publish import work_due

NAMES = ("th-mc", "us-mo", "my-mc")
UNTIL = datetime(2036, 1, 1, tzinfo=UTC)


class Line:
    """The way from one node to another's peer port."""

    def __init__(self, asker: Kit, asked: Kit | Partner) -> None:
        self.asker, self.asked = asker, asked

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def fetch(self, ask: Ask) -> Reply:
        return self.asked.serve(self.asker.asks(self.asked, ask))


class Three:
    """The nodes a, b and c; everybody has an accord with everybody, and all clocks are one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, onward: str = "ask") -> None:
        self.hands = [Hands(name) for name in NAMES]
        self.kits = [Kit(new_home(folder, name, hands), hands) for name, hands in zip(NAMES, self.hands, strict=True)]
        self.a, self.b, self.c = self.kits
        for first, second in ((self.a, self.b), (self.b, self.c), (self.a, self.c)):
            self.agree(first, second, onward)
        self.asking = self.a
        monkeypatch.setattr(sync_module, "Client", self._client)

    def close(self) -> None:
        for kit in self.kits:
            kit.close()

    def _client(self, card: Card, *_: Any) -> Line:
        return Line(self.asking, next(kit for kit in self.kits if kit.id == card.id))

    def agree(self, first: Kit, second: Kit, onward: str) -> None:
        introduce(first, second)
        sign(first, second, accord_text(first, second, onward=onward, valid_until=UNTIL))

    def pull(self, *order: Kit) -> list[Summary]:
        """Each in turn pulls from all its partners, and what is due is decided."""
        self.wait(0.01)
        found: list[Summary] = []
        for kit in order:
            self.asking = kit
            for summary in sync_module.sync(kit.node, []).values():
                assert not summary.failure, summary
                found.append(summary)
        return found

    def round(self) -> None:
        """Everybody pulls twice: what one says, the others have heard and answered."""
        self.pull(*self.kits, *self.kits)

    def wait(self, hours: float) -> None:
        for kit in self.kits:
            kit.wait(hours)
            work_due(kit.node)


def reasons(kit: Kit, partner: str) -> Sequence[str]:
    """What was kept apart of a partner's, by reason."""
    return sorted(kit.node.store.quarantine_counts(partner))


__all__ = ["Hands", "Kit", "Partner", "Three", "reasons"]
