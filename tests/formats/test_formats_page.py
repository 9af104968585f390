from pathlib import Path

from prasan.formats.ais_detect import DIALECTS

PAGE = Path(__file__).parent.parent.parent / "docs" / "formats.md"


def test_the_page_of_formats_names_every_dialect_and_no_other() -> None:
    named = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert {name.strip("` ") for cell in named for name in cell.split(",")} == set(DIALECTS)
