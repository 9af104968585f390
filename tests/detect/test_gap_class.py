"""Dark only where others were heard: each innocent silence stays something else, and a switched-off ship is found."""

from collections.abc import Sequence

import fleet
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from prasan.detect.rules import PRASAN, apply_settings, preset
from prasan.detect.run import detect
from prasan.picture.areas import areas
from prasan.picture.finding import Finding
from prasan.picture.shore import shore
from prasan.picture.world import Land
from prasan.words.catalogue import say

RULES = apply_settings(preset(PRASAN), ["gap.feed_share=0"])
LAT, LON = 8.0, 101.0


def lane(first: float, last: float, count: int = 24, south: float = -1.5, north: float = 1.5) -> list[fleet.Row]:
    """Ships that go to and fro past the place, spread over it, each heard every two minutes."""
    rows: list[fleet.Row] = []
    for n in range(count):
        for hour in fleet.every(2, first + n / 100, last):
            share = (hour * 10 / 60 / (north - south) + n / count) % 2.0
            lat = LAT + south + (north - south) * (share if share < 1 else 2 - share)
            rows.append((fleet.OTHER + n, at(hour), lat, LON + 0.25 * (n % 5 - 2) / 2))
    return rows


def at(hour: float) -> int:
    return fleet.DAY + int(hour * 3600) + 7


def ship(hours: Sequence[float], course: float = 0.0, kn: float = 8.0, mmsi: int = fleet.SHIP) -> list[fleet.Row]:
    """A ship that is at the place at hour 20, on a course in degrees."""
    north, east = np.cos(np.radians(course)), np.sin(np.radians(course)) / np.cos(np.radians(LAT))
    return [(mmsi, at(h), LAT + (h - 20) * kn / 60 * north, LON + (h - 20) * kn / 60 * east) for h in hours]


def gap(*tables: pa.Table, upto: float | None = None, mmsi: int = fleet.SHIP, ports: bool = False) -> Finding:
    end = None if upto is None else at(upto)
    world = fleet.world([(LAT, LON)] if ports else ())
    outcome = detect(pa.concat_tables(tables).unify_dictionaries(), None, RULES, world, end, kinds=["gap"])
    (found,) = [one for one in outcome.findings if one.mmsi == (mmsi,)]
    return found


BEFORE = fleet.every(2, 19, 20)


def test_a_ship_that_falls_silent_among_others_is_dark_open_and_closed() -> None:
    open_ = gap(fleet.table(lane(0, 30) + ship(BEFORE)))
    assert (open_.gap_class, open_.confidence, open_.reason) == ("dark", "high", "reception_dark")
    closed = gap(fleet.table(lane(0, 34) + ship([*BEFORE, *fleet.every(2, 29, 30)], kn=1.0)))
    assert (closed.gap_class, closed.end is None) == ("dark", False)
    assert closed.key == open_.key or closed.start == open_.start


def test_reports_that_come_more_and_more_seldom_are_the_edge_of_reception() -> None:
    thinning = [*fleet.every(2, 19, 19.7), 19.8, 19.9, 20.0]
    assert gap(fleet.table(lane(0, 30) + ship(BEFORE))).gap_class == "dark"
    found = gap(fleet.table(lane(0, 30) + ship(thinning)))
    assert found.gap_class != "dark"
    assert found.evidence["last_interval_s"] > 1.5 * found.evidence["usual_interval_s"]


THINNING = [*fleet.every(2, 19, 19.7), 19.85, 20.0]


@pytest.mark.parametrize(("minutes", "gap_class"), [(1, "dark"), (15, "unknown")])
def test_what_comes_back_at_once_was_switched_on(minutes: float, gap_class: str) -> None:
    """It faded out; eight hours later it is heard again in the middle of the lane, at once or bit by bit."""
    back = fleet.every(minutes, 28, 29)
    found = gap(fleet.table(lane(0, 34) + ship([*THINNING, *back], kn=0.9)))
    assert (found.end is None, found.gap_class) == (False, gap_class)
    if gap_class == "dark":
        assert found.evidence["judged_at"] == "end"


