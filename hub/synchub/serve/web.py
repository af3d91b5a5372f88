"""/healthz and /metrics over HTTP, for whoever may reach the port: nothing but GET, little memory, little time."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final

from synchub.errors import ConfigurationError

LARGEST_HEAD: Final = 8 * 1024
SECONDS: Final = 5.0
"""A caller must have sent its whole request by then, and taken each part of the answer."""
AT_ONCE: Final = 16

Answer = tuple[int, str, bytes]
"""Status, content type, body."""


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, place: tuple[str, int], pages: Mapping[str, Callable[[], Answer]]) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.pages = pages
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(place, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request, and closes."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "synchub", ""

    def handle(self) -> None:
        head = _head(self.connection)
        self.close_connection = True
        self.connection.settimeout(SECONDS)
        if head is None:
            self.wfile.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
        elif head:
            self.rfile = io.BufferedReader(io.BytesIO(head))
            self.handle_one_request()

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        status, kind, body = page() if page else (404, "text/plain; charset=utf-8", b"/healthz or /metrics\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who asks, and for what, is nobody's business."""


def _head(connection: socket.socket) -> bytes | None:
    """A request up to its empty line. None if it is too large, b"" if it does not come in time or not at all."""
    held, until = b"", time.monotonic() + SECONDS
    while b"\r\n\r\n" not in held and b"\n\n" not in held:
        left = until - time.monotonic()
        if left <= 0:
            return b""
        connection.settimeout(left)
        try:
            piece = connection.recv(LARGEST_HEAD)
        except OSError:
            return b""
        if not piece:
            return b""
        held += piece
        if len(held) > LARGEST_HEAD:
            return None
    return held


def as_json(ok: bool, content: Mapping[str, Any]) -> Answer:
    """200 or 503, with the reasons."""
    return 200 if ok else 503, "application/json", json.dumps(content).encode() + b"\n"


@contextmanager
def answering(place: tuple[str, int], pages: Mapping[str, Callable[[], Answer]]) -> Iterator[int]:
    """Answer at `place` (host and port; port 0: any) until the block is left. Gives the port.

    Raises ConfigurationError if nobody can listen there.
    """
    try:
        server = _Server(place, pages)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"Nobody can listen on {place[0]}:{place[1]}: {reason}.",
            not_done="Nothing was run.",
            next_step="Name another place with --listen or as `listen` under [serve], or end who listens there.",
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="web", daemon=True, kwargs={"poll_interval": 0.2})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
