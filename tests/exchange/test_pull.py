"""A pull between two whole nodes in memory: order, completeness, recall and receipt, acknowledgement."""

import json
import random
import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner import Partner, incident, uid
from prasan.exchange import packing
from prasan.exchange.asked import Query
from prasan.exchange.asks import Ask
from prasan.exchange.http import Response
from prasan.exchange.steps import Acked, Apply, Cut, Heard, Reply, Summary, Unreached
from prasan.ledger.tree import Frontier

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NEXT = "/peer/v1/next"
LATER = "2026-01-02T00:00:00.000Z"


def shown(node: Partner) -> list[str]:
    return [row.id for _, row in node.store.objects()]


def test_everything_arrives_as_its_bytes_and_is_acknowledged(th: Partner, us: Partner) -> None:
    raws = [incident(n) for n in range(7)]
    th.publish(us, *raws)
    summary = us.pull(th, limit=3)
    assert (summary.accepted, summary.pages, summary.failure, summary.quarantined) == (7, 3, "", {})
    assert [row.raw for _, row in us.store.objects(origin=th.id)] == raws
    assert us.store.received_count(th.id) == 7
    assert th.store.acked(us.id, "objects") == 7
    assert summary.acked == 1
    again = us.pull(th)
    assert (again.accepted, again.same, again.pages, again.acked) == (0, 0, 0, 0), "nothing new, nothing done"


def test_a_long_pull_says_every_minute_how_far_it_came(th: Partner, us: Partner) -> None:
    th.publish(us, *(incident(n) for n in range(6)))

    def spoil(ask: Ask, response: Response) -> Reply:
        us.now_us += 25_000_000 if NEXT in ask.target else 0
        th.now_us = us.now_us
        return response

    assert us.pull(th, limit=1, spoil=spoil).failure == ""
    acked = [step.upto for step in us.seen if isinstance(step, Acked)]
    assert acked == [3, 6]
    assert th.store.acked(us.id, "objects") == 6


def test_alerts_come_before_control_before_objects(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1))
    th.publish(us, incident(2), lane="alerts")
    th.recall(us, uid(9), [LATER])
    us.pull(th)
    assert [step.lane for step in us.seen if isinstance(step, Apply)] == ["alerts", "control", "objects"]


def test_a_recall_withdraws_and_is_answered(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), incident(2))
    us.pull(th)
    recall = th.recall(us, uid(1), ["2026-01-01T00:00:00.000Z"])
    summary = us.pull(th)
    assert shown(us) == [uid(2), recall]
    assert (summary.posted, summary.failure) == (1, "")
    (receipt,) = th.store.inbox_page(us.id, Query())
    assert json.loads(receipt.raw)["recall_id"] == recall
    assert us.pull(th).posted == 0


def test_a_receipt_that_was_not_posted_is_posted_at_the_next_pull(th: Partner, us: Partner) -> None:
    th.recall(us, uid(1), [LATER])

    def cut_posts(ask: Ask, response: Response) -> Reply:
        return Cut("the line broke") if ask.method == "POST" else response

    assert us.pull(th, spoil=cut_posts).failure == "page_cut"
    # The partner has it, but we were not told: it comes again and changes nothing.
    assert us.pull(th).posted == 1
    assert len(th.store.inbox_page(us.id, Query())) == 1


@quick
@given(cuts=st.lists(st.sampled_from(["cut", "half", "empty", "junk", "ok", "ok", "ok"]), max_size=25))
def test_whatever_is_cut_nothing_is_lost_or_doubled(th: Partner, us: Partner, cuts: list[str]) -> None:
    base = len(shown(th))
    th.publish(us, *(incident(base + n) for n in range(5)))
    plan = iter(cuts)

    def spoil(_: Ask, response: Response) -> Reply:
        how = next(plan, "ok")
        body = {"half": response.body[: len(response.body) // 2], "empty": b"", "junk": b"\xff{"}.get(
            how, response.body
        )
        return Cut("the line broke") if how == "cut" else Response(response.status, body, response.headers)

    for _ in range(len(cuts) + 1):
        us.pull(th, limit=2, spoil=spoil)
    assert us.pull(th).failure == ""
    assert shown(us) == shown(th)
    assert us.store.quarantine_counts(th.id) == {}
    assert th.store.acked(us.id, "objects") == th.store.last_seq(us.id, "objects")


def test_a_page_that_is_always_cut_is_counted_and_given_up(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1))

    def spoil(ask: Ask, response: Response) -> Reply:
        return Response(200, response.body[:-9], response.headers) if NEXT in ask.target else response

    summary = us.pull(th, spoil=spoil)
    assert (summary.failure, summary.page_cut) == ("page_cut", 8)
    assert shown(us) == []


