"""A live feed of a dialect that is given: what is not in it is counted line by line, and reading goes on."""

from prasan.feeds.live import Health, Options, Piece, parse_address
from prasan.feeds.live_decode import Decoding
from prasan.feeds.live_meter import Meter

TABLE = b"mmsi,t,lat,lon\n567000001,1620000000,13.5,100.5\n"


def test_lines_before_the_header_of_a_given_dialect_are_counted() -> None:
    meter = Meter(Health("tcp://127.0.0.1:1", "feed", 0.0))
    decoding = Decoding(Options(parse_address("tcp://127.0.0.1:1"), "feed", "plain_csv"), meter)
    for number, data in enumerate((b"# hello\n", b"a,b,c,d\n1,2,3,4\n5,6,7,8\n", TABLE)):
        decoding.take(Piece("", data, 1_700_000_000.0 + number))
    decoding.finish()
    counts = meter.health.counts
    assert (counts.lines, counts.kept, counts.dropped) == (6, 1, {"not_ais": 4, "header": 1})


def test_a_last_line_that_is_refused_is_a_line() -> None:
    meter = Meter(Health("tcp://127.0.0.1:1", "feed", 0.0))
    decoding = Decoding(Options(parse_address("tcp://127.0.0.1:1"), "feed", "plain_csv"), meter)
    decoding.take(Piece("", b"a,b,c,d", 1_700_000_000.0))
    decoding.finish()
    assert meter.health.counts.dropped == {"not_ais": 1}
    assert meter.health.problem == "not_ais"
