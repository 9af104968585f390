"""Ports of the loopback for what a test starts: below those that the system gives to outgoing connections, which come
and go, and for each process of a run of tests a part of its own."""

import contextlib
import os
import random
import socket

HOST = "127.0.0.1"
FIRST, EACH, PARTS = 20_000, 1_500, 8


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Different ports that nobody has now."""
    first = FIRST + EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % PARTS)
    drawn = random.SystemRandom().sample(range(first, first + EACH), EACH)
    found = list[int]()
    for port in drawn:
        with socket.socket(socket.AF_INET, kind) as one, contextlib.suppress(OSError):
            one.bind((HOST, port))
            found.append(port)
        if len(found) == count:
            break
    return found