def test_a_long_silence_among_others_is_judged_by_its_way() -> None:
    found = gap(fleet.table(lane(0, 44) + ship([*THINNING, *fleet.every(15, 36, 40)], kn=2.0)))
    assert (found.gap_class, found.evidence["judged_at"]) == ("dark", "way")


def test_a_way_that_takes_little_of_the_time_tells_nothing() -> None:
    """It comes back six kilometres from where it faded out: it was elsewhere, or lay somewhere."""
    near = [(fleet.SHIP, at(hour), LAT + 0.05 + (hour - 36) / 60, LON) for hour in fleet.every(15, 36, 40)]
    found = gap(fleet.table(lane(0, 44) + ship(THINNING) + near))
    assert (found.gap_class, found.evidence["way_share"]) == ("unknown", 1.0)


def test_close_to_the_shore_it_may_lie_in_port() -> None:
    """The coast is 6 km east of the place; a ship that comes back 100 km away has not been in port."""
    coast = msgspec.structs.replace(
        fleet.world(), land=Land(areas([]), shore([LAT - 1], [LON + 0.054], [LAT + 1], [LON + 0.054]))
    )

    def judged(rows: list[fleet.Row]) -> Finding:
        outcome = detect(fleet.table(rows), None, RULES, coast, None, kinds=["gap"])
        (found,) = [one for one in outcome.findings if one.mmsi == (fleet.SHIP,)]
        return found

    assert (judged(lane(0, 30) + ship(BEFORE)).reason, judged(lane(0, 30) + ship(BEFORE)).gap_class) == (
        "perhaps_in_port",
        "unknown",
    )
    assert judged(lane(0, 34) + ship([*BEFORE, *fleet.every(2, 29, 30)], kn=1.0)).gap_class == "dark"


def test_neighbours_that_come_by_later_count_too() -> None:
    """Four ships are heard in the first six hours, eight more from the ninth on."""
    late = [row for row in lane(0, 40, count=12) if row[0] >= fleet.OTHER + 4 and row[1] > at(29)]
    table = fleet.table(lane(0, 40, count=4) + late + ship(BEFORE))
    assert gap(table, upto=31.5).evidence["neighbours"] <= 4
    assert gap(table, upto=33).evidence["neighbours"] > 4


@pytest.mark.parametrize(("author", "gap_class"), [("gfw", "dark"), ("skylight", "unknown")])
def test_a_rule_with_one_fix_before_cannot_tell_how_it_fell_silent(author: str, gap_class: str) -> None:
    rules = apply_settings(preset(author), ["gap.feed_share=0"])
    outcome = detect(fleet.table(lane(0, 34) + ship(BEFORE)), None, rules, fleet.world(), None, kinds=["gap"])
    (found,) = [one for one in outcome.findings if one.mmsi == (fleet.SHIP,)]
    assert found.gap_class == gap_class
    assert (found.evidence["usual_interval_s"] is None) == (author == "skylight")


def test_it_is_over_once_it_shows_how_the_vessel_came_back() -> None:
    rows = lane(0, 34) + ship([*BEFORE, *fleet.every(2, 29, 30)], kn=1.0)
    early = [row for row in rows if row[1] < at(29) + 400]
    assert gap(fleet.table(early), upto=29 + 400 / 3600).end is None
    assert gap(fleet.table(rows)).end == at(29)


def test_the_numbers_behind_it_are_said() -> None:
    found = gap(fleet.table(lane(0, 30) + ship(BEFORE)))
    evidence = found.evidence
    assert evidence["heard"] <= evidence["expected"] <= 24
    assert evidence["neighbours"] >= 5
    assert evidence["k_silent"] == 0
    assert evidence["upper_95"] == pytest.approx(1 - 0.05 ** (1 / evidence["n_periods"]), abs=1e-4)
    text = say(f"finding.{found.reason}", evidence)
    assert f"Of {evidence['n_periods']} comparable vessel-hours here" in text
    assert f"{evidence['heard']} of {evidence['expected']} neighbours were heard" in text
    assert "–" not in text


