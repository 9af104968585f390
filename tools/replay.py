"""Play a recorded NMEA file to whoever connects, so many times as fast: `python tools/replay.py FILE --speed 60`.

Times are those of the tag blocks (`c:`, seconds UTC); lines without one go out with the line before. Connect a node
with `[[feed]] url = "tcp://127.0.0.1:10110"`. It starts with the first connection and ends when the file does.
"""

import argparse
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TIME = re.compile(rb"^\\[^\\]*?c:(\d{9,11})")
TICK_S = 0.1


def pieces(lines: list[bytes], speed: float) -> Iterator[tuple[float, bytes]]:
    """Seconds since the start, on the wall, and the lines that are due then."""
    first: int | None = None
    now, gathered = 0.0, list[bytes]()
    for line in lines:
        found = TIME.match(line)
        if found:
            t = int(found.group(1))
            first = t if first is None else first
            due = (t - first) / speed
            if due >= now + TICK_S:
                if gathered:
                    yield now, b"".join(gathered)
                now, gathered = due, []
        gathered.append(line)
    yield now, b"".join(gathered)


def play(lines: list[bytes], speed: float, listener: socket.socket) -> int:
    """Serve one connection; how many lines went out."""
    connection, _ = listener.accept()
    with connection:
        start = time.monotonic()
        for due, text in pieces(lines, speed):
            time.sleep(max(0.0, start + due - time.monotonic()))
            connection.sendall(text)
    return len(lines)


def main() -> int:
    """Play the file once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10110)
    arguments = parser.parse_args()
    lines = arguments.file.read_bytes().splitlines(keepends=True)
    with socket.create_server((arguments.host, arguments.port)) as listener:
        sys.stderr.write(f"waiting on {arguments.host}:{listener.getsockname()[1]}\n")
        sys.stderr.flush()
        sent = play(lines, arguments.speed, listener)
    sys.stderr.write(f"{sent} lines sent\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
