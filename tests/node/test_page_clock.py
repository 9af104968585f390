"""The clock that stops release: the health page says it, and an administrator confirms the clock there."""

import pytest

from node.node_kit import HOUR_US, Kit, Partner
from node.page_kit import Pages, on_record
from prasan.node.clock_guard import check


@pytest.fixture
def pages(kit: Kit, us: Partner) -> Pages:
    return Pages(kit, us.id)


def stop(kit: Kit) -> str:
    """Set the clock back by an hour; when that was seen."""
    kit.hands.now_us -= HOUR_US
    found = check(kit.node)
    assert found is not None
    return str(found.at_us)


def test_the_page_says_why_and_by_how_much_and_only_an_administrator_has_the_form(pages: Pages) -> None:
    assert "Release is stopped" not in pages.get("admin", "/health")
    stop(pages.kit)
    for role in ("watch", "release", "auditor", "admin"):
        page = pages.get(role, "/health")
        assert "Release is stopped by the clock" in page
        assert "3,600 seconds behind" in page
        assert page.index("data-stopped") < page.index("Feeds")
        assert ('name="act"' in page) == (role == "admin"), role
    assert "หยุดปล่อยข้อมูลเพราะนาฬิกาผิดปกติ" in pages.get("admin", "/health", "th")


def test_an_administrator_confirms_and_it_is_on_record(pages: Pages) -> None:
    seen = stop(pages.kit)
    assert "compared" in pages.not_done("admin", "/health", "clock.confirm", seen)
    assert check(pages.kit.node) is not None
    page = pages.done("admin", "/health", "clock.confirm", seen, looked="yes")
    assert "Release is stopped" not in page
    assert check(pages.kit.node) is None
    assert on_record(pages.kit, "clock_confirmed") == [("admin", {"why": "clock_behind", "seconds": -3600})]


def test_twice_or_too_late_is_harmless(pages: Pages) -> None:
    seen = stop(pages.kit)
    assert "stopped again" in pages.not_done("admin", "/health", "clock.confirm", "1", looked="yes")
    pages.done("admin", "/health", "clock.confirm", seen, looked="yes")
    assert "not stopped" in pages.not_done("admin", "/health", "clock.confirm", seen, looked="yes")
    assert len(on_record(pages.kit, "clock_confirmed")) == 1


def test_others_are_refused(pages: Pages) -> None:
    seen = stop(pages.kit)
    for role in ("watch", "analyst", "release", "protection", "auditor", "partner"):
        assert pages.do(role, "/health", "clock.confirm", seen, looked="yes").status_code == 403, role
    assert pages.do("admin", "/health", "clock.confirm", seen, looked="yes", token="x").status_code == 403
    assert check(pages.kit.node) is not None
    assert on_record(pages.kit, "clock_confirmed") == []
