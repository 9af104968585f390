"""The live relay of one node: what came is told by the accord, late, on record, and to nobody who may not know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from node.node_kit import Hands, Kit, Partner, uuid_of
from prasan.formats.ais_batch import Options
from prasan.formats.ais_detect import Decoder
from prasan.formats.nmea_encode import encode_positions
from prasan.node.keeping.founding import found
from prasan.node.lines.relay_doors import RelayGuard, relay_servers
from prasan.node.lines.relaying import Relays, Subscriber, without_stations
from prasan.node.partners.partnering import suspend
from prasan.node.people import add_user, create_token
from prasan.node.record import verify
from prasan.node.settings import RelaySetting, Settings, SourceSetting
from prasan.picture.position import POSITIONS, STATICS, UNITS_PER_DEGREE


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as positions; places in degrees. Each names a receiver, which nobody is told."""
    empty = {field.name: None for field in POSITIONS} | {"time_source": 0, "flags": 0, "station": "our hill"}
    units = [{**row, **{name: round(row[name] * UNITS_PER_DEGREE) for name in ("lat", "lon")}} for row in rows]
    return pa.Table.from_pylist([empty | row for row in units], schema=POSITIONS)


RELAY = {"area": [97, 1, 105, 14], "classes": ["A"], "delay_s": 60}


@pytest.fixture
def kit(tmp_path: Path, quick: None) -> Iterator[Kit]:
    hands = Hands()
    sources = [SourceSetting("coast", "live"), SourceSetting("bought", "live", onward=False)]
    identity = f"identity--{uuid_of('th-mc')}"
    found(tmp_path / "home", Settings("th-mc", identity, "TH", own_vessels=[567000009], source=sources), hands.clock)
    made = Kit(tmp_path / "home", hands)
    yield made
    made.close()


@pytest.fixture
def us(tmp_path: Path, kit: Kit) -> Iterator[Partner]:
    made = Partner("us-mo", tmp_path)
    kit.agree(made, relay=RELAY)
    yield made
    made.close()


def come(kit: Kit, *mmsis: int, source: str = "coast", lat: float = 9.5, ais_class: int = 0, ago_s: int = 0) -> None:
    """A live batch of one position each."""
    t = kit.hands.now_us // 10**6 - ago_s
    rows = [{"t": t, "mmsi": m, "lat": lat, "lon": 100.5, "ais_class": ais_class, "source": source} for m in mmsis]
    kit.node.archive.append(f"{source}{t}{mmsis}{lat}{ais_class}", source, table(rows), STATICS.empty_table(), hot=True)


def told(reader: Subscriber) -> list[Any]:
    """The MMSIs of the sentences that wait."""
    decoder = Decoder(Options(), None)
    batches = [*decoder.feed(b"".join(reader.take())), *decoder.finish()]
    return [mmsi for batch in batches for mmsi in batch.positions["mmsi"].to_pylist()]


def start(kit: Kit, us: Partner) -> tuple[Relays, Subscriber]:
    relays = Relays(kit.node)
    reader = relays.subscribe(us.id)
    assert reader is not None
    relays.look()
    return relays, reader


def test_what_came_is_told_after_the_delay_and_only_what_may_be(kit: Kit, us: Partner) -> None:
    come(kit, 1, source="coast")
    relays, reader = start(kit, us)
    come(kit, 567000001, 567000009)
    come(kit, 567000002, lat=20.0)
    come(kit, 567000003, ais_class=1)
    come(kit, 567000004, source="bought")
    relays.look()
    assert told(reader) == [], "it is younger than a minute"
    kit.hands.now_us += 60_000_000
    relays.look()
    assert told(reader) == [567000001]
    assert relays.left_out()[us.id] == {"own_vessel": 1, "area": 1, "class": 1}
    come(kit, 567000005, ago_s=120)
    relays.look()
    assert told(reader) == [567000005], "what came late is old enough at once"


def test_no_sentence_says_who_heard_it(kit: Kit, us: Partner) -> None:
    relays, reader = start(kit, us)
    come(kit, 567000001, ago_s=100)
    relays.look()
    (line,) = reader.take()
    t = kit.hands.now_us // 10**6 - 100
    row = {"t": t, "mmsi": 567000001, "lat": 9.5, "lon": 100.5, "ais_class": 0, "source": "x"}
    assert [line] == encode_positions(without_stations(table([row])))
    assert b"s:" not in line


def test_suspension_and_the_end_of_an_accord_end_it_at_once(kit: Kit, us: Partner) -> None:
    relays, reader = start(kit, us)
    come(kit, 567000001)
    relays.look()
    suspend(kit.node, "us-mo", True)
    kit.hands.now_us += 60_000_000
    relays.look()
    assert (reader.ended, told(reader)) == ("not_permitted", []), "what waited is not told either"
    assert relays.subscribe(us.id) is None
    suspend(kit.node, "us-mo", False)
    again = relays.subscribe(us.id)
    assert again is not None
    kit.hands.now_us = 1_800_000_000_000_000
    relays.look()
    assert again.ended == "not_permitted"


def test_a_clock_behind_its_own_ledger_stops_it(kit: Kit, us: Partner) -> None:
    relays, reader = start(kit, us)
    kit.hands.now_us -= 3_600_000_000
    relays.look()
    assert reader.ended == "not_permitted"


def test_an_accord_without_a_relay_tells_nothing(kit: Kit, tmp_path: Path) -> None:
    jp = Partner("jp-cg", tmp_path)
    kit.agree(jp)
    assert Relays(kit.node).subscribe(jp.id) is None
    assert Relays(kit.node).subscribe("identity--nobody") is None
    jp.close()


def test_ranges_are_on_record_and_the_log_verifies(kit: Kit, us: Partner) -> None:
    relays, reader = start(kit, us)
    for number in range(5):
        come(kit, 567000010 + number, ago_s=100 + number)
        relays.look()
        kit.hands.now_us += 1_000_000
    reader.close()
    relays.look()
    entries = [e for e in kit.node.store.leaf_rows(us.id) if e.entry and b'"relayed"' in e.entry]
    assert 1 <= len(entries) <= 2, "a range, not a row"
    assert sum(int(e.entry.split(b'"rows":')[1].split(b"}")[0].split(b",")[0]) for e in entries if e.entry) == 5
    assert all(one.report.ok for one in verify(kit.node))


def test_a_reader_that_is_too_slow_is_let_go() -> None:
    reader = Subscriber("us")
    reader.put([b"x"] * 20_001)
    assert (reader.ended, reader.take()) == ("slow", [])


def test_only_a_token_of_the_partner_opens_a_port(kit: Kit, us: Partner) -> None:
    add_user(kit.node, "reader", "partner", "a long password for a test", "us-mo")
    add_user(kit.node, "ann", "analyst", "a long password for a test")
    guard = RelayGuard(kit.node, Relays(kit.node), us.id)
    token = create_token(kit.node, "reader")
    assert guard.open(token) is not None
    assert guard.open(create_token(kit.node, "ann")) is None
    assert guard.open("") is None
    with kit.node.store.write() as tx:
        tx._do("DELETE FROM tokens")
    assert not guard.holds(token)


def test_a_relay_for_nobody_is_named(kit: Kit) -> None:
    kit.node.settings.relay.append(RelaySetting("xx", 1))
    with pytest.raises(Exception, match="names 'xx', which is no partner"):
        relay_servers(kit.node, Relays(kit.node))
