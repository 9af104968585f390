"""Real nodes whose keys and certificates change while they serve: the partner goes on without a telephone call.

Except for a lost key, where it must not.
"""

import json
import ssl
import time
from pathlib import Path

import pytest
from pair_kit import READER, SENDER, Stage

from loopback import HOST
from prasan.exchange.jws import thumbprint
from prasan.node.node import Node
from prasan.node.settings import load

pytestmark = pytest.mark.process

RELOADED_S = 60.0
"""A serving node looks for a new certificate every five seconds; a busy machine is given more."""


def run(stage: Stage, *words: str, code: int = 0) -> None:
    process = stage.start(*words)
    assert process.wait() == code, process.errors()


def pulled(stage: Stage) -> str:
    process = stage.sync()
    process.wait()
    return str(process.lines()[0]["failure"])


def print_of(stage: Stage, name: str) -> str:
    node = Node(stage.home(name))
    found = thumbprint(node.key.public_key())
    node.close()
    return found


def shown(stage: Stage) -> str:
    """The certificate that the sender shows at its peer port now."""
    return ssl.get_server_certificate((HOST, load(stage.home(SENDER)).listen.peer_port))


def until_another_is_shown(stage: Stage, than: str) -> None:
    end = time.monotonic() + RELOADED_S
    while shown(stage) == than:
        assert time.monotonic() < end, "the certificate stays"
        time.sleep(0.2)


def test_keys_and_certificates_change_while_both_serve(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path / "pair")
    sender, reader = str(stage.home(SENDER)), str(stage.home(READER))
    serving = stage.serve()
    assert pulled(stage) == ""

    for home in (sender, reader):
        run(stage, "key", "rotate", "--home", home)
    assert pulled(stage) == "", "both follow"

    run(stage, "key", "certificate", "--home", sender)
    assert [pulled(stage), pulled(stage)] == ["", ""]
    first = shown(stage)
    run(stage, "key", "certificate", "--use", "--home", sender)
    until_another_is_shown(stage, first)
    assert pulled(stage) == "", "the new certificate was in the card before it was used"

    since = "2026-01-01T00:00:00Z"
    second = shown(stage)
    run(stage, "key", "revoke", "--since", since, "--carry-accords", "--home", sender)
    until_another_is_shown(stage, second)
    assert pulled(stage) in ("unreachable", "refused"), "a lost key is followed by nobody"
    card = stage.root / "sender.card"
    process = stage.start("partner", "card", "--home", sender)
    assert process.wait() == 0
    card.write_text(json.dumps(process.lines()[0]))
    run(stage, "partner", "add", str(card), "--home", reader, code=2)
    run(stage, "partner", "add", str(card), "--confirm", print_of(stage, SENDER), "--home", reader)
    assert pulled(stage) == ""
    run(stage, "ledger", "verify", "--home", sender)
    run(stage, "ledger", "verify", "--home", reader)
    serving.stop()
