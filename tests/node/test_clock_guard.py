"""A clock that cannot be right stops release until an administrator has looked; nobody is sent anything meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from node.node_kit import Hands, Kit, Partner, new_home
from node.test_transitions import RELEASE, policy
from prasan.cli import main
from prasan.errors import Unreachable, UsageError
from prasan.node.clock_guard import Watch, check, require
from prasan.node.keeping.live_health import Ward
from prasan.node.keeping.timekeeping import confirm
from prasan.node.objects import STAFF
from prasan.node.record import NODE_LOG, note, seal_all
from prasan.node.releasing.publish import work_due

OWN_STAFF = 'id = "o"\nto = ["class:staff"]\nthen = "release"\n'
HOUR = 3_600_000_000


class Steady(Hands):
    """A clock with steady time beside it, which a test moves by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.steady_us = 0
        self.clock = msgspec.structs.replace(self.clock, steady_us=lambda: self.steady_us)

    def pass_by(self, us: int) -> None:
        """Time goes on as it should."""
        self.now_us += us
        self.steady_us += us


@pytest.fixture
def hands() -> Steady:
    return Steady()


@pytest.fixture
def kit(tmp_path: Path, quick: None, hands: Steady) -> Iterator[Kit]:
    made = Kit(new_home(tmp_path, hands=hands), hands)
    yield made
    made.close()


@pytest.fixture
def partner(tmp_path: Path, kit: Kit) -> Iterator[Partner]:
    made = Partner("us-mo", tmp_path)
    kit.agree(made)
    policy(kit, RELEASE, OWN_STAFF)
    kit.event("a")
    work_due(kit.node)
    yield made
    made.close()


def write(kit: Kit) -> None:
    with kit.node.store.write() as tx:
        note(kit.node, tx, NODE_LOG, "user", "x", {})


def test_a_clock_that_goes_on_stops_nothing(kit: Kit, hands: Steady) -> None:
    watch = Watch(kit.node)
    for step in (1, HOUR, 30 * 24 * HOUR, 0):
        hands.pass_by(step)
        hands.now_us -= 4_000_000 * bool(step)  # set back a little by network time
        watch.step()
        write(kit)
    assert check(kit.node) is None


def test_a_clock_behind_the_ledger_stops_pages_statements_and_signatures(
    kit: Kit, hands: Steady, partner: Partner
) -> None:
    size = kit.node.store.frontier(NODE_LOG).size
    hands.now_us -= HOUR
    with pytest.raises(Unreachable, match="behind its own ledger by 3600 seconds"):
        kit.taxii(partner.id, "/taxii2/node/collections/alerts/objects/")
    for path in ("statements/alerts", "checkpoint", "next"):
        with pytest.raises(Unreachable):
            kit.peer(partner.id, f"/peer/v1/{path}")
    given = seen_by(kit, partner.id)
    kit.event("b")
    work_due(kit.node)
    assert seen_by(kit, partner.id) == given
    signed = kit.node.store.checkpoint(NODE_LOG)
    write(kit)
    seal_all(kit.node)
    assert kit.node.store.checkpoint(NODE_LOG) == signed
    assert kit.node.store.frontier(NODE_LOG).size == size + 1


def test_our_own_staff_go_on_working_while_release_is_stopped(kit: Kit, hands: Steady, partner: Partner) -> None:
    hands.now_us -= HOUR
    names = [kit.event(key) for key in ("b", "c")]
    assert work_due(kit.node) == 2
    assert work_due(kit.node) == 0
    assert {*names} <= {*seen_by(kit, STAFF)}
    assert not {*names} & {*seen_by(kit, partner.id)}
    confirm(kit.node, "admin")
    assert len(kit.now_read(partner, "alerts")) == 1
    work_due(kit.node)
    assert {*names} <= {*seen_by(kit, partner.id)}
    assert len(kit.now_read(partner, "alerts")) == 3


def test_what_the_wrong_clock_put_off_is_decided_again_when_it_is_right(
    kit: Kit, hands: Steady, partner: Partner
) -> None:
    """Years ahead for a moment: what was made then would wait for years."""
    hands.now_us += 9000 * HOUR
    name = kit.event("b")
    write(kit)
    hands.now_us -= 9000 * HOUR
    check(kit.node)
    work_due(kit.node)
    assert name not in {*seen_by(kit, STAFF), *seen_by(kit, partner.id)}
    confirm(kit.node, "admin")
    work_due(kit.node)
    assert name in seen_by(kit, STAFF)
    assert name in seen_by(kit, partner.id)


def seen_by(kit: Kit, recipient: str) -> list[str]:
    """The objects of which a recipient has a row."""
    names = [row.id for _, row in kit.node.store.objects()]
    return [name for name in names if any(row.recipient == recipient for row in kit.node.store.views_of(name))]


def test_it_stays_stopped_whatever_is_written_until_it_is_confirmed(kit: Kit, hands: Steady, partner: Partner) -> None:
    """An entry at the wrong time does not make the clock look right."""
    hands.now_us -= HOUR
    write(kit)
    write(kit)
    found = check(kit.node)
    assert found is not None
    assert (found.why, found.seconds) == ("clock_behind", -3600)
    assert confirm(kit.node, "admin") == found
    require(kit.node)
    assert kit.now_read(partner, "alerts")
    with pytest.raises(UsageError, match="not stopped"):
        confirm(kit.node, "admin")


@pytest.mark.parametrize(("seconds", "stops"), [(601, True), (-601, True), (599, False), (-4, False)])
def test_a_jump_against_steady_time(kit: Kit, hands: Steady, seconds: int, stops: bool) -> None:
    hands.pass_by(24 * HOUR)
    watch = Watch(kit.node)
    hands.pass_by(1_000_000)
    hands.now_us += seconds * 1_000_000
    watch.step()
    found = check(kit.node)
    assert (found is not None) == stops
    if found is not None:
        assert (found.why, abs(found.seconds - seconds) <= 1) == ("clock_jumped", True)


def test_health_and_commands_say_it(kit: Kit, hands: Steady, capsys: pytest.CaptureFixture[str]) -> None:
    hands.now_us += 2 * HOUR
    watch = Watch(kit.node)
    hands.now_us += HOUR
    watch.step()
    ills = Ward(kit.node).ills()
    assert (ills[0].code, ills[0].values) == ("clock_jumped", {"seconds": 3600})
    home = str(kit.node.home.root)
    assert main(["clock", "show", "--home", home]) == 1
    assert json.loads(capsys.readouterr().out)["stopped"] == "clock_jumped"
    assert main(["clock", "confirm", "--home", home]) == 0
    assert "3600 seconds ahead" in capsys.readouterr().err
    assert Ward(kit.node).ills() == ()
