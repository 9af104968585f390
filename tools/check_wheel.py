"""Check a built wheel: everything the node needs is inside, and nothing else. `python tools/check_wheel.py WHEEL…`."""

import sys
import zipfile

NEEDED = (
    "prasan/web/static/vendor/maplibre-gl",
    "prasan/web/static/vendor/htmx",
    "prasan/web/static/vendor/sarabun",
    "prasan/web/static/css/",
    "prasan/web/templates/",
    "prasan/words/locale/th/",
    "prasan/data/ais/",
    "prasan/data/incidents/",
    "prasan/data/reference/",
    "prasan/data/exercise/",
    "prasan/data/demo/accord.toml",
    "prasan/data/demo/gulf-andaman.geojson",
    "prasan/data/demo/policy-my-mc.toml",
    "prasan/data/demo/policy-th-mc.toml",
    "prasan/data/demo/policy-us-mo.toml",
    "prasan/cli/demo/canary.py",
    "prasan/py.typed",
)
INSIDE = ("prasan/", "prasan-")
"""How every path of the wheel begins: the package, and its metadata."""
LEAVINGS = ("__pycache__", ".map", ".orig", "~")
"""Endings and folders of what tools leave behind."""


def missing(wheel: str) -> list[str]:
    """The needed paths that no file in the wheel starts with."""
    names = zipfile.ZipFile(wheel).namelist()
    return [need for need in NEEDED if not any(name.startswith(need) for name in names)]


def foreign(wheel: str) -> list[str]:
    """Files that do not belong into a wheel."""
    names = zipfile.ZipFile(wheel).namelist()
    return [name for name in names if not name.startswith(INSIDE) or name.endswith(LEAVINGS) or "__pycache__" in name]


def main(wheels: list[str]) -> int:
    """0 if each wheel has all; 1 with the names of what is missing or strange."""
    for wheel in wheels:
        lacking = missing(wheel)
        if lacking:
            sys.stderr.write(f"{wheel} lacks: {', '.join(lacking)}\n")
            return 1
        strange = foreign(wheel)
        if strange:
            sys.stderr.write(f"{wheel} has what does not belong there: {', '.join(strange)}\n")
            return 1
        sys.stdout.write(f"{wheel}: complete\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
