"""The table of transitions (docs/wire.md, section 5) driven by real policies, clocks and officers."""

from hashlib import sha256

import orjson
import pytest

from node.node_kit import AMBER, START_US, Kit, Partner
from prasan.node.partners.partnering import adopt_policy, suspend
from prasan.node.releasing.explaining import explain, preview
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import recall
from prasan.picture.marking import Marking, Tlp

RELEASE = 'id = "r"\nto = ["us-mo"]\nthen = "release"\n'
WITHHOLD = 'id = "w"\nto = ["us-mo"]\nthen = "withhold"\n'
SANITISE = 'id = "s"\nto = ["us-mo"]\nthen = "sanitise"\nplace_deg = 0.5\ntime_min = 360\ndrop = ["identity"]\n'


def policy(kit: Kit, *rules: str) -> None:
    """Put rules in force and decide everything."""
    adopt(kit, *rules)
    work_due(kit.node)


def adopt(kit: Kit, *rules: str) -> None:
    text = 'prasan_policy = 1\nname = "t"\n' + "".join(f"[[rule]]\n{rule}" for rule in rules)
    adopt_policy(kit.node, text.encode(), "test")


def state(kit: Kit, us: Partner, name: str) -> str:
    return {"release": "released", "sanitise": "sanitised", "withhold": "withheld"}[
        explain(kit.node, name, us.id).verdict
    ]


def statuses(kit: Kit, us: Partner, name: str) -> list[tuple[str, str]]:
    return [(row.form, row.status) for row in kit.rows(us, name)]


def read_ids(kit: Kit, us: Partner, lane: str = "alerts") -> list[str]:
    return [one["id"] for one in kit.now_read(us, lane)]


