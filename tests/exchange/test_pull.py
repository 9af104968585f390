"""A pull between two whole nodes in memory: order, completeness, recall and receipt, acknowledgement."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partner import Partner, incident, uid
from prasan.exchange.asked import Query
from prasan.exchange.asks import Ask
from prasan.exchange.http import Response
from prasan.exchange.steps import Apply, Cut, Reply, Unreached
from prasan.ledger.tree import Frontier

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        return Response(200, response.body[:-9], response.headers) if "/objects/" in ask.target else response

    summary = us.pull(th, spoil=spoil)
    assert (summary.failure, summary.page_cut) == ("page_cut", 3)
    assert shown(us) == []


def test_a_node_that_cannot_be_reached_or_refuses_us_is_said_so(th: Partner, us: Partner) -> None:
    assert us.pull(th, spoil=lambda *_: Unreached("nobody there")).failure == "unreachable"
    with th.store.write() as tx:
        tx._do("DELETE FROM partners")
    summary = us.pull(th)
    assert summary.failure == "refused"
    assert "not a partner" in summary.message


def test_a_page_that_does_not_lead_on_ends_the_lane(th: Partner, us: Partner) -> None:
    th.publish(us, *(incident(n) for n in range(4)))

    def spoil(ask: Ask, response: Response) -> Reply:
        first = us.store.cursor(th.id, "objects").added_after
        if "added_after" in ask.target and first:
            return Response(200, response.body, {**response.headers, "x-taxii-date-added-last": first})
        return response

    assert us.pull(th, limit=2, spoil=spoil).failure == "page_cut"
    assert len(shown(us)) == 2


def test_a_view_replaced_while_we_read_is_dropped_and_its_successor_taken(th: Partner, us: Partner) -> None:
    th.publish(us, incident(1), vouch=False)
    done = False

    def spoil(ask: Ask, response: Response) -> Reply:
        nonlocal done
        if ask.target.startswith("/peer/v1/statements/objects") and not done:
            done = True
            with th.store.write() as tx:
                tx.narrow(us.id, uid(1))
            th.publish(us, incident(1, LATER))
            return th.serve(us.ask(ask, th.id))
        return response

    with th.store.write() as tx:
        tx._do("UPDATE views SET status = 'current'")
    th_row = th.store.view(us.id, uid(1))
    assert th_row is not None
    summary = us.pull(th, spoil=spoil)
    assert (summary.dropped, summary.quarantined) == (1, {})
    assert [row.version for _, row in us.store.objects()] == [LATER]


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
