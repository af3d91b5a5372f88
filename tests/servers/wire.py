"""A line to a server on the loopback address that tests can watch, cut, spoil, or wrap in TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any


class Wire:
    """Listens on `port` of 127.0.0.1 and carries everything to a server and back, inside a `with` block.

    `spoil` gets what the server says, piece by piece, and returns what is handed on; None cuts the line.
    `origin` is the loopback address that the server sees. `asked` holds what was sent to the server,
    `carried` counts the bytes both ways, and `connections` those that were made.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        origin: str = "127.0.0.1",
        spoil: Callable[[bytes], bytes | None] = lambda data: data,
    ) -> None:
        self._to = (host, port)
        self._tls = tls
        self._origin = (origin, 0)
        self._spoil = spoil
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = [self._listener]
        self.carried = 0
        self.asked = b""
        self.connections = 0
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Wire:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                self.connections += 1
                try:
                    near = self._tls.wrap_socket(near, server_side=True) if self._tls else near
                except OSError:
                    near.close()
                    continue
                far = socket.create_connection(self._to, source_address=self._origin)
                self._open += [near, far]
                self._start(self._carry, near, far, self._note)
                self._start(self._carry, far, near, self._spoil)

    def _note(self, data: bytes) -> bytes:
        self.asked += data
        return data

    def _carry(self, source: socket.socket, target: socket.socket, spoil: Callable[[bytes], bytes | None]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.carried += len(data)
                spoilt = spoil(data)
                if spoilt is None:
                    break
                target.sendall(spoilt)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
