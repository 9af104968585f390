"""What is said of an object finds its way back to whoever made it: from the partner that got a view of it, and from the
partner's partner through a view of the view."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson
import pytest

from node.node_kit import AMBER, Kit
from node.test_transitions import adopt
from node.three_kit import Three, reasons
from prasan.errors import UsageError
from prasan.formats.stix import header
from prasan.formats.stix_feedback import OPINION, Sighted, note_object, opinion_object, sighting_object
from prasan.formats.stix_ids import EVENT, NOTE, ids_in, object_id
from prasan.node.acts.feedback import Heard, Word, heard_of, say
from prasan.node.objects import STAFF
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.reading import mark_read
from prasan.picture.marking import Marking, Tlp

GREEN = Marking(tlp=Tlp.GREEN)
ALL = 'id = "all"\nto = ["partners", "class:staff"]\nthen = "release"\n'
FREE = 'to = ["partners"]\ntypes = ["opinion", "note", "sighting"]\nthen = "release"\n'
COARSE = (
    f'id = "said"\n{FREE}[[rule]]\nid = "staff"\nto = ["class:staff"]\nthen = "release"\n'
    '[[rule]]\nid = "coarse"\nto = ["{to}"]\nthen = "sanitise"\nplace_deg = 0.5\n'
)


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Three]:
    made = Three(tmp_path, monkeypatch, onward="tlp")
    yield made
    made.close()


def chain(three: Three, marking: Marking = GREEN) -> tuple[str, str, str]:
    """An event of A's, B's view of it, and C's view of that: three ids."""
    name = three.a.event("a", "encounter", marking)
    adopt(three.a, COARSE.replace("{to}", "us-mo"))
    adopt(three.b, COARSE.replace("{to}", "my-mc"))
    adopt(three.c, COARSE.replace("{to}", "public"))
    three.pull(three.b, three.c)
    found = [name]
    for kit, partner in ((three.b, three.a), (three.c, three.b)):
        rows = [row for _, row in kit.node.store.objects(types=[EVENT]) if row.origin == partner.id]
        found += [row.id for row in rows]
    assert len(set(found)) == len(found)
    return tuple(found)  # type: ignore[return-value]


def heard(kit: Kit, name: str) -> list[Heard]:
    return list(heard_of(kit.node, STAFF, name))


def words(kit: Kit, name: str) -> list[tuple[str, str, str, str]]:
    return [(one.by, one.via, one.word or one.kind, one.text) for one in heard(kit, name)]


def test_what_c_says_of_bs_view_reaches_b_and_a_on_their_own_objects(three: Three) -> None:
    at_a, at_b, at_c = chain(three)
    said = say(three.c.node, "disagree", at_c)
    assert (said.to, said.verdict) == ("us-mo", "release")
    three.pull(three.b, three.a)
    assert words(three.c, at_c) == [("", "", "disagree", "")]
    assert words(three.b, at_b) == [("my-mc", "", "disagree", "")]
    assert words(three.a, at_a) == [("us-mo", "", "disagree", "")], "of whom B has it A is not told"
    for kit in three.kits:
        assert all(reasons(kit, other.id) == [] for other in three.kits if other is not kit)


def test_no_id_that_a_reader_does_not_know_is_in_what_it_gets(three: Three) -> None:
    at_a, at_b, at_c = chain(three)
    say(three.c.node, "agree", at_c)
    three.pull(three.b, three.a)
    ((_, in_b),) = three.b.node.store.objects(types=[OPINION])
    assert orjson.loads(in_b.raw)["object_refs"] == [at_c], "C names what it holds"
    ((_, in_a),) = three.a.node.store.objects(types=[OPINION])
    assert orjson.loads(in_a.raw)["object_refs"] == [at_b], "and B what A gave it"
    assert not {at_c, in_b.id, three.c.id} & ids_in(in_a.raw.decode())
    assert at_a not in in_a.raw.decode()


def test_text_waits_for_an_officer_at_every_node_that_passes_it_on(three: Three) -> None:
    at_a, at_b, at_c = chain(three)
    said = say(three.c.node, "note", at_c, "She was in our port that day.")
    three.pull(three.b, three.a)
    assert words(three.b, at_b) == [("my-mc", "", "note", "She was in our port that day.")]
    assert heard(three.a, at_a) == []
    assert [one.code for one in explain(three.b.node, said.id, "th-mc").reasons] == ["decision.unread_text"]
    mark_read(three.b.node, said.id, "officer")
    three.pull(three.b, three.a)
    assert words(three.a, at_a) == [("us-mo", "", "note", "She was in our port that day.")]


