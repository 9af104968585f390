"""Identity changes and shared IMO numbers, from static reports with places, whole and in pieces."""

from itertools import pairwise

import fleet
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from prasan.detect.chain import ChainCarry, advance
from prasan.detect.rules import PRASAN, preset
from prasan.detect.run import Outcome, detect
from prasan.exercise.player import static_table
from prasan.picture.finding import Finding
from prasan.tracks.settle import SettleCarry, settle

RULES = {kind: preset(PRASAN)[kind] for kind in ("identity_change", "duplicate_identity")}
WORLD = fleet.world()
IMO = 9_074_729
ABROAD = 338_000_100

Said = tuple[int, int, str | None, str | None, int | None]  # mmsi, t, name, call sign, imo


def statics(rows: list[Said], source: str = "test") -> pa.Table:
    names = ("mmsi", "t", "name", "callsign", "imo")
    return static_table({name: [row[at] for row in rows] for at, name in enumerate(names)}, source)


def says(mmsi: int, turns: range, name: str | None, callsign: str | None = None, imo: int | None = None) -> list[Said]:
    return [(mmsi, fleet.DAY + 360 * turn, name, callsign, imo) for turn in turns]


def positions(*mmsis: int) -> list[fleet.Row]:
    rows = [row for mmsi in mmsis for row in fleet.sail(mmsi, fleet.every(10, 0, 20), 8.0 + mmsi % 7, 102.0)]
    return sorted(rows, key=lambda row: row[1])


def look(said: list[Said], *mmsis: int) -> Outcome:
    return detect(fleet.table(positions(*mmsis)), statics(said), RULES, WORLD)


def test_a_new_name_and_call_sign_are_one_act_with_its_place() -> None:
    said = says(fleet.SHIP, range(40), "SEA STAR", "HSAB") + says(fleet.SHIP, range(60, 80), "MOONLIGHT", "3FXY9")
    (one,) = look(said, fleet.SHIP).findings
    assert (one.reason, one.evidence["codes"]) == ("name_changed", ["name_changed", "callsign_changed"])
    assert (one.evidence["old_name"], one.evidence["new_name"]) == ("SEA STAR", "MOONLIGHT")
    assert (one.evidence["old_callsign"], one.evidence["new_callsign"]) == ("HSAB", "3FXY9")
    assert (one.start, one.end) == (fleet.DAY + 39 * 360, fleet.DAY + 60 * 360)
    assert one.evidence["hours"] == 2.1
    assert (one.confidence, one.excluded, one.sources) == ("medium", None, ("test",))
    assert one.fixes[0].t <= fleet.DAY + 62 * 360
    assert one.key.endswith("|name")


def test_a_call_sign_that_follows_joins_the_act_and_a_later_one_does_not() -> None:
    name = says(fleet.SHIP, range(40), "SEA STAR", "HSAB") + says(fleet.SHIP, range(60, 66), "MOONLIGHT", "HSAB")
    alone = look(name, fleet.SHIP).findings[0]
    (one,) = look([*name, *says(fleet.SHIP, range(66, 80), "MOONLIGHT", "3FXY9")], fleet.SHIP).findings
    assert (one.key, one.evidence["codes"]) == (alone.key, ["name_changed", "callsign_changed"])
    late = says(fleet.SHIP, range(66, 80), "MOONLIGHT", "HSAB") + says(fleet.SHIP, range(80, 90), None, "3FXY9")
    assert [one.reason for one in look([*name, *late], fleet.SHIP).findings] == ["name_changed", "callsign_changed"]


def test_a_name_that_comes_back_leaves_the_call_sign_of_the_act() -> None:
    said = says(fleet.SHIP, range(20), "SEA STAR", "HSAB") + says(fleet.SHIP, range(20, 30), "MOONLIGHT", "3FXY9")
    said += says(fleet.SHIP, range(30, 40), "SEA STAR", "3FXY9")
    outcome = look(said, fleet.SHIP)
    standing = [one for one in outcome.findings if not one.excluded]
    assert [one.evidence["codes"] for one in standing] == [["callsign_changed"]]
    assert outcome.counts["excluded"] == {"identity_change": {"takes_turns": 1}}


def test_an_imo_number_that_moves_to_another_flag_is_told_with_both() -> None:
    said = says(fleet.SHIP, range(20), "A", imo=IMO) + says(ABROAD, range(30, 50), "B", imo=IMO)
    (one,) = look(said, fleet.SHIP, ABROAD).findings
    assert one.kind == "identity_change"
    assert one.mmsi == (fleet.SHIP, ABROAD)
    assert one.evidence["codes"] == ["mmsi_changed", "flag_changed"]
    assert (one.evidence["old_flag"], one.evidence["new_flag"], one.confidence) == ("TH", "US", "high")