def test_alone_at_sea_the_cause_stays_unknown() -> None:
    assert gap(fleet.table(ship(BEFORE)), upto=30).gap_class == "unknown"


def test_four_neighbours_are_not_enough() -> None:
    found = gap(fleet.table(lane(0, 30, count=4) + ship(BEFORE)))
    assert found.evidence["neighbours"] <= 4
    assert found.gap_class != "dark"


def test_sailing_out_of_coverage_is_not_dark() -> None:
    """Nobody is ever heard north of the place, and the ship goes north."""
    rows = lane(0, 34, north=0.05) + ship(BEFORE, kn=14.0)
    assert gap(fleet.table(rows)).gap_class in {"unknown", "normal"}
    back = [(fleet.SHIP, t, LAT + 0.05 - (t - at(31)) / 3600 * 14 / 60, LON) for t in range(at(31), at(32), 120)]
    assert gap(fleet.table(rows + back)).gap_class in {"unknown", "normal"}


def test_a_shadowed_valley_is_not_dark() -> None:
    """All ships fall silent for hours around the place; they are heard to the south and to the north of it."""
    heard = [row for row in lane(0, 34, count=40) if abs(row[2] - (LAT + 0.5)) > 0.45]
    found = gap(fleet.table(heard + ship([*BEFORE, *fleet.every(2, 28, 29)], kn=8.0)))
    assert found.gap_class in {"unknown", "normal"}


def test_an_outage_of_one_station_is_not_dark() -> None:
    """The station that hears this water is out for three hours; others far away keep the feed alive."""
    near = [row for row in lane(0, 34) if not at(20) < row[1] < at(23.5)]
    far = [(mmsi + 100, t, lat + 20, lon) for mmsi, t, lat, lon in lane(0, 34)]
    out = gap(fleet.table(near + far + ship(BEFORE, kn=14.0)))
    assert out.gap_class in {"unknown", "normal"}


@pytest.mark.parametrize("ports", [False, True])
def test_a_moored_ship_is_not_dark(ports: bool) -> None:
    found = gap(fleet.table(lane(0, 30) + ship(BEFORE, kn=0.0)), ports=ports)
    assert (found.gap_class, found.reason) == ("normal", "lay_still")


def test_a_ship_that_arrives_in_port_is_not_dark_but_one_that_passes_is() -> None:
    arrives = gap(fleet.table(lane(0, 30) + ship(BEFORE, kn=4.0)), ports=True)
    assert (arrives.gap_class, arrives.reason) == ("normal", "lay_still")
    passes = gap(fleet.table(lane(0, 30) + ship(BEFORE)), ports=True)
    assert passes.gap_class == "dark"


def test_where_others_lie_still_is_a_berth_too() -> None:
    moored = [(fleet.OTHER + 90, at(hour), LAT, LON + 0.005) for hour in fleet.every(3, 0, 12)]
    found = gap(fleet.table(lane(0, 30) + moored + ship(BEFORE, kn=4.0)))
    assert found.reason == "lay_still"


def test_an_hourly_feed_is_never_dark() -> None:
    rows = [row for row in lane(0, 40) if (row[1] - at(0)) % 3600 < 120]
    hourly = fleet.table(rows + ship(fleet.every(60, 5, 20)))
    outcome = detect(hourly, None, RULES, fleet.world(), None, kinds=["gap"])
    assert outcome.counts["class"] == {}  # too few positions before: not assessable
    loose = apply_settings(RULES, ["gap.before_count=5"])
    outcome = detect(hourly, None, loose, fleet.world(), None, kinds=["gap"])
    assert outcome.counts["class"].keys() <= {"unknown", "normal"}
    assert outcome.counts["class"]


