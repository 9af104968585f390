"""The live relay between two real nodes: what goes in at a receiver of one comes out, by the accord, at the other."""

import contextlib
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from pair_kit import READER, SENDER, Process, Stage

from accord_text import Side, accord_text
from loopback import HOST, free_ports
from prasan.cli.demo.cast import TH, US
from prasan.cli.demo.processes import client
from prasan.cli.demo.stage import set_up
from prasan.exchange.jws import thumbprint
from prasan.formats.nmea_encode import encode_positions
from prasan.node.node import Node
from prasan.node.partners.partnering import accept_accord, propose_accord, suspend
from prasan.node.people import create_token
from prasan.node.settings import FILE, FeedSetting, Listen, RelaySetting, SourceSetting, dump, load
from prasan.picture.position import AIS_CLASSES, POSITIONS, UNITS_PER_DEGREE

pytestmark = pytest.mark.process

OWN = 567000009
AREA = (97.0, 1.0, 105.0, 14.0)
RELAY = {"area": [97, 1, 105, 14], "classes": ["A"], "delay_s": 0}
Row = tuple[int, int, int]


class Two:
    """Two homes: the first relays what its receiver hears, the second has that as a feed."""

    def __init__(self, root: Path) -> None:
        free = free_ports(6)
        self.heard, self.relay = free[4], free[5]
        pairs = [(TH, Listen(HOST, free[0], free[1])), (US, Listen(HOST, free[2], free[3]))]
        set_up(root, [(msgspec.structs.replace(office, feeds=()), listen) for office, listen in pairs])
        self.stage = Stage(root, {office.name: listen.port for office, listen in pairs})
        self.token = self.agree()
        coast = [SourceSetting("coast", "live", exercise=True)]
        self.set(SENDER, source=coast, feed=[FeedSetting(f"tcp-listen://{HOST}:{self.heard}", "coast")],
                 relay=[RelaySetting(READER, self.relay)], own_vessels=[OWN])  # fmt: skip
        theirs = [SourceSetting("from-th", "live", exercise=True)]
        feed = FeedSetting(f"tcp://{HOST}:{self.relay}", "from-th", hello=f"{self.token}\n")
        self.set(READER, source=theirs, feed=[feed])

    def set(self, name: str, **changed: object) -> None:
        home = self.stage.home(name)
        (home / FILE).write_text(dump(msgspec.structs.replace(load(home), sync_every_s=0, **changed)))

    def agree(self) -> str:
        """One accord alone, with a relay; the token of the reader's user at the sender."""
        th, us = Node(self.stage.home(SENDER)), Node(self.stage.home(READER))
        for node in (th, us):
            with node.store.write() as tx:
                tx._do("DELETE FROM accords")
        sides = (Side(node.settings.name, node.id, thumbprint(node.key.public_key())) for node in (th, us))
        text = accord_text(*sides, valid_until=datetime(2036, 1, 1, tzinfo=UTC), relay=RELAY)
        signed, _ = accept_accord(us, propose_accord(th, text))
        accept_accord(th, signed)
        token = create_token(th, TH.partner_user)
        th.close()
        us.close()
        return token

    def rows(self, name: str) -> Counter[Row]:
        """What a node has stored."""
        node = Node(self.stage.home(name))
        found = node.archive.read(columns=["mmsi", "lat", "lon"])
        node.close()
        return Counter(zip(*(found[column].to_pylist() for column in ("mmsi", "lat", "lon")), strict=True))

    @contextlib.contextmanager
    def served(self) -> Iterator[list[Process]]:
        with contextlib.ExitStack() as stack:
            processes = []
            for name in (SENDER, READER):
                processes.append(self.stage.start("serve", "--home", str(self.stage.home(name))))
                stack.callback(processes[-1].stop)
                until(partial(up, self.stage, name))
            yield processes


def up(stage: Stage, name: str) -> bool:
    with contextlib.suppress(Exception), client(stage.home(name)) as http:
        return http.get(f"https://{HOST}:{stage.ports[name]}/healthz").status_code == 200
    return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not happen in 60 s"
        time.sleep(0.2)


def traffic(count: int, seed: int) -> tuple[list[bytes], Counter[Row]]:
    """Sentences of many ships, and what of them the accord lets out, row by row."""
    draw, rows, out = random.Random(seed), list[dict[str, object]](), Counter[Row]()
    for number in range(count):
        lat, lon = (
            draw.randrange(-3 * UNITS_PER_DEGREE, 18 * UNITS_PER_DEGREE),
            draw.randrange(95 * UNITS_PER_DEGREE, 107 * UNITS_PER_DEGREE),
        )
        mmsi, ais_class = draw.choice([OWN, 567100000 + 1000 * seed + number]), draw.choice([0, 0, 1])
        empty = {field.name: None for field in POSITIONS} | {"time_source": 0, "flags": 0, "source": "x"}
        rows.append(empty | {"t": int(time.time()), "mmsi": mmsi, "lat": lat, "lon": lon, "ais_class": ais_class})
        west, south, east, north = (edge * UNITS_PER_DEGREE for edge in AREA)
        if mmsi != OWN and AIS_CLASSES[ais_class] == "A" and south <= lat <= north and west <= lon <= east:
            out[mmsi, lat, lon] += 1
    return encode_positions(pa.Table.from_pylist(rows, schema=POSITIONS)), out


def hear(two: Two, lines: list[bytes]) -> None:
    with socket.create_connection((HOST, two.heard)) as receiver:
        receiver.sendall(b"".join(lines))


def test_rows_in_are_rows_out_until_the_partner_is_suspended(tmp_path: Path) -> None:
    two = Two(tmp_path / "run")
    lines, expected = traffic(400, 1)
    assert 50 < sum(expected.values()) < 250
    with two.served(), socket.create_connection((HOST, two.relay)) as mine, client(two.stage.home(SENDER)) as http:
        mine.settimeout(60)
        mine.sendall(f"{two.token}\n".encode())
        url = f"https://{HOST}:{two.stage.ports[SENDER]}/api/v1/relay"
        assert http.get(url, headers={"authorization": "Bearer wrong"}).status_code == 401
        with http.stream("GET", url, headers={"authorization": f"Bearer {two.token}"}) as stream:
            assert stream.status_code == 200
            time.sleep(1.5)  # the reader's own feed connects
            hear(two, lines)
            until(lambda: two.rows(READER) == expected)
            events = stream.iter_lines()
            assert [next(events) for _ in range(4)][2:] == ["event: nmea", f"data: {read(mine, 1)[0]}"]
        node = Node(two.stage.home(SENDER))
        suspend(node, READER, True)
        node.close()
        more, _ = traffic(50, 2)
        rest = b"".join(iter(lambda: mine.recv(65_536), b""))  # the end comes by itself
        hear(two, more)
        until(lambda: sum(two.rows(SENDER).values()) == 450)
        assert rest.count(b"!AIVDM") <= sum(expected.values())
    assert two.rows(READER) == expected, "nothing of what came later"


def read(connection: socket.socket, count: int) -> list[str]:
    """The first sentences of a connection."""
    data = b""
    while data.count(b"\r\n") < count:
        data += connection.recv(4096)
    return [line.decode() for line in data.split(b"\r\n")[:count]]