def test_an_imo_number_of_two_at_once_is_a_duplicate() -> None:
    said = says(fleet.SHIP, range(0, 40, 2), "A", imo=IMO) + says(ABROAD, range(1, 40, 2), "B", imo=IMO)
    (one,) = look(said, fleet.SHIP, ABROAD).findings
    assert (one.kind, one.reason) == ("duplicate_identity", "imo_shared")
    assert one.mmsi == (ABROAD, fleet.SHIP)


def test_names_that_take_turns_and_beacons_are_excluded_and_counted() -> None:
    said = says(fleet.SHIP, range(10), "SEA STAR") + says(fleet.SHIP, range(10, 20), "MOONLIGHT")
    said += says(fleet.SHIP, range(20, 30), "SEA STAR")
    aton = 995_670_001
    said += says(aton, range(10), "BUOY ONE") + says(aton, range(10, 20), "FAIRWAY")
    outcome = look(said, fleet.SHIP, aton)
    assert outcome.counts["excluded"] == {"identity_change": {"takes_turns": 2, "not_a_vessel": 1}}
    assert outcome.counts["found"]["identity_change"] == 0


def test_a_number_never_heard_from_a_place_is_counted() -> None:
    said = says(fleet.SHIP, range(10), "SEA STAR") + says(fleet.SHIP, range(10, 20), "MOONLIGHT")
    outcome = look(said, fleet.OTHER)
    assert outcome.findings == []
    assert outcome.counts["not_assessable"] == {"identity_change": {"no_place": 1}}


def test_nothing_said_is_nothing_found() -> None:
    assert detect(fleet.table(positions(fleet.SHIP)), None, RULES, WORLD).findings == []
    assert look([], fleet.SHIP).findings == []


SAID = st.lists(
    st.tuples(
        st.sampled_from([fleet.SHIP, fleet.OTHER]),
        st.integers(0, 60).map(lambda turn: fleet.DAY + 360 * turn),
        st.sampled_from([None, "SEA STAR", "MOONLIGHT", "GULF PEARL"]),
        st.sampled_from([None, "HSAB", "3FXY9"]),
        st.sampled_from([None, IMO]),
    ),
    max_size=60,
)


def in_pieces(said: list[Said], marks: list[int], early_s: int) -> tuple[dict[str, Finding], ChainCarry]:
    """All rows up to each mark; statics may come `early_s` before their time."""
    rows, last = positions(fleet.SHIP, fleet.OTHER), dict[str, Finding]()
    held: SettleCarry | None = None
    carry: ChainCarry | None = None
    for before, mark in pairwise([0, *sorted(set(marks)), fleet.DAY + 90_000]):
        fixes, held = settle(fleet.table([row for row in rows if before <= row[1] < mark]), held, mark)
        given_before = before + early_s if before else 0
        piece = [one for one in said if given_before <= one[1] < mark + early_s]
        found, carry = advance(fixes, carry, mark, RULES, WORLD, statics(piece))
        last |= {one.key: one for one in found}
    assert carry is not None
    return last, carry


@settings(max_examples=60, deadline=None)
@given(SAID, st.lists(st.integers(fleet.DAY, fleet.DAY + 30_000), max_size=5), st.sampled_from([0, 500, 50_000]))
def test_pieces_say_what_the_whole_says(said: list[Said], marks: list[int], early_s: int) -> None:
    whole, whole_carry = in_pieces(sorted(said, key=repr), [], 0)
    pieces, carry = in_pieces(said, marks, early_s)
    assert pieces == whole
    assert carry.not_assessable() == whole_carry.not_assessable()


def test_two_hulls_on_one_number_are_no_change() -> None:
    rows = fleet.sail(fleet.SHIP, fleet.every(20, 0, 20), 8.0, 102.0)
    rows += fleet.sail(fleet.SHIP, fleet.every(33, 0, 20), -30.0, 20.0)
    said = says(fleet.SHIP, range(20), "SEA STAR") + says(fleet.SHIP, range(20, 40), "MOONLIGHT")
    outcome = detect(fleet.table(sorted(rows, key=lambda row: row[1])), statics(said), RULES, WORLD)
    assert outcome.counts["excluded"] == {"identity_change": {"duplicate_identity": 1}}
