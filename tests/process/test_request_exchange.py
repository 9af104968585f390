"""A request for information between two real nodes, from the question to the rating, with a kill on the way."""

from pathlib import Path
from typing import Any

import pytest
from pair_kit import KILLED, READER, SENDER, Stage, partner_id, problems

from prasan.node.acts.requesting import history_of
from prasan.node.acts.requests import listed
from prasan.node.node import Node

pytestmark = pytest.mark.process


def say(stage: Stage, who: str, *words: str) -> dict[str, Any]:
    """A command at one node, which answers with one line."""
    process = stage.start(*words, "--home", str(stage.home(who)))
    assert process.wait() == 0, process.errors()
    (line,) = process.lines()
    return line


def bring(stage: Stage, who: str, to: str) -> None:
    """One node pulls from the other, which brings its word there."""
    serving = stage.serve(name=to)
    process = stage.start("sync", to, "--home", str(stage.home(who)))
    assert process.wait() == 0, process.errors()
    serving.stop()


def history(stage: Stage, who: str) -> tuple[str, ...]:
    node = Node(stage.home(who))
    (row,) = node.store.requests()
    texts = history_of(node.store, row.partner, row.id).texts
    node.close()
    return texts


def test_the_whole_life_between_two_processes(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path / "pair")
    asked = say(
        stage, READER, "request", "new", "--to", SENDER, "--about", "Which ships lay off the strait?", "--by",
        "2036-01-01", "--purpose", "maritime_security", "--priority", "immediate",
    )  # fmt: skip
    assert (asked["standing"], asked["side"], asked["partner"]) == ("sent", "ours", SENDER)
    name = asked["id"][-12:]
    # The asker is killed before its question is posted: it is posted by the next pull, once.
    serving = stage.serve()
    assert stage.sync(crash_at="receipt").wait() == KILLED
    assert stage.sync().wait() == 0
    serving.stop()
    assert say(stage, SENDER, "request", "show", name)["standing"] == "received"
    say(stage, SENDER, "request", "accept", name)
    say(stage, SENDER, "request", "answer", name, "--text", "Two tankers.", "--partly")
    say(stage, SENDER, "request", "answer", name, "--text", "And a tug: that is all.")
    bring(stage, SENDER, READER)
    answered = say(stage, READER, "request", "show", name)
    assert answered["standing"] == "answered"
    assert [one["text"] for one in answered["changes"] if one["state"].endswith("answered")] == [
        "Two tankers.", "And a tug: that is all.",
    ]  # fmt: skip
    say(stage, READER, "request", "close", name)
    assert say(stage, READER, "request", "rate", name, "4", "--text", "Quick.")["standing"] == "rated"
    bring(stage, READER, SENDER)
    assert history(stage, SENDER) == history(stage, READER)
    sender = Node(stage.home(SENDER))
    (row,) = listed(sender, changes=True)
    assert [one.state for one in row.changes] == [
        "sent", "received", "accepted", "partly_answered", "answered", "closed", "rated",
    ]  # fmt: skip
    assert sender.store.outgoing(partner_id(sender)) == []
    sender.close()
    assert problems(stage) == []
