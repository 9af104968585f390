"""Free text goes to nobody before an officer has read it, and not again when it changes."""

import pytest

from node.node_kit import PUBLIC, Kit, Partner, their_object
from node.test_transitions import RELEASE, policy
from prasan.errors import UsageError
from prasan.formats.stix import peek
from prasan.node.objects import KEPT, Kept, object_row, put
from prasan.node.releasing.explaining import explain
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.reading import mark_read, texts_of, unread
from prasan.release.facts import content_of


def received(kit: Kit, partner: str, key: str, text: str) -> str:
    """An incident of a partner's with words of people in it, under an accord that lets it pass on."""
    raw = their_object(partner, key, "incident", PUBLIC, description=text)
    header = peek(raw)
    kept = Kept(content_of(raw, header), kit.hands.now_us / 1e6, unread_text=True, onward="tlp")
    with kit.node.store.write() as tx:
        put(kit.node, tx, object_row(raw, header, partner, PUBLIC, kept, kit.hands.now_us))
    return header.id


def codes(kit: Kit, name: str, to: str) -> list[str]:
    return [one.code for one in explain(kit.node, name, to).reasons]


def test_what_was_read_goes_out(kit: Kit, us: Partner, generous: Partner) -> None:
    name = received(kit, generous.id, "1", "Two men in a skiff.")
    policy(kit, RELEASE)
    assert codes(kit, name, us.id) == ["decision.unread_text"]
    assert [*unread(kit.node.store)] == [name]
    assert texts_of(kit.node.store, name).texts == {"description": ["Two men in a skiff."]}
    text = mark_read(kit.node, name, "officer")
    work_due(kit.node)
    assert text.read
    assert [*unread(kit.node.store)] == []
    assert [one["type"] for one in kit.now_read(us, "objects")].count("incident") == 1
    row = kit.node.store.object(name)
    assert row is not None
    assert KEPT(row.facts).unread_text is False
    entries = [one.entry for one in kit.node.store.leaf_rows("node") if one.entry]
    assert sum(b'"text_read"' in entry for entry in entries) == 1
    assert not any(b"skiff" in entry for entry in entries), "a record holds no words of people"


def test_read_twice_is_on_record_once(kit: Kit, us: Partner, generous: Partner) -> None:
    name = received(kit, generous.id, "1", "Two men in a skiff.")
    for _ in range(2):
        mark_read(kit.node, name, "officer")
    assert sum(b'"text_read"' in (one.entry or b"") for one in kit.node.store.leaf_rows("node")) == 1


def test_what_has_no_text_cannot_be_read(kit: Kit, us: Partner) -> None:
    for name in (kit.event("a"), "incident--00000000-0000-4000-8000-000000000000"):
        with pytest.raises(UsageError, match="no object"):
            mark_read(kit.node, name, "officer")
