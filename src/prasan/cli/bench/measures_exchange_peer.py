"""medallion, OASIS's own TAXII server, as the peer of the exchange: from PyPI into a folder of its own, once.

It has no TLS, no policy, no ledger and no disk, and its costs grow with the square of what it holds, so that it is
asked for few objects. BSD-3-Clause.
"""

import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prasan.cli.bench import measures_exchange_stage as stage
from prasan.cli.bench.objects import stix_objects
from prasan.exchange.http import MEDIA_TYPE

VERSION: Final = "3.0.0"
NAME: Final = "medallion"
SURVIVES: Final = 500
AT_ONCE: Final = 100
ASKED: Final = 3
COLLECTION: Final = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
OBJECTS: Final = f"/root/collections/{COLLECTION}/objects/"
SAID: Final = f"medallion holds {SURVIVES} objects in memory, without TLS, policy or record, and is timed by the wall"

ADDED, FIRST_PAGE, POLL = range(3)


class Peer:
    """A running medallion."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, query: str = "", body: bytes | None = None) -> bytes:
        """One request, with a password; the body of the answer."""
        sign = base64.b64encode(b"ann:secret").decode()
        headers = {"accept": MEDIA_TYPE, "content-type": MEDIA_TYPE, "authorization": f"Basic {sign}"}
        line = http.client.HTTPConnection(stage.HOST, self._port, timeout=120)
        with contextlib.closing(line):
            line.request("POST" if body else "GET", OBJECTS + query, body, headers)
            return line.getresponse().read()

    def seconds(self, query: str) -> float:
        """What a request takes, at best of some."""
        spent = []
        for _ in range(ASKED):
            begin = time.perf_counter()
            self.ask(query)
            spent.append(time.perf_counter() - begin)
        return min(spent)


@lru_cache(1)
def rates() -> tuple[float, float, float] | None:
    """Objects added a second, first pages a second, polls a second, by the wall clock; None if it cannot be had."""
    program = _installed()
    if program is None:
        return None
    with TemporaryDirectory() as folder, _running(program, Path(folder)) as peer:
        begin = time.perf_counter()
        for raws in stage.batches(stix_objects(SURVIVES), AT_ONCE):
            peer.ask(body=b'{"objects":[' + b",".join(raws) + b"]}")
        added = SURVIVES / (time.perf_counter() - begin)
        return added, 1 / peer.seconds("?limit=100"), 1 / peer.seconds("?added_after=2099-01-01T00:00:00Z")


def rate(which: int) -> float | None:
    """One of them."""
    found = rates()
    return None if found is None else found[which]


def _installed() -> Path | None:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prasan" / f"medallion-{VERSION}"
    program, python = folder / "bin" / "medallion", str(folder / "bin" / "python")
    if program.exists():
        return program
    uv = shutil.which("uv")
    make = [uv, "venv", "-q"] if uv else [sys.executable, "-m", "venv"]
    install = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
    for words in ([*make, str(folder)], [*install, f"medallion=={VERSION}"]):
        if subprocess.run(words, capture_output=True, check=False, timeout=300).returncode:  # noqa: S603
            shutil.rmtree(folder, ignore_errors=True)
            return None
    return program


@contextlib.contextmanager
def _running(program: Path, folder: Path) -> Iterator[Peer]:
    port, _ = stage.free_ports()
    rest = {"can_read": True, "can_write": True, "media_types": ["application/stix+json;version=2.1"]}
    collection = {"id": COLLECTION, "title": "bench", **rest, "objects": [], "manifest": []}
    information = {"title": "bench", "versions": [MEDIA_TYPE], "max_content_length": 9_765_625}
    root = f"http://{stage.HOST}:{port}/root/"
    data = {
        "/discovery": {"title": "bench", "default": root, "api_roots": [root]},
        "root": {"information": information, "status": [], "collections": [collection]},
    }
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    backend = {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
               "filename": str(folder / "data.json")}  # fmt: skip
    settings = {"backend": backend, "users": {"ann": "secret"}, "taxii": {"max_page_size": 100}}
    (folder / "medallion.json").write_text(json.dumps(settings), encoding="utf-8")
    words = [str(program), str(folder / "medallion.json"), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)  # noqa: S603
    try:
        peer, end = Peer(port), time.monotonic() + stage.START_S
        while not _answers(peer) and time.monotonic() < end:
            time.sleep(0.1)
        yield peer
    finally:
        process.terminate()
        process.wait(stage.START_S)


def _answers(peer: Peer) -> bool:
    try:
        peer.ask()
    except OSError:
        return False
    return True
