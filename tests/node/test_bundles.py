"""Bundles between two nodes: all that a pull brings, in any order with pulls, and nothing of one that does not hold."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord_text import accord_text
from node.node_kit import Hands, Kit, introduce, sign, uuid_of
from node.test_transitions import policy
from prasan.cli import main
from prasan.errors import FormatError, IntegrityError, PrasanError, Refused, UsageError
from prasan.exchange.asks import Ask
from prasan.exchange.bundle import MAGIC, Gap, Manifest, body_bytes, seal_bundle
from prasan.exchange.jws import decode64
from prasan.exchange.lanes import LANES
from prasan.exchange.steps import Reply
from prasan.node.keeping.founding import found
from prasan.node.lines import bundles, unbundling
from prasan.node.lines.sync import pull_by
from prasan.node.partners.partnering import add_partner, own_card, suspend
from prasan.node.partners.rotation import signer
from prasan.node.record import verify
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.node.settings import Settings

quick_only = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Pair:
    """Two nodes that know each other; `th` gives everything to `us`."""

    def __init__(self, root: Path, copy_of: Path | None = None) -> None:
        if copy_of is not None:
            shutil.copytree(copy_of, root)
            self.th, self.us = (Kit(root / name, Hands(seed=name)) for name in ("th-mc", "us-mo"))
            return
        self.th, self.us = (node(root, name) for name in ("th-mc", "us-mo"))
        introduce(self.th, self.us)
        sign(self.th, self.us, accord_text(self.th, self.us))
        policy(self.th, 'id = "all"\nto = ["us-mo", "class:staff"]\nthen = "release"\n')

    def close(self) -> None:
        self.th.close()
        self.us.close()

    def out(self, back: bool = False, **how: object) -> list[bytes]:
        """Bundles of all that is to be brought to the other."""
        sender, to = (self.us, "th-mc") if back else (self.th, "us-mo")
        work_due(sender.node)
        return [one.raw for one in bundles.export(sender.node, to, **how)]  # type: ignore[arg-type]

    def in_(self, raw: bytes, back: bool = False, **how: bool) -> unbundling.Imported:
        return unbundling.import_((self.th if back else self.us).node, raw, **how)

    def pull(self) -> None:
        work_due(self.th.node)
        row = self.us.node.store.partner("th-mc")
        assert row is not None
        assert pull_by(self.us.node, row, self.fetch).failure == ""

    def fetch(self, ask: Ask) -> Reply:
        return self.th.serve(self.us.asks(self.th, ask))

    def differ(self) -> set[str]:
        """Ids that one side shows and the other does not."""
        sent = self.th.node.store._all(
            "SELECT view_id FROM views WHERE r = (SELECT r FROM recipients WHERE id = ?) AND status = 'current'",
            (self.us.id,),
        )
        sql = "SELECT id FROM objects WHERE origin = ? AND status IN ('current', 'revoked')"
        held = self.us.node.store._all(sql, (self.th.id,))
        return {row[0] for row in sent if "recall" not in row[0]} ^ {row[0] for row in held}

    def acked(self) -> bool:
        """Whether the sender knows that all that can be read was."""
        sql = (
            "SELECT lane, max(seq) FROM views WHERE r = (SELECT r FROM recipients WHERE id = ?)"
            " AND status = 'current' GROUP BY lane"
        )
        store = self.th.node.store
        return all(store.acked(self.us.id, lane) >= last for lane, last in store._all(sql, (self.us.id,)))


def node(root: Path, name: str) -> Kit:
    hands = Hands(seed=name)
    found(root / name, Settings(name=name, id=f"identity--{uuid_of(name)}", country="TH", title_en=name), hands.clock)
    return Kit(root / name, hands)


@pytest.fixture
def pair(tmp_path: Path, quick: None) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.close()


def test_a_bundle_brings_what_a_pull_brings_and_the_answer_goes_back(pair: Pair) -> None:
    event = pair.th.event("a")
    pair.th.incident("b")
    (first,) = pair.out()
    done = pair.in_(first)
    assert (done.accepted, done.quarantined, done.refused, done.checkpoint) == (done.accepted, {}, [], "continued")
    assert pair.differ() == set()
    recall(pair.th.node, event, "us-mo", "The vessel was misidentified.")
    pair.in_(pair.out()[0])
    assert pair.us.node.store.object_versions(event)[0].status == "withdrawn"
    (back,) = pair.out(back=True)
    answered = pair.in_(back, back=True)
    assert (answered.posts >= 1, answered.refused) == (True, [])
    assert pair.acked()
    (asked,) = pair.th.node.store.recalls_out(pair.us.id)
    assert asked.answered_us is not None
    assert pair.us.node.store.outgoing(pair.th.id) != [], "nobody has told us yet"
    pair.in_(pair.out()[0])
    assert pair.us.node.store.outgoing(pair.th.id) == []
    assert [pair.us.node.store.cursor(pair.th.id, lane).acked for lane in LANES] == [
        pair.th.node.store.last_seq(pair.us.id, lane) for lane in LANES
    ]
    for kit in (pair.th, pair.us):
        assert all(one.report.ok for one in verify(kit.node))


def test_what_was_brought_before_changes_nothing(pair: Pair) -> None:
    pair.th.event("a")
    (raw,) = pair.out()
    taken = pair.in_(raw).accepted
    again = pair.in_(raw)
    assert (again.accepted, again.same, again.quarantined) == (0, taken, {})
    assert pair.us.node.store.received_count(pair.th.id) == taken


def test_files_are_no_larger_than_asked_and_a_gap_is_named(pair: Pair) -> None:
    for number in range(30):
        pair.th.incident(f"i{number}")
    files = pair.out(max_bytes=2500)
    assert len(files) > 2
    assert all(len(raw) <= 2500 for raw in files[1:]), "the first also brings what waits for the inbox"
    pair.in_(files[0])
    with pytest.raises(UsageError, match="Rows are missing before this bundle: it begins after objects") as error:
        pair.in_(files[-1])
    assert "--since" in error.value.remedy
    for raw in files[1:]:
        pair.in_(raw)
    assert pair.differ() == set()


def test_one_lane_or_behind_a_row(pair: Pair) -> None:
    pair.th.event("a")
    pair.th.incident("b")
    (alerts,) = pair.out(lanes=("alerts",))
    assert pair.in_(alerts).holds.startswith("alerts 1-")
    last = pair.us.node.store.cursor(pair.th.id, "alerts").seq
    pair.th.event("c")
    (more,) = pair.out(lanes=("alerts",), since=last)
    assert pair.in_(more).same == 0


def test_nothing_of_a_bundle_that_does_not_hold_is_taken(pair: Pair, tmp_path: Path) -> None:
    pair.th.event("a")
    (raw,) = pair.out()
    head = raw.index(b"\n", len(MAGIC)) + 1
    before = pair.us.node.store.object_count()
    cases: list[tuple[bytes, type[PrasanError], str]] = [
        (b"PK" + raw, FormatError, "no bundle"),
        (raw[: head - 40], IntegrityError, "within its first lines"),
        (raw[: len(raw) - 9], FormatError, r"of \d+ bytes are here. It was to hold alerts 1-"),
        (raw[:-1] + bytes([raw[-1] ^ 1]), IntegrityError, "contents were changed"),
        (raw + b"x", IntegrityError, "contents were changed"),
        (raw[: head - 20] + b"AAAA" + raw[head - 16 :], IntegrityError, "signature"),
    ]
    for bad, kind, words in cases:
        with pytest.raises(kind, match=words):
            pair.in_(bad)
    third = node(tmp_path / "third", "jp-cg")
    add_partner(third.node, own_card(pair.th.node), pair.th.print)
    with pytest.raises(Refused, match="another node"):
        unbundling.import_(third.node, raw)
    third.close()
    pair.us.hands.now_us -= 3_600_000_000
    with pytest.raises(IntegrityError, match="future"):
        pair.in_(raw)
    assert pair.us.node.store.object_count() == before


def test_a_bundle_from_nobody_we_know(pair: Pair, tmp_path: Path) -> None:
    third = node(tmp_path / "third", "jp-cg")
    add_partner(third.node, own_card(pair.us.node), pair.us.print)
    (raw,) = (one.raw for one in bundles.export(third.node, "us-mo"))
    third.close()
    with pytest.raises(Refused, match="nobody we know"):
        pair.in_(raw)


def test_another_epoch_is_taken_only_when_said(pair: Pair) -> None:
    pair.th.event("a")
    pair.in_(pair.out()[0])
    with pair.th.node.store.write() as tx:
        tx.set_epoch(uuid_of("restored"))
    (raw,) = pair.out(since=0)
    with pytest.raises(UsageError, match="another epoch"):
        pair.in_(raw)
    assert pair.in_(raw, new_epoch=True).quarantined == {}
    assert pair.differ() == set()


def test_a_parcel_that_is_not_what_the_manifest_says(pair: Pair) -> None:
    pair.th.event("a")
    (raw,) = pair.out()
    said = json.loads(decode64(raw.split(b"\n")[1].decode().split(".")[1]))
    manifest = msgspec.convert(said, Manifest)
    empty = seal_bundle(manifest, body_bytes([]), signer(pair.th.node))
    with pytest.raises(IntegrityError, match="does not hold what its manifest says"):
        pair.in_(empty)


def test_a_suspended_partner_is_given_nothing(pair: Pair) -> None:
    pair.th.event("a")
    work_due(pair.th.node)
    suspend(pair.th.node, "us-mo", True)
    (raw,) = pair.out()
    assert pair.in_(raw).holds == "no rows"


def test_a_rewritten_log_is_caught(pair: Pair) -> None:
    pair.th.event("a")
    pair.in_(pair.out()[0])
    with pair.th.node.store.write() as tx:
        tx._do("UPDATE leaves SET leaf = zeroblob(32) WHERE log = ? AND i = 1", (pair.us.id,))
    pair.th.event("b")
    with pytest.raises(IntegrityError):
        pair.in_(pair.out()[0])


def test_withheld_objects_change_no_byte_of_a_bundle(tmp_path: Path, quick: None) -> None:
    files = list[list[bytes]]()
    pair = Pair(tmp_path / "both")
    policy(pair.th, 'id = "some"\nto = ["us-mo"]\nkinds = ["gap"]\nthen = "release"\n')
    pair.close()
    for name in ("with", "without"):
        pair = Pair(tmp_path / name, tmp_path / "both")
        pair.th.event("a")
        if name == "with":
            pair.th.event("secret", "encounter")
            pair.th.incident("secret too")
        pair.th.event("b")
        files.append(pair.out())
        pair.close()
    assert files[0] == files[1]


OPS = ("event", "incident", "out", "small", "in", "in", "in", "pull", "recall", "back")


@quick_only
@given(ops=st.lists(st.sampled_from(OPS), min_size=4, max_size=30), seed=st.integers(0, 99))
def test_bundles_and_pulls_in_any_order_end_the_same(
    tmp_path_factory: pytest.TempPathFactory, quick: None, ops: list[str], seed: int
) -> None:
    pair, draw = Pair(tmp_path_factory.mktemp("pair")), random.Random(seed)
    files, made = list[bytes](), list[str]()
    for number, op in enumerate(ops):
        if op in ("event", "incident"):
            made.append(getattr(pair.th, op)(f"{op}{number}"))
        elif op in ("out", "small"):
            files += pair.out(max_bytes=2500 if op == "small" else bundles.MAX_FILE)
        elif op == "in" and files:
            with suppress(Gap):
                assert pair.in_(draw.choice(files)).quarantined == {}
        elif op == "pull":
            pair.pull()
        elif op == "recall" and made:
            work_due(pair.th.node)
            recall(pair.th.node, made.pop(draw.randrange(len(made))), "us-mo", "wrong")
        elif op == "back":
            for raw in pair.out(back=True):
                assert pair.in_(raw, back=True).refused == []
    pair.pull()
    assert pair.differ() == set()
    assert pair.acked()
    received = pair.us.node.store._all("SELECT object_id, version, count(*) FROM received GROUP BY 1, 2")
    assert all(count == 1 for _, _, count in received)
    assert all(one.answered_us is not None for one in pair.th.node.store.recalls_out(pair.us.id))
    pair.close()


def test_by_command(pair: Pair, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(8):
        pair.th.incident(f"i{number}")
    th, us, out = str(tmp_path / "th-mc"), str(tmp_path / "us-mo"), str(tmp_path / "b")
    assert main(["bundle", "export", "--to", "us-mo", "--out", out, "--max-bytes", "2000", "--home", th]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(lines) > 1
    assert main(["bundle", "import", lines[-1]["file"], "--home", us]) == 2
    assert "Rows are missing" in capfd.readouterr().err
    assert main(["bundle", "import", *(line["file"] for line in lines), "--home", us]) == 0
    assert sum(json.loads(line)["accepted"] for line in capfd.readouterr().out.splitlines()) >= 8
    assert main(["bundle", "export", "--to", "nobody", "--out", out, "--home", th]) == 2
    assert main(["bundle", "import", str(tmp_path / "none"), "--home", us]) == 2
