"""A node as client of medallion, OASIS's own TAXII server, from PyPI in a folder of its own: pulled from, pushed to."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from loopback import free_ports
from prasan.cli.demo.stage import DATA

pytestmark = pytest.mark.process
VERSION = "3.0.0"
CREATED = "2026-01-01T00:00:00.000Z"
COLLECTIONS = {"give": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "take": "52892447-4d7e-4f70-b94d-d7f22742ff63"}
AMBER_1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
MEDIA = "application/taxii+json;version=2.1"
POLICY = """prasan_policy = 1
name = "t"
[[rule]]
id = "open"
to = ["public"]
types = ["incident"]
then = "release"
[[rule]]
id = "staff"
to = ["class:staff"]
then = "release"
"""
SOURCES = """
[[source]]
name = "piracy"
match = "piracy*"
tlp = "clear"
[[source]]
name = "cert"
tlp = "green"
"""


class Medallion(NamedTuple):
    """One running server. `address` is what a node is given."""

    port: int

    def address(self, name: str) -> str:
        return f"taxii+http://ann:secret@127.0.0.1:{self.port}/root/collections/{COLLECTIONS[name]}/"

    def ask(self, name: str, body: bytes | None = None) -> Any:
        url = f"http://127.0.0.1:{self.port}/root/collections/{COLLECTIONS[name]}/objects/?limit=1000"
        sign = base64.b64encode(b"ann:secret").decode()
        headers = {"Accept": MEDIA, "Content-Type": MEDIA, "Authorization": f"Basic {sign}"}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return json.loads(answer.read())

    def add(self, *objects: dict[str, Any]) -> None:
        assert self.ask("give", json.dumps({"objects": objects}).encode())["failure_count"] == 0


@pytest.fixture(scope="module")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server installed where nothing of ours is, once: it stays in pytest's cache, if it has one."""
    name, cache = f"medallion-{VERSION}", getattr(request.config, "cache", None)
    folder: Path = cache.mkdir(name) if cache else tmp_path_factory.mktemp(name)
    found = folder / "venv" / "bin" / "medallion"
    if not found.exists():
        shutil.rmtree(folder / "venv", ignore_errors=True)
        python, uv = str(folder / "venv" / "bin" / "python"), shutil.which("uv")
        make = [uv, "venv", "-q"] if uv else [sys.executable, "-m", "venv"]
        install = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
        for words in ([*make, str(folder / "venv")], [*install, f"medallion=={VERSION}"]):
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=170)
            if done.returncode:
                pytest.skip(f"medallion cannot be installed here: {done.stderr[-200:]}")
    return found


