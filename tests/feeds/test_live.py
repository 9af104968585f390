"""Live feeds over real sockets, and the law that no cut of a stream changes its rows."""

import os
import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_kit import (
    NOW,
    PollServer,
    Reader,
    Server,
    free_port,
    hands,
    positions,
    same_rows,
    sample,
    until,
    whole,
)

from prasan.errors import UsageError
from prasan.feeds.live import PROBLEMS, Health, Limits, Options, Piece, find_ills, is_live, parse_address
from prasan.feeds.live_decode import Decoding
from prasan.feeds.live_feed import Feed, Tuning
from prasan.feeds.live_meter import Meter
from prasan.feeds.live_sockets import TcpListenLink
from prasan.feeds.live_udp import UdpLink
from prasan.formats.ais_batch import Counts

BARE = b"!AIVDM,1,1,,B,15@:Ip002k3Dr;`78KwapWp@0H5b,0*0F\r\n"
DATA = sample(lines=600)
PARTS = [line for line in DATA.splitlines(keepends=True) if b"VDM,2," in line][:2]
CSV = b"mmsi,t,lat,lon\n567000001,2014-05-13T04:38:00Z,13.5,100.5\n"


def decoding() -> tuple[Decoding, Meter]:
    options = Options(parse_address("udp://127.0.0.1:1"), "test")
    meter = Meter(Health("udp://127.0.0.1:1", "test", NOW))
    return Decoding(options, meter), meter


# The law


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(DATA)), max_size=12))
def test_no_cut_of_the_stream_changes_its_rows(cuts: list[int]) -> None:
    decode, meter = decoding()
    edges = [0, *sorted(cuts), len(DATA)]
    batches = []
    for begin, end in pairwise(edges):
        batches += decode.take(Piece("one", DATA[begin:end], NOW))
    batches += decode.take(Piece("one", b"", NOW, ended=True))
    wanted = whole(DATA)
    assert same_rows(positions(batches), positions(wanted))
    assert meter.health.counts == sum((batch.counts for batch in wanted), Counts())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.binary(max_size=40)), max_size=20))
def test_every_line_is_accounted_for_whatever_comes(parts: list[tuple[str, bool, bytes]]) -> None:
    decode, meter = decoding()
    for stream, ended, data in parts:
        decode.take(Piece(stream, data, NOW, ended))
    decode.take(Piece(None, b"", NOW, ended=True))
    counts = meter.health.counts
    assert counts.adds_up
    assert counts.lines <= sum(data.count(b"\n") + data.count(b"\r") + 1 for _, _, data in parts)


def test_two_streams_never_meet() -> None:
    """The two parts of a message, one from each of two receivers, make no message."""
    for streams, counts in (("aa", Counts(2, 2)), ("ab", Counts(2, 0, {"fragment_missing": 2}))):
        decode, meter = decoding()
        for stream, part in zip(streams, PARTS, strict=True):
            decode.take(Piece(stream, part, NOW))
        decode.finish()
        assert meter.health.counts == counts


def test_senders_that_never_say_goodbye_are_ended_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.feeds.live_decode.STREAMS", 4)
    decode, meter = decoding()
    for number in range(12):
        decode.take(Piece(str(number), PARTS[0], NOW))
    assert len(decode._streams) == 4
    assert meter.health.counts == Counts(8, 0, {"fragment_missing": 8})


def test_what_is_no_dialect_is_counted_and_reading_goes_on() -> None:
    decode, meter = decoding()
    junk = b'{"colour":"red"}\n'
    sent = 0
    while not meter.health.problem:
        decode.take(Piece("a", junk * 2000, NOW))
        sent += 2000
    assert (meter.health.problem, meter.health.counts) == ("not_ais", Counts(sent, 0, {"not_ais": sent}))
    decode.take(Piece("a", b"hello you\n" + BARE, NOW))
    assert (meter.health.problem, meter.health.counts) == ("", Counts(sent + 2, 1, {"not_ais": sent + 1}))


def test_receive_time_marks_what_has_no_time() -> None:
    decode, meter = decoding()
    (batch,) = decode.take(Piece("a", BARE, NOW + 0.25))
    (row,) = batch.positions.to_pylist()
    assert (row["t"], row["sub_ms"], row["time_source"], row["lag_s"]) == (int(NOW), 250, 3, None)
    assert (meter.health.lag_s, meter.health.last_row_t, meter.health.last_kept) == (None, int(NOW), NOW + 0.25)


