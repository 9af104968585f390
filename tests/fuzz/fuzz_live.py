"""A live feed: pieces of several streams, with pauses and ends between them."""

from fuzz_kit import NOW, Draw, pieces

from prasan.feeds.live import Health, Options, Piece, parse_address
from prasan.feeds.live_decode import Decoding
from prasan.feeds.live_meter import Meter

ADDRESS = parse_address("udp://127.0.0.1:10110")


def check_live(data: bytes) -> None:
    """It goes on whatever comes, the account adds up, and what was refused is told."""
    draw = Draw(data)
    meter = Meter(Health("udp://127.0.0.1:10110", "feed", NOW))
    dialect = (None, None, None, "nmea", "plain_csv", "gfw_jsonl")[draw.below(6)]
    decoding = Decoding(Options(ADDRESS, "feed", dialect), meter)
    rows = given = 0
    for number, part in enumerate(pieces(data, draw.cuts(len(data)))):
        stream = str(draw.below(2)) if draw.below(9) else None
        ended = draw.below(5) == 0
        given += len(part.strip()) if stream else 0
        for batch in decoding.take(Piece(stream, part if stream else b"", NOW + number, ended)):
            rows += batch.positions.num_rows + batch.statics.num_rows
    rows += sum(batch.positions.num_rows + batch.statics.num_rows for batch in decoding.finish())
    counts = meter.health.counts
    assert counts.adds_up
    assert not rows or counts.kept
    assert counts.lines or not given