def test_a_node_that_knows_no_parcels_is_said_so_and_not_asked_again(th: Partner, us: Partner) -> None:
    asked = list[str]()

    def older(ask: Ask, response: Response) -> Reply:
        asked.append(ask.target)
        return Response(404, b"{}", {}) if NEXT in ask.target else response

    summary = us.pull(th, spoil=older)
    assert (summary.failure, summary.page_cut) == ("no_parcels", 0)
    assert "must be brought up to date" in summary.message
    assert len([one for one in asked if NEXT in one]) == 1


def test_a_node_that_cannot_be_reached_or_refuses_us_is_said_so(th: Partner, us: Partner) -> None:
    assert us.pull(th, spoil=lambda *_: Unreached("nobody there")).failure == "unreachable"
    with th.store.write() as tx:
        tx._do("DELETE FROM partners")
    summary = us.pull(th)
    assert summary.failure == "refused"
    assert "not signed by the key of a partner" in summary.message


def test_a_page_that_does_not_lead_on_ends_the_pull(th: Partner, us: Partner) -> None:
    th.publish(us, *(incident(n) for n in range(4)))
    first = list[Response]()

    def spoil(ask: Ask, response: Response) -> Reply:
        if NEXT in ask.target:
            first.append(response)
            return first[0]
        return response

    assert us.pull(th, limit=2, spoil=spoil).failure == "page_cut"
    assert len(shown(us)) == 2


def test_of_a_view_that_was_replaced_only_the_successor_is_taken(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), incident(2))
    th.publish(us, incident(1, LATER))
    summary = us.pull(th)
    assert (summary.accepted, summary.quarantined) == (2, {})
    assert [row.version for _, row in us.store.objects()] == ["2026-01-01T00:00:00.000Z", LATER]


def test_an_alert_of_the_middle_of_the_bulk_comes_next(th: Partner, us: Partner) -> None:
    th.publish(us, *(incident(n) for n in range(6)))
    told = False

    def spoil(ask: Ask, response: Response) -> Reply:
        nonlocal told
        if NEXT in ask.target and not told:
            told = True
            th.publish(us, incident(77), lane="alerts")
        return response

    us.pull(th, limit=2, spoil=spoil)
    assert [step.lane for step in us.seen if isinstance(step, Apply)] == ["objects", "alerts", "objects", "objects"]
    assert th.store.acked(us.id, "alerts") == 7


def test_a_new_epoch_is_read_from_the_start_and_changes_nothing(th: Partner, us: Partner) -> None:
    th.publish(us, *(incident(n) for n in range(4)))
    us.pull(th)
    with th.store.write() as tx:
        tx.set_epoch(th.uuid())
    summary = us.pull(th)
    assert (summary.accepted, summary.same, summary.failure) == (0, 4, "")
    assert summary.acked == 1


def test_a_rewritten_ledger_is_caught_at_the_next_pull(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), incident(2))
    us.pull(th)
    with th.store.write() as tx:
        tx._do("UPDATE leaves SET leaf = zeroblob(32) WHERE i = 0")
        tx._do("DELETE FROM logs")
    rebuild(th, us.id)
    th.publish(us, incident(3))
    summary = us.pull(th)
    assert summary.failure == "ledger"
    assert summary.accepted == 1, "what was read is kept; only the acknowledgement is held back"
    assert th.store.acked(us.id, "objects") == 2


def thin(us: Partner, th: Partner, cuts: Iterator[int]) -> tuple[Summary, int]:
    """A pull over a line that carries 1,200 bytes a second and breaks after so many bytes; bytes that came in all."""
    came = 0

    def spoil(ask: Ask, response: Response) -> Reply:
        nonlocal came
        if NEXT not in ask.target or not response.body:
            return response
        headers = {**response.headers, "content-length": str(len(response.body))}
        most = next(cuts, len(response.body))
        body = response.body[:most]
        came += len(body)
        heard = Heard(response.status, body, headers, took_s=len(body) / 1200)
        return heard if body == response.body else Cut("the line broke", heard)

    return us.pull(th, spoil=spoil, line=us.line), came