def test_released_withheld_and_released_again_keeps_its_id(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    assert name in read_ids(kit, us)
    policy(kit, WITHHOLD)
    assert read_ids(kit, us) == []
    assert kit.now_read(us, "control") == [], "narrowing sends nothing"
    assert state(kit, us, name) == "withheld"
    policy(kit, RELEASE)
    assert name in read_ids(kit, us)
    assert statuses(kit, us, name) == [("verbatim", "narrowed"), ("verbatim", "current")]


def test_deciding_again_without_a_change_writes_no_row(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    for rules in ((RELEASE,), (RELEASE,), (SANITISE,), (SANITISE,)):
        policy(kit, *rules)
    assert len(kit.rows(us, name)) == 1


def test_what_was_given_whole_is_not_given_in_part_before_it_is_recalled(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, RELEASE)
    policy(kit, SANITISE)
    assert read_ids(kit, us) == []
    assert statuses(kit, us, name) == [("verbatim", "narrowed")]
    assert "held_verbatim" in explain_codes(kit, name)
    recall(kit.node, name, "us-mo", "a mistake")
    work_due(kit.node)
    assert statuses(kit, us, name) == [("verbatim", "recalled")], "recalled stays recalled until an officer allows it"
    with kit.node.store.write() as tx:
        tx.allow_again(us.id, name, kit.hands.now_us)
    policy(kit, SANITISE)
    assert statuses(kit, us, name)[1:] == [("sanitised", "current")]
    assert read_ids(kit, us) != [name]


def explain_codes(kit: Kit, name: str) -> tuple[str, ...]:
    return tuple(one.code.removeprefix("decision.") for one in explain(kit.node, name, "us-mo").reasons)


def test_a_built_view_gives_way_to_the_object_and_is_recalled(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE)
    (built,) = read_ids(kit, us)
    version = kit.rows(us, name)[0].version
    policy(kit, RELEASE)
    assert read_ids(kit, us) == [name]
    (asked,) = kit.now_read(us, "control")
    assert (asked["target_id"], asked["target_versions"], asked["reason"]) == (built, [version], "replaced")
    assert state(kit, us, name) == "released"


def test_an_officer_recalls_only_what_was_not_recalled_before(kit: Kit, us: Partner) -> None:
    """After `replaced`, a recall names the object's own versions and no version of the built view."""
    name = kit.event("a")
    policy(kit, SANITISE)
    kit.wait(1)
    policy(kit, RELEASE)
    (issued,) = recall(kit.node, name, "us-mo", "wrong")
    asked = kit.now_read(us, "control")[-1]
    (sent,) = (row for row in kit.rows(us, name) if row.form == "verbatim")
    assert (issued.target, issued.versions) == (name, 1)
    assert (asked["target_id"], asked["target_versions"]) == (name, [sent.version])


def test_what_was_built_gives_way_also_after_it_was_withheld(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE)
    (built,) = read_ids(kit, us)
    policy(kit, WITHHOLD)
    policy(kit, RELEASE)
    assert read_ids(kit, us) == [name]
    (asked,) = kit.now_read(us, "control")
    assert (asked["target_id"], asked["reason"]) == (built, "replaced")
    issued = recall(kit.node, name, "us-mo", "wrong")
    assert [one.target for one in issued] == [name]


def test_what_was_built_comes_back_under_its_id(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE)
    (built,) = read_ids(kit, us)
    policy(kit, WITHHOLD)
    assert read_ids(kit, us) == []
    kit.wait(1)
    policy(kit, SANITISE)
    assert read_ids(kit, us) == [built]
    assert kit.now_read(us, "control") == []
    assert statuses(kit, us, name) == [("sanitised", "narrowed"), ("sanitised", "current")]


def test_a_changed_built_view_is_sent_at_most_every_again_min(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE + "again_min = 60\n")
    first = kit.rows(us, name)[0]
    kit.wait(0.25)
    kit.event("a", state="revised")
    work_due(kit.node)
    assert len(kit.rows(us, name)) == 1, "fifteen minutes after the last"
    kit.wait(0.8)
    work_due(kit.node)
    rows = kit.rows(us, name)
    assert [row.status for row in rows] == ["superseded", "current"]
    assert rows[1].view_id == first.view_id
    assert rows[1].version > first.version
    assert kit.now_read(us, "alerts")[0]["state"] == "revised"


def test_that_it_was_withdrawn_does_not_wait(kit: Kit, us: Partner) -> None:
    name = kit.event("a")
    policy(kit, SANITISE + "again_min = 60\n")
    kit.wait(0.25)
    kit.event("a", state="withdrawn")
    work_due(kit.node)
    assert [row.status for row in kit.rows(us, name)] == ["superseded", "current"]
    assert kit.now_read(us, "alerts")[0]["state"] == "withdrawn"


def test_min_age_comes_by_the_clock_alone(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE + "min_age_h = 6\n")
    name = kit.event("a")
    work_due(kit.node)
    assert explain_codes(kit, name) == ("too_young",)
    kit.wait(5.9)
    assert work_due(kit.node) == 0
    kit.wait(0.1)
    assert work_due(kit.node) == 2, "the event and who we are"
    assert read_ids(kit, us) == [name]


def test_expiry_comes_by_the_clock_alone_and_pages_do_not_wait_for_it(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE)
    name = kit.event("a", marking=Marking(tlp=Tlp.AMBER, expires=START_US // 10**6 + 3600))
    work_due(kit.node)
    assert read_ids(kit, us) == [name]
    kit.wait(1)
    assert read_ids(kit, us) == [], "before anything was decided again"
    work_due(kit.node)
    assert explain_codes(kit, name) == ("expired",)
    assert statuses(kit, us, name) == [("verbatim", "narrowed")]


def test_an_accord_ends_by_the_clock_alone(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE)
    kit.event("a")
    work_due(kit.node)
    kit.wait(24 * 365)
    assert read_ids(kit, us) == []
    work_due(kit.node)
    assert explain_codes(kit, kit.event("a"))[0] == "no_accord"


def test_suspension_acts_at_once(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE)
    name = kit.event("a")
    work_due(kit.node)
    suspend(kit.node, "us-mo", True)
    assert read_ids(kit, us) == [], "before anything was decided again"
    assert b'statements":[]' in kit.peer(us.id, "/peer/v1/statements/alerts").body
    work_due(kit.node)
    assert explain_codes(kit, name) == ("suspended",)
    suspend(kit.node, "us-mo", False)
    work_due(kit.node)
    assert read_ids(kit, us) == [name]


@pytest.mark.parametrize("rule", [RELEASE, SANITISE])
def test_preview_is_what_is_served_and_what_is_stated(kit: Kit, us: Partner, rule: str) -> None:
    name = kit.event("a", "encounter", vessels=[kit.vessel(567000001)])
    kit.incident("i")
    policy(kit, rule)
    previewed = list(preview(kit.node, "us-mo"))
    for lane in ("alerts", "objects"):
        served = kit.taxii(us.id, f"/taxii2/node/collections/{lane}/objects/").body
        stated = orjson.loads(kit.peer(us.id, f"/peer/v1/statements/{lane}").body)["statements"]
        hashes = {orjson.loads(one)["view"]: orjson.loads(one)["sha256"] for one in stated}
        here = [raw for raw in previewed if raw in served]
        assert {orjson.loads(raw)["id"]: sha256(raw).hexdigest() for raw in here} == hashes
        previewed = [raw for raw in previewed if raw not in here]
    assert previewed == []
    explained = explain(kit.node, name, "us-mo")
    assert explained.verdict == ("release" if rule is RELEASE else "sanitise")
    assert AMBER.tlp.label == "TLP:AMBER"


def test_a_revoked_object_is_sent_once_more(kit: Kit, us: Partner) -> None:
    policy(kit, RELEASE)
    name = kit.event("a")
    work_due(kit.node)
    kit.event("a", revoked=True)
    work_due(kit.node)
    (one,) = kit.now_read(us, "alerts")
    assert (one["id"], one["revoked"]) == (name, True)