def test_a_second_source_that_heard_the_vessel_leaves_no_gap() -> None:
    first = fleet.table(lane(0, 30) + ship(BEFORE), "a")
    assert gap(first).gap_class == "dark"
    second = fleet.table(ship(fleet.every(30, 20, 30)), "b")
    outcome = detect(pa.concat_tables([first, second]).unify_dictionaries(), None, RULES, fleet.world(), None, ["gap"])
    assert [one for one in outcome.findings if one.mmsi == (fleet.SHIP,)] == []


def test_only_the_vessels_own_feed_vouches() -> None:
    """Another source hears everybody; the one that heard the ship hears nobody else."""
    found = gap(fleet.table(lane(0, 30), "a"), fleet.table(ship(BEFORE), "b"))
    assert (found.gap_class, found.evidence["neighbours"]) == ("unknown", 0)
    assert found.sources == ("b",)


def test_the_neighbours_sources_are_named() -> None:
    rows = lane(0, 30)
    found = gap(fleet.table(rows[::2], "a"), fleet.table(rows[1::2], "b"), fleet.table(ship(BEFORE), "a"))
    assert "a" in found.sources


def test_another_emitter_with_the_same_number_says_why() -> None:
    twin = [(fleet.SHIP, t, lat + 30, lon) for _, t, lat, lon in ship(fleet.every(10, 18, 30), kn=5.0)]
    rows = lane(0, 30) + ship(BEFORE) + twin
    table = fleet.table(sorted(rows, key=lambda row: row[1]))
    outcome = detect(table, None, RULES, fleet.world(), None, kinds=["gap"])
    assert {one.reason for one in outcome.findings if one.mmsi == (fleet.SHIP,)} == {"other_emitter"}


def test_a_new_number_at_the_place_says_why() -> None:
    after = ship(fleet.every(2, 20.1, 30), mmsi=fleet.SHIP + 1, kn=8.0)
    found = gap(fleet.table(lane(0, 30) + ship(BEFORE) + after))
    assert (found.gap_class, found.reason) == ("unknown", "new_number")


def test_class_b_neighbours_vouch_for_class_a_and_not_the_other_way() -> None:
    def classed(rows: list[fleet.Row], number: int) -> pa.Table:
        table = fleet.table(rows)
        at_ = table.schema.get_field_index("ais_class")
        return table.set_column(at_, table.schema.field(at_), pa.array([number] * len(rows), pa.uint8()))

    others, own = lane(0, 30), ship(BEFORE)
    assert gap(classed(others, 1), classed(own, 0)).gap_class == "dark"
    assert gap(classed(others, 0), classed(own, 1)).gap_class == "unknown"


def test_silences_that_are_usual_here_are_normal() -> None:
    """Ships cross in turn, and most of them are not heard for seven hours after they pass the place."""
    rows: list[fleet.Row] = []
    for n in range(40):
        start = n * 0.5
        hours = [*fleet.every(3, start, start + 1), *fleet.every(3, start + 8, start + 9)]
        rows += [(fleet.OTHER + n, at(h), LAT + (h - start) * 0.02, LON) for h in hours]
    own = [(fleet.SHIP, at(h), LAT + (h - 29) * 0.02, LON) for h in fleet.every(3, 29, 30)]
    found = gap(fleet.table(rows + own), upto=37)
    assert found.gap_class == "normal"
    assert found.evidence["k_silent"] >= 0.1 * found.evidence["n_periods"]


def test_the_evidence_of_one_place_survives_translation_and_the_date_line() -> None:
    rows = lane(0, 30) + ship(BEFORE)
    moved = [(mmsi, t, lat, (lon - LON + 360 - 180.0 + 180) % 360 - 180) for mmsi, t, lat, lon in rows]
    here, there = gap(fleet.table(rows)), gap(fleet.table(moved))
    assert there.gap_class == here.gap_class == "dark"
    keys = set(here.evidence) - {"codes"}
    assert {k: here.evidence[k] for k in keys} == {k: there.evidence[k] for k in keys}
