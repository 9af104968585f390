"""Whatever code a decision ends with, there is a sentence for it."""

import pytest

from prasan.node.releasing.settling import HELD_VERBATIM, UNREADABLE, WITHDRAWN
from prasan.release.decide import CODES, VERDICT_CODES
from prasan.words.catalogue import known

RENDERED = ("not_verbatim", "lost_reference", "lost_text", "unknown_type", "too_large")


PULLED = ("unreachable", "refused", "page_cut", "ledger", "defect")
"""What a pull may end with, as `Summary.failure` says."""


@pytest.mark.parametrize("code", PULLED)
def test_every_end_of_a_pull_has_its_sentence(code: str) -> None:
    assert known(f"sync.{code}")


@pytest.mark.parametrize("code", [*CODES, *VERDICT_CODES.values(), *RENDERED, HELD_VERBATIM, UNREADABLE, WITHDRAWN])
def test_every_code_has_its_sentence(code: str) -> None:
    assert known(f"decision.{code}")