def test_how_late_rows_come_is_the_median() -> None:
    decode, meter = decoding()
    for late in (5, 7, 4000):
        decode.take(Piece("a", BARE.rstrip() + b",%d\r\n" % (NOW - late), NOW))
    assert meter.health.lag_s == 7


# Addresses


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gopher://x:1", "is not a live feed"),
        ("udp://0.0.0.0", "names no host and port"),
        ("tcp://host", "names no host and port"),
        ("tcp://host:99999", "is not a URL"),
        ("serial://", "names no device"),
        ("serial:///dev/ttyS0?baud=fast", "no number behind baud="),
        ("https:///x", "names no host"),
    ],
)
def test_wrong_addresses_are_refused_in_a_sentence(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_address(url)
    assert caught.value.remedy


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    address = parse_address("https://user:pass@data.example/ais?key=secret")
    assert address.shown == "https://data.example/ais"
    assert parse_address("tcp://[::1]:5").shown == "tcp://[::1]:5"
    assert parse_address("serial:///dev/ttyUSB0?baud=4800").baud == 4800
    assert is_live("udp://x:1")
    assert not is_live("C:/x.nmea")


# Health


def test_what_is_wrong_with_a_feed_is_found() -> None:
    health = Health("udp://x:1", "x", NOW, "connected", last_kept=NOW, lag_s=3.0, kernel_drops=0)
    assert find_ills(health, NOW + 300, Limits()) == []
    (silent,) = find_ills(health, NOW + 301, Limits())
    assert (silent.kind, silent.since, dict(silent.evidence)) == ("feed_silent", NOW, {"silent_s": 301, "limit_s": 300})
    for lag in (-301.0, 601.0):
        off = Health("udp://x:1", "x", NOW, "connected", last_kept=NOW, lag_s=lag, kernel_drops=4, dropped_at=NOW)
        assert [ill.kind for ill in find_ills(off, NOW, Limits())] == ["feed_clock_off", "feed_loss"]
        assert find_ills(off, NOW + 3601, Limits(silent_s=9999))[1:] == [], "an old loss is not told for ever"
    assert find_ills(Health("udp://x:1", "x", NOW, "stopped"), NOW + 9999, Limits()) == []


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_is_told_with_its_words_and_not_the_silence_it_explains(problem: str) -> None:
    health = Health("tcp://x:1", "x", NOW, "waiting", problem=problem, detail="Connection refused")
    (ill,) = find_ills(health, NOW + 9999, Limits())
    assert (ill.kind, ill.detail, ill.since) == (problem, "Connection refused", NOW)


def test_a_meter_notes_when_packets_were_last_lost() -> None:
    meter = Meter(Health("udp://x:1", "x", NOW))
    for packets, at, last in ((0, 1.0, None), (3, 2.0, 2.0), (3, 3.0, 2.0), (5, 4.0, 4.0)):
        meter.drop(packets, at)
        assert (meter.health.kernel_drops, meter.health.dropped_at) == (packets, last)


# Transports


@pytest.mark.parametrize("many", [True, False])
def test_udp_joins_what_one_sender_sent_and_keeps_senders_apart(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not many:
        monkeypatch.setattr("prasan.feeds.live_udp._recvmmsg", None)
    link = UdpLink(parse_address("udp://127.0.0.1:0"))
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for number in range(3000):
        senders[number % 2].sendto(b"%d" % number + b"\n" * (number % 3), link.address)
        senders[0].sendto(b"", link.address)
        if number == 1500:
            heard = _drained(link)
    for name, data in _drained(link).items():
        heard[name] += data
    for data, first in zip(heard.values(), (0, 1), strict=True):
        assert [int(line) for line in data.split()] == list(range(first, 3000, 2))
    link.close()
    for sender in senders:
        sender.close()


def _drained(link: UdpLink) -> dict[str, bytes]:
    heard: dict[str, bytes] = {}
    while (found := link.read(0.3)) is not None:
        heard[found[0]] = heard.get(found[0], b"") + found[1]
    return heard


def test_udp_is_read_and_rows_are_those_of_the_file() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with Reader(f"udp://127.0.0.1:{port}") as reader, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        until(lambda: reader.feed.meter.health.state == "connected")
        for line in DATA.splitlines():  # without line ends, as some receivers send
            sender.sendto(line, ("127.0.0.1", port))
        reader.take_until(lambda: reader.feed.meter.health.bytes >= len(DATA.replace(b"\r", b"")))
        reader.finish()
        assert same_rows(reader.rows, positions(whole(DATA)))
        assert reader.feed.meter.health.kernel_drops == 0


def test_udp_that_nobody_reads_is_dropped_by_the_kernel_which_counts_it() -> None:
    link = UdpLink(parse_address("udp://127.0.0.1:0"))
    if link.dropped() is None:
        pytest.skip("this kernel does not say")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sent = 0
        while not link.dropped():
            sender.sendto(bytes(60_000), link.address)
            sent += 1
        received = 0
        while (found := link.read(0.2)) is not None:
            received += found[1].count(b"\n")
    assert received + (link.dropped() or 0) == sent
    link.close()


def test_a_tcp_server_that_dies_is_found_again_and_nothing_is_lost() -> None:
    server = Server(DATA)
    with Reader(server.url, hello=b"login\n") as reader:
        wanted = positions(whole(DATA))
        reader.take_until(lambda: reader.feed.meter.health.bytes == len(DATA))
        until(lambda: server.heard == b"login\n")
        server.close()
        until(lambda: reader.feed.meter.health.problem == "cannot_open")
        again = Server(DATA, server.port)
        reader.take_until(lambda: reader.feed.meter.health.bytes == 2 * len(DATA))
        reader.finish()
        again.close()
        health = reader.feed.meter.health
        assert health.reconnects >= 1
        assert health.problem == ""
        rows = reader.rows
        assert same_rows(rows.slice(0, len(wanted)), wanted)
        assert same_rows(rows.slice(len(wanted)), wanted)


def test_a_line_that_broke_off_is_joined_to_no_line_of_the_next_connection() -> None:
    half = len(BARE) // 2
    server = Server(BARE + BARE[:half])
    with Reader(server.url) as reader:
        reader.take_until(lambda: reader.feed.meter.health.bytes == len(BARE) + half)
        server.says = BARE[half:] + BARE
        server.hang_up()
        reader.take_until(lambda: reader.feed.meter.health.bytes == 3 * len(BARE))
        reader.finish()
        server.close()
        assert reader.kept == 2
        assert reader.feed.meter.health.counts.adds_up


def test_tcp_waits_for_us_and_loses_nothing() -> None:
    """A sender that is faster than we take is held back by the kernel; in the end every byte is there."""
    data = DATA * 200
    server = Server(data)
    with Reader(server.url, Tuning(gather_s=0.01, gather_bytes=1 << 12, pieces=2)) as reader:
        until(reader.feed._queue.full)
        held = reader.feed.meter.health.bytes
        assert held < len(data)
        pieces: list[bytes] = []

        def step() -> bool:
            piece = reader.feed.take(0.01)
            pieces.append(piece.data if piece else b"")
            return sum(map(len, pieces)) == len(data)

        until(step)
        assert b"".join(pieces) == data
    server.close()


def test_what_is_behind_is_taken_in_larger_strides() -> None:
    """Pieces that wait come as one, unless another stream, another moment or an end lies between."""
    feed = Feed(Options(parse_address("udp://127.0.0.1:1"), "test"), hands())
    pieces = [
        Piece("a", b"1", NOW), Piece("a", b"2", NOW + 0.2), Piece("a", b"3", NOW + 0.4), Piece("b", b"4", NOW + 0.4),
        Piece("a", b"5", NOW + 0.4, ended=True), Piece("a", b"6", NOW + 0.5), Piece(None, b"", NOW + 0.5, ended=True),
    ]  # fmt: skip
    for piece in (*pieces, None):
        feed._put(piece)
    taken = [piece for _ in range(6) if (piece := feed.take(0)) is not None]
    assert [piece.data for piece in taken] == [b"12", b"3", b"4", b"5", b"6", b""]
    assert [piece.ended for piece in taken] == [False, False, False, True, False, True]
    assert [piece.t for piece in taken[:2]] == [NOW, NOW + 0.4]
    with pytest.raises(EOFError):
        feed.take(0)


def test_receivers_that_connect_by_themselves_are_streams_of_their_own() -> None:
    port = free_port()
    half = len(DATA) // 2
    with Reader(f"tcp-listen://127.0.0.1:{port}") as reader:
        until(lambda: reader.feed.meter.health.state == "connected")
        with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as two:
            one.sendall(DATA[:half])
            two.sendall(DATA)
            reader.take_until(lambda: reader.feed.meter.health.bytes == half + len(DATA))
            one.sendall(DATA[half:])
            reader.take_until(lambda: reader.feed.meter.health.bytes == 2 * len(DATA))
        reader.finish()
        assert len({piece.stream for piece in reader.pieces if piece.data}) == 2
        assert reader.kept == 2 * sum(batch.counts.kept for batch in whole(DATA))


def test_a_full_house_lets_the_next_in_when_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.feeds.live_sockets.CLIENTS", 2)
    link = TcpListenLink(parse_address("tcp-listen://127.0.0.1:0"))
    clients = [socket.create_connection(link.address[:2]) for _ in range(3)]
    for client in clients:
        client.sendall(BARE)
    heard: list[tuple[str, bytes]] = []
    while len(heard) < 2:
        found = link.read(0.2)
        heard += [found] if found else []
    assert link.read(0.05) is None
    clients[0].close()
    names = {name for name, _ in heard}
    while len(names) < 3:
        found = link.read(0.2)
        names |= {found[0]} if found else set()
    link.close()
    for client in clients:
        client.close()


def test_a_serial_line_is_read() -> None:
    ours, theirs = os.openpty()
    with Reader(f"serial://{os.ttyname(theirs)}") as reader:
        until(lambda: reader.feed.meter.health.state == "connected")
        writing = threading.Thread(target=_write, args=(ours, DATA))
        writing.start()
        reader.take_until(lambda: reader.feed.meter.health.bytes == len(DATA))
        writing.join()
        reader.finish()
        assert same_rows(reader.rows, positions(whole(DATA)))
        assert reader.feed.meter.health.kernel_drops is None
    os.close(ours)
    os.close(theirs)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


@pytest.mark.parametrize("url", ["serial:///dev/null", "serial:///no/such/tty", "serial:///dev/null?baud=7"])
def test_what_is_no_serial_line_is_said_and_tried_again(url: str) -> None:
    with Reader(url) as reader:
        until(lambda: reader.feed.meter.health.reconnects > 1)
        assert reader.feed.meter.health.problem == "cannot_open"
        assert reader.feed.meter.health.detail


def test_a_poll_takes_only_what_is_new() -> None:
    server = PollServer(CSV)
    with Reader(server.url, every_s=0.01) as reader:
        reader.take_until(lambda: server.unchanged >= 3)
        assert reader.kept == 1
        server.tag = None  # a server without validators: the bytes tell
        reader.take_until(lambda: server.asked >= server.unchanged + 4)
        assert reader.kept == 1
        server.status = 503
        until(lambda: "503" in reader.feed.meter.health.detail)
        server.status, server.body = 200, CSV.replace(b"04:38", b"04:39")
        reader.take_until(lambda: reader.kept == 2)
        assert "secret" not in reader.feed.meter.health.feed
    server.close()


def test_a_poll_of_one_whole_document_gives_its_rows() -> None:
    row = '{"mmsi": %d, "t": "2014-05-13T04:38:00Z", "lat": 13.5, "lon": 100.5}'
    server = PollServer(("[" + ",\n".join(row % (567000000 + number) for number in range(3000)) + "]").encode())
    with Reader(server.url, every_s=0.01) as reader:
        reader.take_until(lambda: reader.kept)
        assert reader.rows["mmsi"].to_pylist() == list(range(567000000, 567003000))
    server.close()


def test_a_poll_keeps_its_distance_also_after_a_failure() -> None:
    server = PollServer(CSV)
    server.status = 500
    with Reader(server.url, every_s=3600) as reader:
        until(lambda: reader.feed.meter.health.reconnects >= 1)
        until(lambda: reader.feed.meter.health.state == "connected")
        assert server.asked == 1
    server.close()


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.feeds.live_http.MOST", 10)
    server = PollServer(CSV)
    with Reader(server.url, every_s=0.01) as reader:
        until(lambda: "larger than" in reader.feed.meter.health.detail)
    server.close()


def test_a_websocket_without_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prasan.feeds.live_websocket._LIBRARY", "no_such_library")
    with pytest.raises(UsageError, match="needs a library that is not installed") as caught:
        Feed(Options(parse_address("wss://stream.example/v0"), "test"), hands())
    assert "prasan[websocket]" in caught.value.remedy