def test_an_amber_opinion_is_not_passed_on_without_consent(three: Three) -> None:
    """TLP lets CLEAR and GREEN pass: what B got under AMBER of C stays at B."""
    name = three.a.event("a", "encounter", AMBER)
    adopt(three.a, ALL)
    adopt(three.b, ALL)
    three.pull(three.b)
    held = three.b.event("b", "encounter", AMBER)
    adopt(three.c, ALL)
    three.pull(three.c)
    say(three.c.node, "agree", held)
    three.pull(three.b, three.a)
    assert words(three.b, held) == [("my-mc", "", "agree", "")]
    say(three.b.node, "agree", name)
    three.pull(three.b, three.a)
    assert words(three.a, name) == [("us-mo", "", "agree", "")], "B's own word goes to A"


def test_another_opinion_takes_the_place_of_the_first(three: Three) -> None:
    at_a, at_b, _ = chain(three)
    for word in ("agree", "disagree"):
        say(three.b.node, word, at_b)
        three.pull(three.b, three.a)
    assert [one.word for one in heard(three.a, at_a)] == ["disagree"]
    say(three.b.node, "note", at_b, "One.")
    say(three.b.node, "note", at_b, "Two.")
    assert len(heard(three.b, at_b)) == 3


def test_what_speaks_of_an_object_is_under_its_marking_and_its_sender_may_hear(three: Three) -> None:
    marking = msgspec.structs.replace(GREEN, orcon=frozenset({three.a.id}), rel_to=frozenset({three.b.id}))
    name = three.a.event("a", "encounter", marking)
    for kit in three.kits:
        adopt(kit, ALL)
    three.pull(three.b)
    assert say(three.b.node, "agree", name).verdict == "release"
    (opinion,) = [row for _, row in three.b.node.store.objects(types=[OPINION])]
    assert opinion.marking.orcon == {three.a.id}
    assert opinion.marking.rel_to == frozenset({three.a.id, three.b.id})
    codes = {one.code for one in explain(three.b.node, opinion.id, "my-mc").reasons}
    assert {"decision.orcon", "decision.rel_to"} <= codes


def test_what_cannot_be_said_is_said(three: Three) -> None:
    at_a, at_b, _ = chain(three)
    opinion = say(three.b.node, "agree", at_b).id
    nothing = EVENT + "--00000000-0000-4000-8000-000000000000"
    own = three.b.event("own")
    refused: list[tuple[Word, str, str, str]] = [
        ("agree", own, "", "is our own"),
        ("agree", nothing, "", "there is no object"),
        ("agree", at_a, "", "there is no object"),
        ("agree", opinion, "", "there is no object"),
        ("note", at_b, " ", "a note says something"),
        ("note", at_b, "x" * 1001, "1001 characters"),
        ("note", at_b, f"like {own}", "names an object's id"),
    ]
    for word, name, text, why in refused:
        with pytest.raises(UsageError, match=why):
            say(three.b.node, word, name, text)


def test_nobody_but_our_own_staff_reads_who_said_what(three: Three) -> None:
    _, at_b, _ = chain(three)
    say(three.b.node, "agree", at_b)
    assert heard_of(three.b.node, three.c.id, at_b) == ()
    assert len(heard(three.b, at_b)) == 1


def test_a_coarser_form_has_no_words(three: Three) -> None:
    """Words go as they are or not at all: a note that a rule makes coarser is withheld, with that reason."""
    at_a, at_b, _ = chain(three)
    adopt(three.b, ALL.replace('then = "release"', 'then = "sanitise"\ntime_min = 60'))
    said, opinion = say(three.b.node, "note", at_b, "Words."), say(three.b.node, "agree", at_b, "Words.")
    assert (said.verdict, said.codes[-1]) == ("withhold", "decision.lost_text")
    assert opinion.verdict == "sanitise"
    three.pull(three.b, three.a)
    assert words(three.a, at_a) == [("us-mo", "", "agree", "")]


def test_they_are_native_objects(three: Three) -> None:
    stamp, about = three.a.stamp(), object_id(EVENT, three.a.id, "x")
    made = [
        opinion_object(about, "agree", "Seen.", stamp, GREEN),
        note_object(object_id(NOTE, three.a.id, "n"), about, "Seen.", stamp, GREEN),
        sighting_object(object_id("sighting", three.a.id, "s"), Sighted(about, 1.7e9, 1.7e9 + 60, 3), stamp, GREEN),
    ]
    assert [header(raw).type for raw in made] == ["opinion", "note", "sighting"]
