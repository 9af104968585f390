"""Live feeds into a node: the same rows and events as from a file, nothing lost while a disk refuses, commands."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from node.node_kit import Hands, Kit, new_home
from prasan.cli import main
from prasan.errors import PrasanError, UsageError
from prasan.exercise.player import play
from prasan.exercise.sentences import to_nmea
from prasan.feeds.live_feed import Tuning
from prasan.feeds.reference import load_scenario
from prasan.formats.ais_batch import Batch, Counts, Options
from prasan.formats.ais_detect import Decoder
from prasan.ledger.entry import decode
from prasan.node.node import Node
from prasan.node.record import NODE_LOG
from prasan.node.seeing import live_storing
from prasan.node.seeing.ingest import ingest
from prasan.node.seeing.live import Live, options_of, summarise
from prasan.node.settings import FeedSetting, Settings, SourceSetting, dump, load
from prasan.picture.event import Event
from prasan.picture.finding import Finding

EVENT = msgspec.json.Decoder(Event)
SOURCE = "exercise-gulf"
QUICK = Tuning(gather_s=0.01, first_s=0.02, most_s=0.05)
PATIENCE_S = 90
SENTENCE = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F\r\n"


def until(holds: Callable[[], Any]) -> None:
    """Wait until it holds; give up only when it surely never will."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Talker:
    """A TCP server that says one thing to all who come, and then keeps quiet."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        try:
            while True:
                line, _ = self._listener.accept()
                self._lines.append(line)
                line.sendall(self._says)
        except OSError:
            return

    def say(self, more: bytes) -> None:
        for line in self._lines:
            line.sendall(more)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self._lines):
            one.close()


@pytest.fixture(scope="module")
def sentences() -> bytes:
    return to_nmea(play(load_scenario("gulf-andaman"), "exercise gulf-andaman"))


@pytest.fixture
def talker(sentences: bytes) -> Iterator[Talker]:
    made = Talker(sentences)
    yield made
    made.close()


@pytest.fixture
def quick_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_storing, "FLUSH_S", 0.05)
    monkeypatch.setattr(live_storing, "RETRY_S", 0.05)


def standing(node: Node) -> dict[str, Finding]:
    events = [EVENT.decode(row.body) for row in node.store.events()]
    return {event.id: event.finding for event in events if event.state != "withdrawn"}


def home_with(folder: Path, **values: Any) -> Path:
    home = new_home(folder)
    (home / "prasan.toml").write_text(dump(msgspec.structs.replace(load(home), **values)))
    return home


def test_a_feed_shows_what_the_file_shows(
    tmp_path: Path, quick: None, quick_flush: None, sentences: bytes, talker: Talker
) -> None:
    path = tmp_path / "whole.nmea"
    path.write_bytes(sentences)
    of_file, of_feed = Kit(new_home(tmp_path / "a")), Kit(home_with(tmp_path / "b", look_every_s=0.01))
    ingest(of_file.node, [str(path)], name=SOURCE)
    after: list[int] = []
    live = Live(of_feed.node, [FeedSetting(talker.url, SOURCE)], lambda _, looked: after.append(looked.objects), QUICK)
    live.start()
    until(lambda: live.health()[0].bytes == len(sentences))
    looks = live.stop()
    health = live.health()[0]
    columns = ["t", "mmsi", "lat", "lon", "sog", "cog", "source"]

    def rows(kit: Kit) -> pa.Table:
        return kit.node.archive.read([SOURCE], columns=columns)

    assert rows(of_feed).to_pylist() == rows(of_file).to_pylist()
    assert standing(of_feed.node) == standing(of_file.node)
    assert {one.kind for one in standing(of_feed.node).values()} >= {"gap", "encounter"}
    assert sum(after) == sum(looked.objects for looked in looks) > 0
    assert (health.state, health.unstored, health.counts.adds_up) == ("stopped", 0, True)
    said = summarise(live, looks)
    assert said["rows"] == health.stored == len(rows(of_feed))
    assert [entry.subject for entry in _acts(of_feed, "ingest")] == [SOURCE]
    of_file.close()
    of_feed.close()


def _acts(kit: Kit, kind: str) -> list[Any]:
    entries = (decode(row.entry) for row in kit.node.store.leaf_rows(NODE_LOG) if row.entry is not None)
    return [entry for entry in entries if entry.kind == kind]


def test_while_the_archive_refuses_rows_wait(
    tmp_path: Path, quick: None, quick_flush: None, sentences: bytes, talker: Talker
) -> None:
    refusing = threading.Event()
    refusing.set()

    def at(_: str) -> None:
        if refusing.is_set():
            raise PrasanError("The disk is full.", "Make room.")

    node = Node(new_home(tmp_path), Hands().clock, at)
    live = Live(node, [FeedSetting(talker.url, SOURCE)], tuning=QUICK)
    live.start()
    until(lambda: live.health()[0].problem == "not_stored")
    assert live.health()[0].detail == "The disk is full."
    assert node.archive.sources() == {}
    refusing.clear()
    until(lambda: live.health()[0].bytes == len(sentences))
    live.stop()
    health = live.health()[0]
    assert (health.problem, health.unstored) == ("", 0)
    assert node.archive.stats().positions == health.stored > 0
    assert (health.quarantined, health.counts.kept) == (0, sentences.count(b"\n"))
    node.close()


def test_what_the_archive_never_takes_is_counted(tmp_path: Path, quick: None, quick_flush: None) -> None:
    def at(_: str) -> None:
        raise PrasanError("The disk is full.", "Make room.")

    node = Node(new_home(tmp_path), Hands().clock, at)
    talker = Talker(SENTENCE)
    live = Live(node, [FeedSetting(talker.url)], tuning=QUICK)
    live.start()
    until(lambda: live.health()[0].problem == "not_stored")
    live.stop()
    assert (live.health()[0].stored, live.health()[0].unstored) == (0, 1)
    talker.close()
    node.close()


def test_a_defect_of_ours_costs_one_piece_and_not_the_feed(
    tmp_path: Path, quick: None, quick_flush: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Decoder):
        def feed(self, data: bytes, options: Options | None = None) -> list[Batch]:
            if b"BOOM" in data:
                raise ZeroDivisionError
            return super().feed(data, options)

    monkeypatch.setattr("prasan.feeds.live_decode.Decoder", Failing)
    kit, talker = Kit(new_home(tmp_path)), Talker(SENTENCE)
    live = Live(kit.node, [FeedSetting(talker.url)], tuning=QUICK)
    live.start()
    until(lambda: live.health()[0].stored == 1)
    talker.say(b"BOOM\n")
    until(lambda: "defect" in live.health()[0].counts.dropped)
    talker.say(SENTENCE)
    until(lambda: live.health()[0].stored == 2)
    live.stop()
    assert live.health()[0].counts == Counts(3, 2, {"defect": 1})
    assert "something was passed over" in caplog.text
    talker.close()
    kit.close()


def test_a_silent_feed_is_an_ill_of_the_node(tmp_path: Path, quick: None) -> None:
    kit, talker = Kit(new_home(tmp_path)), Talker(b"")
    live = Live(kit.node, [FeedSetting(talker.url, "quiet", silent_s=60)], tuning=QUICK)
    live.start()
    until(lambda: live.health()[0].state == "connected")
    assert live.ills() == []
    kit.wait(1)
    (ill,) = live.ills()
    assert (ill.kind, ill.source, dict(ill.evidence)) == ("feed_silent", "quiet", {"silent_s": 3600.0, "limit_s": 60})
    live.stop()
    talker.close()
    kit.close()


def test_an_undeclared_feed_has_the_live_clock() -> None:
    settings = Settings("n", "id", "TH", source=[SourceSetting("b", "own")], feed=[FeedSetting("udp://h:1", "a")])
    assert [settings.source_for(name).clock for name in ("a", "udp://h:1", "b", "x.nmea")] == [
        "live", "live", "own", "file",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "says"),
    [(FeedSetting("ftp://x"), "is not a live feed"), (FeedSetting("udp://x:1", format="morse"), "not an AIS dialect")],
)
def test_a_feed_that_cannot_be_is_refused_before_it_starts(setting: FeedSetting, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        options_of(setting)


def test_the_feeds_of_the_how_to_are_ones_that_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "connect-your-receiver.md").read_text()
    text = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    settings = msgspec.convert({"name": "n", "id": "i", "country": "TH", **tomllib.loads(text)}, Settings)
    options = [options_of(feed) for feed in settings.feed]
    assert {one.address.scheme for one in options} == {"udp", "tcp", "serial"}
    assert {settings.source_for(one.source).clock for one in options} == {"live"}
    assert b'?WATCH={"enable":true,"json":true,"scaled":true};\n' in {one.hello for one in options}
    assert f"{live_storing.FLUSH_ROWS:,} rows" in page


def test_files_and_feeds_are_not_mixed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "x.nmea", "udp://127.0.0.1:1", "--home", str(new_home(tmp_path))]) == 2
    assert "cannot be taken in by one command" in capfd.readouterr().err


def _start(folder: Path, home: Path, url: str) -> "subprocess.Popen[bytes]":
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        words = [sys.executable, "-m", "prasan.cli", "ingest", url, "--home", str(home), "--source", SOURCE]
        return subprocess.Popen(words, stdout=out, stderr=err)


@pytest.mark.process
def test_ingest_reads_until_interrupted(tmp_path: Path, sentences: bytes, talker: Talker) -> None:
    """Killed, nothing that was stored is lost or half; interrupted, it says what it took and ends with 0."""
    home = new_home(tmp_path)
    killed = _start(tmp_path, home, talker.url)
    archive = Node(home).archive
    until(archive.sources)
    killed.kill()
    killed.wait()
    before = archive.sources()[SOURCE].rows
    assert archive.check() == []

    again = _start(tmp_path, home, talker.url)
    until(lambda: archive.sources()[SOURCE].rows > before)
    until(lambda: "connected" in (tmp_path / "err").read_text())
    again.send_signal(signal.SIGINT)
    assert again.wait(PATIENCE_S) == 0, (tmp_path / "err").read_text()
    said = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert said["by_feed"][0]["state"] == "stopped"
    assert said["kept"] >= said["rows"] > 0
    assert said["unstored"] == 0
    assert said["lines"] == said["kept"] + sum(said["dropped"].values())
    assert "Traceback" not in (tmp_path / "err").read_text()
    archive.close()
