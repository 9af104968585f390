"""Every sentence exists in both languages, with the same values, and says what it is asked to say."""

import io
import string
from importlib.resources import files
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from prasan.detect.kinds import MESSAGES as SAID
from prasan.detect.kinds import NOT_ASSESSABLE
from prasan.detect.life import REASONS
from prasan.detect.rules import RANGES
from prasan.exchange.intake import Reason
from prasan.formats.incidents import ATTACK_TYPES
from prasan.formats.stix_consent import State
from prasan.node.acts.consenting import Refusal
from prasan.node.acts.duties import Standing
from prasan.picture.finding import KINDS
from prasan.picture.marking import PURPOSES, Tlp
from prasan.release.decide import BY_CONSENT, CODES, CONSENT_STEPS, VERDICT_CODES
from prasan.words import LANGUAGES, Message, say, say_message
from prasan.words.catalogue import ENGLISH, catalogue, known
from prasan.words.messages import TABLES


def thai() -> Catalog:
    text = files("prasan.words").joinpath("locale/th/LC_MESSAGES/prasan.po").read_bytes()
    return read_po(io.BytesIO(text), locale="th", abort_invalid=True)


def names(template: str) -> set[str]:
    return {str(name) for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_no_code_is_in_two_tables() -> None:
    assert len(ENGLISH) == sum(map(len, TABLES))


def test_every_message_has_thai_and_none_is_fuzzy_stale_or_empty() -> None:
    entries = {str(e.context): e for e in thai() if e.id}
    assert entries.keys() == ENGLISH.keys()
    assert [code for code, e in entries.items() if e.fuzzy or not e.string] == []
    assert [code for code, e in entries.items() if e.id != ENGLISH[code]] == []
    assert not thai().obsolete


def test_both_languages_name_the_same_values() -> None:
    assert [code for code in ENGLISH if names(ENGLISH[code]) != names(catalogue("th")[code])] == []


def test_thai_is_thai() -> None:
    latin = {code for code, text in catalogue("th").items() if not any("\u0e00" <= sign <= "\u0e7f" for sign in text)}
    assert latin <= {"summary.incident_bare"}


@pytest.mark.parametrize("kind", SAID)
def test_what_a_kernel_says_can_be_said_with_its_evidence(kind: str) -> None:
    assert f"kind.{kind}" in ENGLISH
    for code, values in SAID[kind].items():
        assert names(ENGLISH[f"finding.{code}"]) <= set(values)
        assert {f"measure.{name}" for name in values} <= ENGLISH.keys()


def test_every_threshold_has_a_name() -> None:
    assert {f"measure.{name}" for name in RANGES} <= ENGLISH.keys()


def test_codes_of_other_rooms_have_sentences() -> None:
    wanted = {
        *(f"decision.{code}" for code in (*CODES, *VERDICT_CODES.values(), BY_CONSENT, CONSENT_STEPS)),
        *(f"quarantine.{code}" for code in (*get_args(Reason), *get_args(Refusal))),
        *(f"recall.{code}" for code in get_args(Standing)),
        *(f"consent.{code}" for code in (*get_args(State), "expired") if code != "asked"),
        *(f"life.{code}" for code in REASONS),
        *(f"not_assessable.{code}" for codes in NOT_ASSESSABLE.values() for code in codes),
        *(f"attack.{code}" for code in ATTACK_TYPES.values()),
        *(f"kind.{kind}" for kind in KINDS),
        *(f"purpose.{purpose}" for purpose in PURPOSES),
        *(f"tlp.{label.name.lower()}" for label in Tlp),
    }
    assert sorted(wanted - ENGLISH.keys()) == []


@given(
    code=st.sampled_from(sorted(ENGLISH)),
    lang=st.sampled_from(LANGUAGES),
    value=st.none() | st.floats() | st.text(min_size=1),
)
def test_a_sentence_is_always_made(code: str, lang: str, value: object) -> None:
    assert say(code, dict.fromkeys(names(ENGLISH[code]), value), lang)
    assert "{" not in say(code, {}, lang)


def test_a_missing_value_is_a_dash_and_an_unknown_code_shows_itself() -> None:
    assert say("step.place_deg") == "Place rounded to a cell of – degrees"
    assert say("decision.new_reason") == "new reason"


def test_a_message_value_is_said_in_either_language() -> None:
    message = Message("decision.rule_withholds", {"rule": "andaman-approaches"})
    assert say_message(message) == "Rule “andaman-approaches” withholds it."
    assert say_message(message, "th") == "กฎ “andaman-approaches” ให้ระงับไม่ส่ง"


def test_a_value_may_be_a_message() -> None:
    message = Message("summary.incident", {"attack": Message("attack.boarded"), "status": Message("status.anchored")})
    assert say_message(message) == "Boarded. Vessel status: at anchor."
    assert say_message(message, "th") == "บุกขึ้นเรือ สถานะเรือ: ทอดสมอ"


def test_what_is_not_known_is_not_mentioned() -> None:
    evidence = {"before_count": 14, "before_h": 2.2, "last_sog_kn": None}
    assert say("finding.gap_open", evidence).endswith("14 positions came in 2.2 hours.")
    assert say("finding.gap_open", evidence | {"last_sog_kn": 8.0}).endswith("the last speed was 8.0 knots.")


def test_a_time_is_written_as_iso() -> None:
    assert say("summary.vessel", {"time": 1_327_622_400}) == "Last heard 2012-01-27T00:00Z."


def test_values_are_never_read_as_templates() -> None:
    assert say("decision.rule_releases", {"rule": "{rule.__class__}"}) == "Rule “{rule.__class__}” releases it."


@pytest.mark.parametrize("ground", ["begin", "end", "both", "way", "calm"])
def test_what_decided_a_gap_is_said_in_words(ground: str) -> None:
    assert known(f"value.{ground}")
