"""/healthz and /metrics over a real socket, also for callers who mean no good."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from synchub.errors import ConfigurationError
from synchub.serve.metrics import Metrics
from synchub.serve.web import AT_ONCE, LARGEST_HEAD, answering, as_json

HOST = "127.0.0.1"


@pytest.fixture
def port() -> Iterator[int]:
    pages = {
        "/healthz": lambda: as_json(False, {"reasons": ["contacts is due"]}),
        "/metrics": lambda: (200, "text/plain", Metrics().text()),
    }
    with answering((HOST, 0), pages) as port:
        yield port


def send(port: int, raw: bytes) -> bytes:
    with socket.create_connection((HOST, port), timeout=30) as connection:
        connection.sendall(raw)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def test_pages_are_answered_with_their_status_and_kind(port: int):
    health = requests.get(f"http://{HOST}:{port}/healthz?x=1", timeout=30)
    metrics = requests.get(f"http://{HOST}:{port}/metrics", timeout=30)

    assert (health.status_code, health.json()) == (503, {"reasons": ["contacts is due"]})
    assert health.headers["Content-Type"] == "application/json"
    assert (metrics.status_code, b"synchub_running 0.0" in metrics.content) == (200, True)
    assert requests.get(f"http://{HOST}:{port}/hub.db", timeout=30).status_code == 404


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "SYNC"])
def test_nothing_but_get(port: int, method: str):
    assert requests.request(method, f"http://{HOST}:{port}/metrics", timeout=30).status_code == 501


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * LARGEST_HEAD + b"\r\n",
        b"GET /" + b"a" * LARGEST_HEAD + b" HTTP/1.1\r\n\r\n",
        b"A" * (4 * LARGEST_HEAD),
    ],
)
def test_a_head_without_end_is_refused(port: int, raw: bytes):
    answer = send(port, raw)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert requests.get(f"http://{HOST}:{port}/metrics", timeout=30).status_code == 200


@pytest.mark.parametrize("raw", [b"\x00\xff\xfe\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n"])
def test_what_is_no_request_gets_no_page(port: int, raw: bytes):
    answer = send(port, raw)

    assert b" 200 " not in answer
    assert b"synchub_" not in answer


def test_those_who_say_nothing_are_hung_up_on_and_keep_nobody_out_for_long(port: int):
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection((HOST, port), timeout=30)) for _ in range(AT_ONCE + 4)]
        assert [connection.recv(1) for connection in silent] == [b""] * len(silent)  # each is closed, none answered

    assert requests.get(f"http://{HOST}:{port}/metrics", timeout=30).status_code == 200


def test_a_place_that_is_taken_is_told(port: int):
    with pytest.raises(ConfigurationError, match=f"listen on {HOST}:{port}") as raised, answering((HOST, port), {}):
        pass
    assert "--listen" in raised.value.next_step
