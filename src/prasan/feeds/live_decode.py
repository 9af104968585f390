"""Pieces of a live feed -> rows, by the decoder that also reads files. Each stream has a decoder of its own."""

from typing import Final

from prasan.errors import FormatError
from prasan.feeds.live import Options, Piece
from prasan.feeds.live_meter import Meter
from prasan.formats.ais_batch import Batch, Counts
from prasan.formats.ais_batch import Options as Reading
from prasan.formats.ais_detect import LOOK, Decoder

STREAMS: Final = 256
"""Streams open at once; then the one that was silent longest is ended. Senders of UDP never say that they are gone."""


class Decoding:
    """The decoders of one feed. What is in no dialect is counted and told to the meter; the feed goes on."""

    def __init__(self, options: Options, meter: Meter) -> None:
        self._options, self._meter = options, meter
        self._streams: dict[str, _Stream] = {}

    def take(self, piece: Piece) -> list[Batch]:
        """The rows of the next piece; they are accounted for."""
        if piece.stream is None:
            return self.finish()
        stream = self._streams.pop(piece.stream, None) or _Stream(self._options)
        batches = stream.feed(piece.data, piece.t) if piece.data else []
        if piece.ended:
            batches += stream.finish()
        else:
            self._streams[piece.stream] = stream  # the newest is last
        self._tell(stream)
        for batch in batches:
            self._meter.note(batch, piece.t)
        return batches + self._give_up_oldest()

    def finish(self) -> list[Batch]:
        """The end of all streams."""
        return [batch for name in list(self._streams) for batch in self._end(name)]

    def _give_up_oldest(self) -> list[Batch]:
        return self._end(next(iter(self._streams))) if len(self._streams) > STREAMS else []

    def _end(self, name: str) -> list[Batch]:
        stream = self._streams.pop(name)
        batches = stream.finish()
        self._tell(stream)
        for batch in batches:
            self._meter.note(batch, stream.received)
        return batches

    def _tell(self, stream: "_Stream") -> None:
        if stream.refused is not None:
            self._meter.change(problem="not_ais", detail=str(stream.refused))
            self._meter.lose(_not_ais(stream.refused_lines))
            stream.refused, stream.refused_lines = None, 0


class _Stream:
    """One decoder. Bytes in which no dialect is found are passed over by whole lines, and it looks again."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._decoder, self._unsure = _begin(options), bytearray()
        self.received = 0.0
        self.refused: FormatError | None = None
        self.refused_lines = 0

    def feed(self, data: bytes, received: float) -> list[Batch]:
        self.received = received
        if self._decoder.dialect is None:
            self._unsure += data
        else:
            self._unsure.clear()
        try:
            return self._decoder.feed(data, Reading(self._options.source, default_t=received, now=received))
        except FormatError as error:
            return self._pass_over(error, data)

    def finish(self) -> list[Batch]:
        try:
            return self._decoder.finish()
        except FormatError as error:
            self.refused, self.refused_lines = error, self.refused_lines + max(len(self._unsure.splitlines()), 1)
            return []

    def _pass_over(self, error: FormatError, data: bytes) -> list[Batch]:
        if self._options.dialect is not None:  # the lines before were counted, and none can be looked at otherwise
            self.refused, self.refused_lines = error, self.refused_lines + data.count(b"\n")
            self._decoder = _begin(self._options)
            return []
        whole = self._unsure.rfind(b"\n") + 1
        rest = bytes(self._unsure[whole:]) if whole or len(self._unsure) < LOOK else b""
        lines = self._unsure.count(b"\n") + (not whole and not rest)
        self.refused, self.refused_lines = error, self.refused_lines + lines
        self._decoder, self._unsure = _begin(self._options), bytearray()
        return self.feed(rest, self.received) if rest else []


def _begin(options: Options) -> Decoder:
    return Decoder(Reading(options.source), options.dialect)


def _not_ais(lines: int) -> Counts:
    return Counts(lines, 0, {"not_ais": lines} if lines else {})
