"""`prasan rules`: a dry run before the change, and the page that says which findings become events."""

import json
import re
from pathlib import Path

import pytest

from prasan.cli import main
from prasan.detect.life import PROMOTED

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "change-a-rule.md"


@pytest.fixture
def home(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """A node with two ships of one number, which is an event."""
    assert main(["init", str(tmp_path / "th"), "--name", "th-mc", "--country", "TH"]) == 0
    rows = [f"567000001,2026-03-02T00:{m:02}:{30 * n:02}Z,{9 + n}.0{m},101.2" for m in range(30) for n in (0, 1)]
    (tmp_path / "track.csv").write_text("mmsi,t,lat,lon\n" + "\n".join(rows) + "\n")
    assert main(["ingest", str(tmp_path / "track.csv"), "--home", str(tmp_path / "th")]) == 0
    capfd.readouterr()
    return tmp_path / "th"


def test_a_dry_run_says_what_would_change_and_adopting_does_it(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    change = ["--set", "duplicate_identity.switches_count=500", "--home", str(home)]
    assert main(["rules", "diff", *change]) == 1
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(one["change"], one["kind"]) for one in lines] == [("withdrawn", "duplicate_identity")]
    assert json.loads(err.splitlines()[-1])["withdrawn"] == {"duplicate_identity": 1}
    assert main(["rules", "adopt", *change]) == 0
    assert json.loads(capfd.readouterr().out)["changed"] == {"file": 1}
    assert main(["rules", "diff", *change]) == 0
    assert main(["rules", "diff", "--home", str(home)]) == 1
    capfd.readouterr()
    assert main(["rules", "show", "--home", str(home)]) == 0
    shown = {one["kind"]: one for one in map(json.loads, capfd.readouterr().out.splitlines())}
    assert shown["duplicate_identity"]["thresholds"]["switches_count"] == 500
    assert shown["gap"]["classes"] == ["suspicious", "dark"]
    assert not shown["stop"]["events"]


def test_a_setting_that_does_not_hold_is_refused_in_a_sentence(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "diff", "--set", "gap.min_h=0", "--home", str(home)]) == 2
    assert "from 0.25 to 720" in capfd.readouterr().err


def test_the_page_says_which_findings_become_events() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    said = {kind: None if classes == "any" else set(re.findall(r"`(\w+)`", classes)) for kind, classes in rows}
    assert said == {kind: None if None in classes else set(classes) for kind, classes in PROMOTED.items()}
