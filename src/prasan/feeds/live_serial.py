"""A serial line with a receiver on it: raw, 8 data bits, no parity, one stop bit, no flow control (IEC 61162-1)."""

import os
import selectors
import termios
import tty
from typing import Final

from prasan.errors import UsageError
from prasan.feeds.live import Address

READ: Final = 4096


class SerialLink:
    """An open tty device. UsageError for a speed that the system does not know, OSError if it cannot be opened."""

    def __init__(self, address: Address) -> None:
        speed = getattr(termios, f"B{address.baud}", None)
        if speed is None:
            raise UsageError(
                f"a serial line cannot run at {address.baud} baud here", "Use 4800, 9600, 38400 or 115200."
            )
        self._file = os.open(address.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            _set_up(self._file, speed)
        except termios.error as error:
            os.close(self._file)
            raise OSError(error.args[0], f"not a serial line ({error.args[-1]})", address.path) from None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._file, selectors.EVENT_READ)

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The next bytes. OSError when the device went away."""
        if not self._selector.select(wait_s):
            return None
        data = os.read(self._file, READ)
        if not data:
            raise ConnectionAbortedError("the device went away")
        return "", data

    def dropped(self) -> int | None:
        """The driver does not say."""
        return None

    def close(self) -> None:
        """Close the device."""
        self._selector.close()
        os.close(self._file)


def _set_up(file: int, speed: int) -> None:
    tty.setraw(file)
    modes = termios.tcgetattr(file)
    modes[2] = (modes[2] | termios.CS8 | termios.CREAD | termios.CLOCAL) & ~(termios.PARENB | termios.CSTOPB)
    modes[4] = modes[5] = speed
    termios.tcsetattr(file, termios.TCSANOW, modes)