@quick
@given(
    cuts=st.lists(st.integers(0, 9000), max_size=40),
    sizes=st.lists(st.integers(0, 12_000), min_size=1, max_size=12),
    seed=st.integers(0, 9),
)
def test_a_thin_line_that_breaks_loses_and_repeats_nothing(
    th: Partner, us: Partner, cuts: list[int], sizes: list[int], seed: int
) -> None:
    base, draw = len(shown(th)), random.Random(seed)
    th.publish(us, *(incident(base + n, text=draw.randbytes(size).hex()) for n, size in enumerate(sizes)))
    plan, left = iter(cuts), len(cuts) + 1
    total = 0
    while left:
        summary, came = thin(us, th, plan)
        total, left = total + came, 0 if not summary.failure else left - 1
    assert shown(us) == shown(th)
    assert us.store.quarantine_counts(th.id) == {}
    assert th.store.acked(us.id, "objects") == th.store.last_seq(us.id, "objects")
    sent = b"".join(th.store.view_bytes(us.id, base + n + 1) or b"" for n in range(len(sizes)))
    wire = len(packing.pack(sent, "zstd"))
    assert total <= 2 * wire + 2000 * (len(sizes) + 1), "what came is not asked for twice"


def test_a_large_object_comes_in_slices_and_an_alert_between_them(th: Partner, us: Partner) -> None:
    draw = random.Random(1)
    th.publish(us, incident(1, text=draw.randbytes(400).hex()), incident(2, text=draw.randbytes(30_000).hex()))
    asked = list[str]()

    def spoil(ask: Ask, response: Response) -> Reply:
        if NEXT in ask.target:
            asked.append(ask.headers.get("range", ""))
            if len(asked) == 3:
                th.publish(us, incident(3), lane="alerts")
        return Heard(response.status, response.body, response.headers, took_s=len(response.body) / 1200)

    us.pull(th, limit=1, spoil=spoil)
    assert [step.lane for step in us.seen if isinstance(step, Apply)] == ["objects", "alerts", "objects"]
    assert shown(us) == [uid(1), uid(3), uid(2)]
    assert asked[1].startswith("bytes=0-"), "the first slice"
    assert re.fullmatch(r"bytes=[1-9]\d*-\d+", asked[-2]), "the rest of it, after the alert"


def test_what_broke_off_is_forgotten_when_it_was_narrowed(th: Partner, us: Partner) -> None:
    text = random.Random(1).randbytes(3000).hex()
    th.publish(us, incident(1, text=text))
    summary, _ = thin(us, th, iter([900] + [0] * 8))
    assert summary.failure == "page_cut"
    with th.store.write() as tx:
        tx.narrow(us.id, uid(1))
    th.publish(us, incident(2, text=text))
    assert thin(us, th, iter(()))[0].failure == ""
    assert shown(us) == [uid(2)]


def rebuild(node: Partner, log: str) -> None:
    """A frontier over the falsified leaves, as somebody who covers his tracks would make it."""
    frontier = Frontier().extend(row.leaf for row in node.store.leaf_rows(log))
    with node.store.write() as tx:
        tx._do("INSERT INTO logs VALUES (?, ?)", (log, msgspec.msgpack.encode(frontier)))


@pytest.mark.parametrize("point", ["apply", "receipt"])
@pytest.mark.parametrize("passage", [1, 2])
def test_stopping_at_a_named_point_loses_and_doubles_nothing(
    th: Partner, us: Partner, point: str, passage: int
) -> None:
    th.publish(us, incident(1), incident(2))
    th.recall(us, uid(1), ["2026-01-01T00:00:00.000Z"])
    left = passage

    def crash(name: str) -> None:
        nonlocal left
        left -= name == point
        if left == 0:
            left = -1
            raise KeyboardInterrupt

    us.crash = crash
    with suppress(KeyboardInterrupt):
        us.pull(th)
    us.crash = lambda _: None
    us.pull(th)
    assert [row.status for row in us.store.object_versions(uid(1))] in ([], ["withdrawn"])
    assert us.store.object(uid(2)) is not None
    assert len(th.store.inbox_page(us.id, Query())) == 1
    assert us.pull(th).accepted == 0
