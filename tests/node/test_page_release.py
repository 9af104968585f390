"""Texts that an officer has to read, and recalls, on the pages of a real node."""

import pytest

from node.node_kit import Kit, Partner
from node.page_kit import Pages, on_record
from node.test_reading import received
from node.test_transitions import RELEASE, policy
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.reading import texts_of, unread
from prasan.web.desk import Role

OTHERS: tuple[Role, ...] = ("watch", "analyst", "auditor", "partner", "protection")


@pytest.fixture
def pages(kit: Kit, us: Partner, generous: Partner) -> Pages:
    policy(kit, RELEASE, 'id = "staff"\nto = ["class:staff"]\nthen = "release"\n')
    return Pages(kit, us.id)


def test_a_text_is_read_where_it_waits_or_on_its_objects_page(pages: Pages, us: Partner, generous: Partner) -> None:
    kit = pages.kit
    names = [received(kit, generous.id, key, f"Two men in skiff {key}. <b>") for key in ("1", "2")]
    work_due(kit.node)
    for path in ("/partners", f"/objects/{names[0]}"):
        page = pages.get("release", path)
        assert "Two men in skiff 1. <b>" in page
        assert "No officer has read it yet" in page
        assert "&lt;b&gt;" in pages._as("release").get(path).text
        assert 'value="text.read"' not in pages.get("watch", path)
    assert "skiff" not in pages.get("watch", "/partners")
    first, second = (f"{name} {texts_of(kit.node.store, name).version}" for name in names)
    pages.done("release", "/partners", "text.read", first)
    page = pages.done("admin", f"/objects/{names[1]}", "text.read", second)
    assert "An officer has read it." in page
    assert [*unread(kit.node.store)] == []
    assert [(name, detail["by"]) for name, detail in on_record(kit, "text_read")] == [
        (names[0], "release"), (names[1], "admin"),
    ]  # fmt: skip
    work_due(kit.node)
    assert [one["type"] for one in kit.now_read(us, "objects")].count("incident") == 2


def test_what_was_read_is_what_is_marked(pages: Pages, generous: Partner) -> None:
    """A page left open does not release a version that came after it, and nothing is marked twice."""
    name = received(pages.kit, generous.id, "1", "Two men in a skiff.")
    version = texts_of(pages.kit.node.store, name).version
    assert "newer version" in pages.not_done("release", "/partners", "text.read", f"{name} 2020-01-01T00:00:00.000Z")
    assert "newer version" in pages.not_done("release", "/partners", "text.read", name)
    assert [*unread(pages.kit.node.store)] == [name]
    pages.done("release", "/partners", "text.read", f"{name} {version}")
    assert "already" in pages.not_done("release", "/partners", "text.read", f"{name} {version}")
    assert len(on_record(pages.kit, "text_read")) == 1
    for role in OTHERS:
        assert pages.do(role, "/partners", "text.read", f"{name} {version}").status_code == 403, role


def test_an_object_is_recalled_from_its_page_and_the_recall_lifted(pages: Pages, us: Partner) -> None:
    kit = pages.kit
    name = kit.event("a")
    work_due(kit.node)
    path = f"/events/{name}"
    assert '<option value="us-mo"' in pages.get("release", path)
    assert 'value="recall.issue"' not in pages.get("watch", path)
    assert "Reason" in pages.not_done("release", path, "recall.issue", name, **{"from": "us-mo"})
    form = {"from": "us-mo", "reason": "Wrong ship."}
    for role in OTHERS:
        assert pages.do(role, path, "recall.issue", name, **form).status_code == 403, role
    page = pages.done("release", path, "recall.issue", name, **form)
    assert 'value="recall.lift"' in page
    assert kit.now_read(us, "alerts") == []
    assert "was not sent this" in pages.not_done("release", path, "recall.issue", name, **form)
    pages.done("release", path, "recall.lift", name, again="us-mo")
    assert "No recall" in pages.not_done("release", path, "recall.lift", name, again="us-mo")
    work_due(kit.node)
    assert len(kit.now_read(us, "alerts")) == 1
    assert [detail["act"] for _, detail in on_record(kit, "by_hand")] == ["recall", "recall_lifted"]
