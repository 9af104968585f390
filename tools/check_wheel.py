"""Check a built wheel: everything the node needs is inside. `python tools/check_wheel.py dist/prasan-….whl`."""

import sys
import zipfile

NEEDED = (
    "prasan/web/static/vendor/maplibre-gl",
    "prasan/web/static/vendor/htmx",
    "prasan/web/static/vendor/sarabun",
    "prasan/web/templates/",
    "prasan/words/locale/th/",
    "prasan/data/ais/",
    "prasan/data/incidents/",
    "prasan/data/reference/",
    "prasan/data/exercise/",
)


def missing(wheel: str) -> list[str]:
    """The needed paths that no file in the wheel starts with."""
    names = zipfile.ZipFile(wheel).namelist()
    return [need for need in NEEDED if not any(name.startswith(need) for name in names)]


def main(wheels: list[str]) -> int:
    """0 if each wheel has all; 1 with the names of what is missing."""
    for wheel in wheels:
        lacking = missing(wheel)
        if lacking:
            sys.stderr.write(f"{wheel} lacks: {', '.join(lacking)}\n")
            return 1
        sys.stdout.write(f"{wheel}: complete\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
