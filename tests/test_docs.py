"""The documents are true: commands in the how-tos run, paths in the tour exist, ADRs are numbered without a gap."""

import re
import shlex
import tomllib
from pathlib import Path

import msgspec
import pytest

from prasan.cli import main
from prasan.cli.parser import build_parser
from prasan.node.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PATH = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.py)`")


def blocks(page: str, language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", (DOCS / "how-to" / page).read_text(), re.DOTALL))


def commands(page: str) -> list[str]:
    lines = [line.split("   #")[0].strip() for line in blocks(page, "sh").splitlines()]
    return [line for line in lines if "prasan " in line and not line.startswith(("export", "."))]


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "how-to").glob("*.md")))
def test_every_command_is_one_that_parses(page: str) -> None:
    for line in commands(page):
        words = shlex.split(line.split(" | ")[-1].split(" > ")[0])
        if words[0] == "prasan":
            build_parser().parse_args(words[1:])


def with_fingerprints(line: str) -> str:
    """A command with the fingerprints that officers would have read to each other."""
    for side in ("th", "us"):
        if f"{side.upper()}_FINGERPRINT" in line:
            return line.replace(f"{side.upper()}_FINGERPRINT", fingerprint(Path(f"{side}.card")))
    return line


def test_two_nodes_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Run every command of the page, in its order, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    Path("policy.toml").write_text(
        'prasan_policy = 1\nname = "th"\n[[rule]]\nid = "staff"\nto = ["class:staff"]\nthen = "release"\n'
        '[[rule]]\nid = "who"\nto = ["us-mo"]\ntypes = ["identity"]\nthen = "release"\n'
    )
    Path("track.csv").write_text("mmsi,t,lat,lon\n567000001,2026-03-02T00:00:00Z,9.5,101.2\n")
    for line in commands("two-nodes.md"):
        if " serve " in line or " sync " in line:
            continue
        if "accord check" in line:
            write_accord(tmp_path)
        command, _, target = with_fingerprints(line).partition(" > ")
        capfd.readouterr()
        assert main(shlex.split(command)[1:]) == 0, capfd.readouterr().err
        if target:
            Path(target).write_text(capfd.readouterr().out)
    assert main(["accord", "list", "--home", "us"]) == 0
    assert '"state":"in_force"' in capfd.readouterr().out
    assert Path("signed.json").exists()


def fingerprint(card: Path) -> str:
    """What an officer reads to the other by telephone."""
    from prasan.exchange.cards import read_card

    return read_card(card.read_bytes()).fingerprint


def write_accord(folder: Path) -> None:
    """An accord between the two homes, as an officer would write it."""
    from prasan.exchange.cards import read_card

    cards = [read_card((folder / name).read_bytes()) for name in ("th.card", "us.card")]
    parties = ",\n  ".join(f'{{ name = "{c.name}", id = "{c.id}", key = "{c.fingerprint}" }}' for c in cards)
    (folder / "accord.toml").write_text(
        f'prasan_accord = 1\nname = "by-hand"\nmode = "exercise"\nparties = [\n  {parties}\n]\n'
        'purposes = ["maritime_security"]\nhighest_tlp = "amber"\nonward = "never"\nrecall_days = 2\nstore_days = 30\n'
        "valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2036-01-01T00:00:00Z\n"
    )


def test_the_tour_names_only_what_exists() -> None:
    named = PATH.findall((DOCS / "tour.md").read_text())
    assert len(named) > 15
    missing = [p for p in named if not (ROOT / "src" / "prasan" / p).exists() and not (ROOT / p).exists()]
    assert missing == []


def test_the_tour_names_every_room() -> None:
    text = (DOCS / "tour.md").read_text()
    rooms = {path.name for path in (ROOT / "src" / "prasan").iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if not re.search(rf"\b{room}\b", text)} == set()


def test_decisions_are_numbered() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_stands_alone() -> None:
    text = (ROOT / "README.md").read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert link.startswith("https://") or (ROOT / link).exists(), link


def test_the_settings_page_is_what_settings_take() -> None:
    text = re.search(r"```toml\n(.*?)```", (DOCS / "home.md").read_text(), re.DOTALL)
    assert text is not None
    settings = msgspec.convert(tomllib.loads(text[1]), Settings)
    assert {field.name for field in msgspec.structs.fields(Settings)} == set(tomllib.loads(text[1]))
    assert settings.source[0].source().marking.tlp.label == "TLP:AMBER+STRICT"
