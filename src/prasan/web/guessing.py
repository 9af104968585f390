"""Limits on guessing passwords: after a few wrong ones an address and an account wait, each time twice as long.

NIST SP 800-63B (2017, section 5.2.2) asks for at most 100 wrong attempts in a row and names waits of 30 seconds to an
hour. An account is never locked: whoever signed in from an address before goes on from there whatever others guess.
"""

import hmac
import logging
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import msgspec

from prasan.errors import Refused

LOG: Final = logging.getLogger("prasan.web")

FREE: Final = {"address": 20, "account": 5, "pair": 5}
"""Wrong passwords before the first wait. Many people may sit behind one address."""
LONGEST_S: Final = 900.0
FORGET_S: Final = 3600.0
"""After so long without a wrong password, those before are forgotten."""
HELD: Final = 8192
"""Addresses and accounts that are remembered; those that failed longest ago are let go first."""
TURN_S: Final = 2.0
"""How long a sign-in waits for one with the same name and password that is being checked."""

Key = tuple[str, bytes]


class TooSoon(Refused):
    """Too many wrong passwords: nothing is checked for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(
            f"Too many wrong passwords; nothing is checked for {self.seconds} s.", "Wait, then use the right one."
        )


class _Failures(msgspec.Struct):
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class _Turn:
    """One password being checked."""

    def __init__(self, digest: bytes) -> None:
        self.digest, self.over = digest, threading.Event()


class Limits:
    """Who has to wait. Safe to share between threads; it keeps no name and no address, only keyed hashes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._pairs: OrderedDict[bytes, None] = OrderedDict()
        self._turns: dict[Key, _Turn] = {}
        self._guard = threading.Lock()

    def keys(self, name: str, address: str) -> tuple[Key, ...]:
        """What an attempt counts for: the address and the account, or the pair of both if it was good before."""
        place = _place(address)
        pair = self._hash(f"{place}\0{name}")
        with self._guard:
            if pair in self._pairs:
                return (("pair", pair),)
        return (("address", self._hash(place)), ("account", self._hash(name)))

    @contextmanager
    def turn(self, keys: tuple[Key, ...], digest: bytes) -> Iterator[bool]:
        """One attempt at a time for an account, so that guesses sent together count one after the other.

        False: the same was being checked and is now known; look again. TooSoon while another one is being checked, or
        while any of the keys has to wait.
        """
        mine, busy = _Turn(digest), None
        with self._guard:
            wait = max(self._wait(key) for key in keys)
            if wait > 0:
                raise TooSoon(wait)
            busy = self._turns.setdefault(keys[-1], mine)
        if busy is not mine:
            if busy.digest != digest or not busy.over.wait(TURN_S):
                raise TooSoon(1)
            yield False
            return
        try:
            yield True
        finally:
            with self._guard:
                del self._turns[keys[-1]]
            mine.over.set()

    def failed(self, keys: tuple[Key, ...]) -> None:
        """A wrong password."""
        with self._guard:
            for key in keys:
                self._fail(key)

    def passed(self, keys: tuple[Key, ...], name: str, address: str) -> None:
        """The right password: what it was tried as begins anew, the address does not.

        Who is in from one address does not help those who guess at the account from others.
        """
        pair = self._hash(f"{_place(address)}\0{name}")
        with self._guard:
            self._failures.pop(keys[-1], None)
            self._pairs[pair] = None
            self._pairs.move_to_end(pair)
            while len(self._pairs) > HELD:
                self._pairs.popitem(last=False)

    def _wait(self, key: Key) -> float:
        found = self._failures.get(key)
        return 0.0 if found is None else found.until - self._clock()

    def _fail(self, key: Key) -> None:
        now = self._clock()
        found = self._failures.setdefault(key, _Failures())
        found.count = 1 if now - found.last > FORGET_S else found.count + 1
        found.last = now
        over = found.count - FREE[key[0]]
        found.until = now + min(LONGEST_S, 2.0 ** min(over, 20)) if over >= 0 else 0.0
        if over == 0:
            LOG.warning("one %s gave %d wrong passwords; it has to wait now", key[0], found.count)
        self._failures.move_to_end(key)
        while len(self._failures) > HELD:
            self._failures.popitem(last=False)

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), "sha256")[:16]


def _place(address: str) -> str:
    """An address, of IPv6 the /64 network: one host has all of it to choose from."""
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return parsed.exploded[:19]
