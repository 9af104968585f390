"""TLS that goes on where it was: a connection after the first one of a line costs a third of the handshake's bytes."""

import contextlib
import socket
import ssl
from typing import Any
from weakref import ReferenceType, ref


class _Socket(ssl.SSLSocket):
    """A socket that leaves its session behind when it is closed: of TLS 1.3 it is known only after the first answer."""

    def close(self) -> None:
        """As usual."""
        context = self.context
        if isinstance(context, Resuming):
            context.remember(self)
        super().close()


class Resuming(ssl.SSLContext):
    """A client's context that offers the last session (RFC 8446, section 2.2), and can break off what it has opened.

    A session is only ever offered to whom the same context has trusted before, so pinning holds as it did.
    """

    sslsocket_class = _Socket
    _kept: ssl.SSLSession | None = None
    _opened: "tuple[ReferenceType[ssl.SSLSocket], ...]" = ()

    def wrap_socket(self, sock: socket.socket, *args: Any, **more: Any) -> ssl.SSLSocket:
        """As usual, with the session of a connection before."""
        opened = super().wrap_socket(sock, *args, **({"session": self._kept} if self._kept else {}) | more)
        # A new tuple each time: another thread may be going over the old one to break off.
        self._opened = (*(one for one in self._opened if one() is not None), ref(opened))
        return opened

    def remember(self, sock: ssl.SSLSocket) -> None:
        """Keep the session of a connection that is about to close."""
        with contextlib.suppress(ValueError, OSError):
            if sock.session is not None and sock.session.has_ticket:
                self._kept = sock.session

    def abort(self) -> None:
        """Break off every open connection: a thread that waits for an answer is told at once."""
        for opened in (one() for one in self._opened):
            if opened is not None:
                with contextlib.suppress(OSError):
                    # Not the method of the TLS socket: that one takes the TLS away from under the thread that reads.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)