@pytest.fixture
def medallion(program: Path, tmp_path: Path) -> Iterator[Medallion]:
    (port,) = free_ports(1)
    root = f"http://127.0.0.1:{port}/root/"
    rest = {"can_read": True, "can_write": True, "media_types": ["application/stix+json;version=2.1"]}
    collections = [
        {"id": key, "title": name, **rest, "objects": [], "manifest": []} for name, key in COLLECTIONS.items()
    ]
    information = {"title": "r", "versions": [MEDIA], "max_content_length": 9765625}
    data = {
        "/discovery": {"title": "t", "default": root, "api_roots": [root]},
        "root": {"information": information, "status": [], "collections": collections},
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    backend = {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend"}
    settings = {"backend": backend | {"filename": str(tmp_path / "data.json")}, "users": {"ann": "secret"},
                "taxii": {"max_page_size": 20}}  # fmt: skip
    (tmp_path / "medallion.json").write_text(json.dumps(settings))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (tmp_path / "medallion.log").open("wb") as log:
        words = [str(program), str(tmp_path / "medallion.json"), "--port", str(port)]
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
    server, end = Medallion(port), time.monotonic() + 60
    try:
        while not up(server):
            assert process.poll() is None, (tmp_path / "medallion.log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def up(server: Medallion) -> bool:
    try:
        return bool(server.ask("give") == {})
    except OSError:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run("init", tmp_path / "node", "--name", "test", "--country", "TH")
    settings = tmp_path / "node" / "prasan.toml"
    settings.write_text(settings.read_text().replace("source = []\n", "") + SOURCES)
    (tmp_path / "policy.toml").write_text(POLICY)
    run("policy", "adopt", tmp_path / "policy.toml", "--home", tmp_path / "node")
    return tmp_path / "node"


def run(*words: object) -> list[dict[str, Any]]:
    """One command of ours; the JSON lines that it printed."""
    command = [sys.executable, "-m", "prasan.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def indicator(number: int, **more: Any) -> dict[str, Any]:
    name = f"indicator--00000000-0000-4000-8000-{number:012}"
    return {"type": "indicator", "spec_version": "2.1", "id": name, "created": CREATED, "modified": CREATED,
            "pattern": "[a:b = 1]", "pattern_type": "stix", "valid_from": CREATED, "x_acme": number} | more  # fmt: skip


def test_a_collection_is_pulled_whole_and_then_only_what_is_new(medallion: Medallion, home: Path) -> None:
    first = [indicator(n) for n in range(45)]
    medallion.add(*first[:30])
    medallion.add(*first[30:])
    pull = ("ingest", medallion.address("give"), "--source", "cert", "--home", home)
    (done,) = run(*pull)
    assert (done["new"], done["turned"], done["problem"]) == (45, {}, "")
    assert done["pages"] >= 3
    medallion.add(indicator(100, object_marking_refs=[AMBER_1]), indicator(0, modified="2026-02-01T00:00:00.000Z"))
    (again,) = run(*pull)
    assert (again["new"], again["problem"]) == (2, "")
    assert again["same"] <= 20
    read = {one["id"]: one for one in run("release", "preview", "--to", "class:staff", "--home", home)}
    wanted = [
        *first[1:],
        indicator(100, object_marking_refs=[AMBER_1]),
        indicator(0, modified="2026-02-01T00:00:00.000Z"),
    ]
    assert [read.get(one["id"]) for one in wanted] == wanted
    (nothing,) = run(*pull)
    assert nothing["new"] == 0
    (explained,) = run("release", "explain", indicator(100)["id"], "--to", "public", "--home", home)
    assert explained["verdict"] == "withhold"


def test_exactly_what_a_recipient_may_see_is_pushed(medallion: Medallion, home: Path, tmp_path: Path) -> None:
    table = gzip.decompress((DATA / "incidents" / "piracy_attacks_1993_2015.csv.gz").read_bytes()).splitlines(True)
    (tmp_path / "piracy.csv").write_bytes(b"".join(table[:41]))
    run("ingest", tmp_path / "piracy.csv", "--home", home)
    medallion.add(*(indicator(n) for n in range(5)))
    run("ingest", medallion.address("give"), "--source", "cert", "--home", home)
    push = ("release", "push", "--to", "public", "--url", medallion.address("take"), "--home", home)
    (done,) = run(*push)
    assert (done["taken"], done["refused"], done["problem"]) == (40, [], "")
    seen = run("release", "preview", "--to", "public", "--home", home)
    there = {one["id"]: one for one in medallion_all(medallion)}
    assert there == {one["id"]: one for one in seen}
    assert {one["type"] for one in there.values()} == {"incident"}
    (again,) = run(*push)
    assert (again["rows"], again["taken"]) == (0, 0)
    (log,) = [one for one in run("ledger", "verify", "--home", home) if one["log"] == "node"]
    assert log["ok"]


def medallion_all(server: Medallion) -> list[dict[str, Any]]:
    """Everything in the collection that we push to, by `added_after` never being used: pages by `next`."""
    sign = base64.b64encode(b"ann:secret").decode()
    found, token = list[dict[str, Any]](), ""
    while True:
        url = f"http://127.0.0.1:{server.port}/root/collections/{COLLECTIONS['take']}/objects/?limit=20{token}"
        request = urllib.request.Request(url, None, {"Accept": MEDIA, "Authorization": f"Basic {sign}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            page = json.loads(answer.read())
        found += page.get("objects", [])
        if not page.get("more"):
            return found
        token = f"&next={page['next']}"
