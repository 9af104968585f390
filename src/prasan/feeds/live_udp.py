"""UDP: a stream for each sender. It cannot wait; what the kernel had no room for, it counts (SO_MEMINFO, Linux 4.12).

Datagrams are taken many at a time with recvmmsg(2). Each call of the system gives the interpreter's lock away, and gets
it back only after milliseconds while another thread computes: one call a datagram would be some hundred a second.
"""

import contextlib
import ctypes
import errno
import os
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, cast

from prasan.feeds.live import Address
from prasan.feeds.live_sockets import bound

RECEIVE_BUFFER: Final = 32 << 20
"""Asked of the kernel: a second of a world feed. It grants what net.core.rmem_max allows."""
MANY: Final = 256
LARGEST: Final = 1 << 16
"""No datagram is larger."""
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("9I")
_DROPS: Final = 8
_NAME: Final = 128
"""Bytes of a sockaddr_storage."""


class UdpLink:
    """A bound UDP socket. Each datagram ends its last line, also where the sender leaves the line end out."""

    def __init__(self, address: Address) -> None:
        self._socket = bound(address, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.address = self._socket.getsockname()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._receive = _Many(self._socket.fileno(), _recvmmsg).receive if _recvmmsg else self._each
        self._ready = deque[tuple[str, bytes]]()

    def read(self, wait_s: float) -> tuple[str, bytes] | None:
        """The datagrams that are there of one sender, joined; the sender is the stream."""
        if not self._ready:
            self._selector.select(wait_s)
            by_sender: dict[bytes, list[bytes]] = {}
            for sender, data in self._receive():
                if data:
                    by_sender.setdefault(sender, []).append(data if data.endswith(b"\n") else data + b"\n")
            self._ready.extend((sender.hex(), b"".join(parts)) for sender, parts in by_sender.items())
        return self._ready.popleft() if self._ready else None

    def dropped(self) -> int | None:
        """As the kernel counts them for this socket."""
        try:
            memory = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return None
        return cast(int, _MEMINFO.unpack(memory)[_DROPS]) if len(memory) == _MEMINFO.size else None

    def close(self) -> None:
        """Close the socket."""
        self._selector.close()
        self._socket.close()

    def _each(self) -> Iterator[tuple[bytes, bytes]]:
        with contextlib.suppress(BlockingIOError):
            for _ in range(MANY):
                data, sender = self._socket.recvfrom(LARGEST)
                yield repr(sender).encode(), data


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("iovec", ctypes.POINTER(_Iovec)),
        ("iovecs", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """`struct mmsghdr`: the message and how long its datagram was."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint))


class _Many:
    """Room for `MANY` datagrams and their senders, filled by one call."""

    def __init__(self, file: int, call: Callable[..., int]) -> None:
        self._file, self._call = file, call
        self._data = ctypes.create_string_buffer(MANY * LARGEST)
        self._names = ctypes.create_string_buffer(MANY * _NAME)
        self._iovecs = (_Iovec * MANY)()
        self._headers = (_Header * MANY)()
        for number, (iovec, header) in enumerate(zip(self._iovecs, self._headers, strict=True)):
            iovec.base, iovec.length = ctypes.addressof(self._data) + number * LARGEST, LARGEST
            message = header.message
            message.name, message.name_length = ctypes.addressof(self._names) + number * _NAME, _NAME
            message.iovec, message.iovecs = ctypes.pointer(iovec), 1

    def receive(self) -> Iterator[tuple[bytes, bytes]]:
        """Sender and bytes of the datagrams that are there, in their order."""
        count = self._call(self._file, self._headers, MANY, socket.MSG_DONTWAIT, None)
        if count < 0:
            code = ctypes.get_errno()
            if code in {errno.EAGAIN, errno.EINTR}:
                return
            raise OSError(code, os.strerror(code))
        data, names = memoryview(self._data), memoryview(self._names)
        for number in range(count):
            header = self._headers[number]
            name = bytes(names[number * _NAME : number * _NAME + header.message.name_length])
            header.message.name_length = _NAME
            yield name, bytes(data[number * LARGEST : number * LARGEST + header.length])


_recvmmsg: Final = getattr(ctypes.CDLL(None, use_errno=True), "recvmmsg", None) if os.name == "posix" else None
