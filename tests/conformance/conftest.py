"""One real `prasan serve` over TLS for every check, and users made by the commands an operator would type."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bench import Bench
from conformance.wire import OLD, Client, Server, envelope, indicator
from loopback import free_ports

COMMAND = (sys.executable, "-m", "prasan.cli")
PASSWORD = "a long enough password"
START_S = 60.0


def run(*arguments: str, give: str = "") -> str:
    """One command of the program; its output."""
    done = subprocess.run([*COMMAND, *arguments], input=give, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def served(home: Path) -> Iterator[Server]:
    """A node that answers, until the end."""
    port, peer = free_ports(2)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (home.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--home", str(home), "--port", str(port), "--peer-port", str(peer)],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    server = Server(port, (home / "keys" / "web.cert.pem").read_text())
    try:
        end = time.monotonic() + START_S
        while not answers(server):
            assert process.poll() is None, (home.parent / "serve.log").read_text()
            assert time.monotonic() < end, "the node did not start"
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def answers(server: Server) -> bool:
    client = Client(server)
    try:
        return client.ask("/taxii2/").status == 401
    except OSError:
        return False
    finally:
        client.close()


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("conformance") / "node"
    run("init", str(home), "--name", "test", "--country", "TH")
    for name, role in (("one", "partner"), ("filled", "partner"), ("empty", "partner"), ("staff", "watch")):
        run("user", "add", name, "--role", role, "--home", str(home), give=PASSWORD)
    token = run("token", "create", "--user", "one", "--home", str(home)).strip().splitlines()[-1]
    with served(home) as server:
        one, filled, empty, staff = (Client(server, name, PASSWORD) for name in ("one", "filled", "empty", "staff"))
        shelf = filled.writable()
        for minute in range(7):
            made = indicator(modified=OLD.replace("08:00", f"08:0{minute}"))
            assert filled.ask(shelf + "objects/", "POST", envelope([made])).status == 202
        made_bench = Bench(server, one, filled, empty, staff, Client(server), one.writable(), shelf, token)
        yield made_bench
        for client in (one, filled, empty, staff, made_bench.nobody):
            client.close()
