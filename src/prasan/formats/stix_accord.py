"""An accord on its way between its parties (docs/wire.md, section 3): the signed text, or one party's change to it."""

from typing import Annotated

import msgspec

from prasan.errors import FormatError
from prasan.formats.stix_build import Stamp, common, encode
from prasan.formats.stix_fields import Sha256
from prasan.formats.stix_ids import ACCORD, object_id
from prasan.picture.marking import Marking

MAX_TEXT = 48 * 1024
"""Characters of what it carries: the object stays under 64 KB."""

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class AccordNews(msgspec.Struct, frozen=True):
    """`accord` is the hash of its text; exactly one of the others is not "": the accord as a JWS in general JSON with
    the signatures it has, or a change as a compact JWS."""

    accord: Sha256
    signed: Text = ""
    change: Text = ""


_NEWS = msgspec.json.Decoder(AccordNews)


def accord_object(news: AccordNews, stamp: Stamp, marking: Marking, key: str) -> bytes:
    """A `prasan-accord`. `key` tells apart what is said of one accord."""
    said = {"accord": news.accord, "signed": news.signed or None, "change": news.change or None}
    return encode(common(object_id(ACCORD, stamp.node, f"{news.accord}/{key}"), stamp, marking) | said)


def read_accord_news(raw: bytes) -> AccordNews:
    """What a partner says of an accord. FormatError if it is not of its form."""
    try:
        news = _NEWS.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(f"the accord does not hold: {error}", "Ask the partner to send it again.") from None
    if bool(news.signed) == bool(news.change):
        raise FormatError(
            "an accord carries its signed text or a change, one of them", "Ask the partner to send it again."
        )
    return news
