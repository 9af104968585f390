"""The objects of the control lane: recall and receipt (docs/wire.md, section 8)."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix import format_time, parse_time
from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_ids import RECALL, RECEIPT, object_id
from prasan.picture.marking import Marking


class Recall(msgspec.Struct, frozen=True):
    """What is asked back from one recipient: the view's id and versions, why, and until when (seconds UTC)."""

    recipient: str
    target_id: str
    target_versions: tuple[str, ...]
    reason: str
    deadline: float
    note: str = ""


def recall_id(node: str, recall: Recall) -> str:
    """The same recall of the same versions always has the same id, so sending it twice changes nothing."""
    key = "/".join((recall.recipient, recall.target_id, *sorted(recall.target_versions)))
    return object_id(RECALL, node, key)


def recall_object(recall: Recall, stamp: Stamp, marking: Marking) -> bytes:
    """A `prasan-recall`. The recipient is part of its id and not of its content."""
    return encode(
        common(recall_id(stamp.node, recall), stamp, marking)
        | {
            "target_id": recall.target_id,
            "target_versions": sorted(recall.target_versions),
            "reason": recall.reason,
            "note": recall.note or None,
            "deadline": format_time(recall.deadline),
        }
    )


class _Asked(msgspec.Struct, frozen=True):
    target_id: str
    target_versions: tuple[str, ...]
    reason: str
    deadline: str
    note: str = ""


_ASKED = msgspec.json.Decoder(_Asked)


def read_recall(raw: bytes, recipient: str) -> Recall:
    """The recall that a partner sent to `recipient`. FormatError if a property is not of its kind."""
    try:
        asked = _ASKED.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(f"the recall does not hold: {error}", "Ask the partner to send it again.") from None
    return Recall(
        recipient=recipient,
        target_id=asked.target_id,
        target_versions=asked.target_versions,
        reason=asked.reason,
        deadline=parse_time(asked.deadline, "the recall's deadline"),
        note=asked.note,
    )


class Receipt(msgspec.Struct, frozen=True):
    """The answer to a recall: ids withdrawn; id -> code of why not; how many onward recalls are pending. From whom
    they are pending is not the recalling partner's to know."""

    recall_id: str
    withdrawn: tuple[str, ...]
    not_withdrawn: Mapping[str, str] = {}
    onward_pending: int = 0


def receipt_object(receipt: Receipt, stamp: Stamp, marking: Marking) -> bytes:
    """A `prasan-receipt`. A later answer to the same recall is a newer version of the same object."""
    refused = receipt.not_withdrawn
    return encode(
        common(object_id(RECEIPT, stamp.node, receipt.recall_id), stamp, marking)
        | {
            "recall_id": receipt.recall_id,
            "withdrawn": sorted(receipt.withdrawn),
            "not_withdrawn": [{"id": name, "reason": refused[name]} for name in sorted(refused)],
            "onward_pending": receipt.onward_pending,
        }
    )


class _NotWithdrawn(msgspec.Struct, frozen=True):
    id: str
    reason: str


class _Answered(msgspec.Struct, frozen=True):
    recall_id: str
    withdrawn: tuple[str, ...]
    not_withdrawn: tuple[_NotWithdrawn, ...]
    onward_pending: Annotated[int, msgspec.Meta(ge=0, le=2**31)]


_ANSWERED = msgspec.json.Decoder(_Answered)


def read_receipt(raw: bytes) -> Receipt:
    """A partner's answer. FormatError if a property is not of its kind."""
    try:
        answered = _ANSWERED.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(f"the receipt does not hold: {error}", "Ask the partner to send it again.") from None
    refused = {one.id: one.reason for one in answered.not_withdrawn}
    return Receipt(answered.recall_id, answered.withdrawn, refused, answered.onward_pending)
