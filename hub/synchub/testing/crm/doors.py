"""HTTP in front of the stand-in: requests in, answers out, connections broken off on demand."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from synchub.testing.crm.exchange import Answer, Asked, Request
from synchub.testing.crm.faults import Way
from synchub.testing.crm.refusals import Refusal, malformed

LONGEST_ADDRESS = 8192
Answering = Callable[[Asked, str], tuple[Answer, Way | None]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, port: int, answering: Answering, log: Callable[[Request], None], clock: Callable[[], datetime]
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.clock = clock
        self.answering = answering
        self.log = log
        self.open_connections: set[socket.socket] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A caller that hangs up is part of the game.
        return


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "StandInCrm"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def setup(self) -> None:
        super().setup()
        self.server.open_connections.add(self.connection)

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        super().finish()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        answer, way = self._answered(path, parts.query)
        self.server.log(Request(self.command, path, 0 if way in ("reset", "drop") else answer.status))
        if way in ("reset", "drop"):
            self._break_off(reset=way == "reset")
            return
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", "application/json;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if way == "truncate" else body)
        if way == "truncate":
            self.wfile.flush()
            self._break_off(reset=False)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def _answered(self, path: str, query: str) -> tuple[Answer, Way | None]:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if len(self.path) > LONGEST_ADDRESS:
                raise Refusal(414, "VALIDATION_ERROR", "URI Too Long")
            body = _parsed(raw)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body), None
        origin = f"http://{self.headers.get('Host', '')}"
        asked = Asked(self.command, path, parse_qs(query, keep_blank_values=True), body, origin)
        return self.server.answering(asked, self.headers.get("Authorization", ""))

    def _break_off(self, *, reset: bool) -> None:
        if reset:
            # No lingering: the caller sees a reset, not an end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.clock().timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *arguments: Any) -> None:
        return


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise malformed("Invalid input JSON.") from None


class Door:
    """A listening port and the thread behind it."""

    def __init__(
        self, answering: Answering, log: Callable[[Request], None], port: int, clock: Callable[[], datetime]
    ) -> None:
        self._clock = clock
        self._answering = answering
        self._log = log
        self._port = port
        self._server: _Server | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("The stand-in has not been started.")
        return f"http://127.0.0.1:{self._server.server_port}"

    def open(self) -> None:
        self._server = _Server(self._port, self._answering, self._log, self._clock)
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="stand-in-crm",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and break open connections off; the port stays the same when opened again."""
        if self._server is None or self._thread is None:
            return
        self._port = self._server.server_port
        self._server.shutdown()
        for connection in list(self._server.open_connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None
