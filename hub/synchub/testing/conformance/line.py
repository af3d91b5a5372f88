"""The line between a connector's HTTP sessions and the world: it counts requests, and loses or refuses them on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.response import HTTPResponse

from synchub.http.transport import Transport


@dataclass
class Line:
    """What goes wrong, from which request on, and how often. `asked` counts requests from the last `clear` on."""

    asked: int = 0
    seen: int = 0
    _first: int = 0
    _last: int = 0
    _status: int | None = None
    _headers: Mapping[str, str] = field(default_factory=dict)
    _way: str = ""

    def clear(self) -> None:
        """From now on all goes well; counting starts anew."""
        self.asked, self._way = 0, ""

    def answer(
        self, status: int, *, first: int = 1, times: int = 10_000, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer some requests with a status; they are not passed on."""
        self._set("status", first, times)
        self._status, self._headers = status, headers or {}

    def lose(self, *, first: int = 1, times: int = 1) -> None:
        """Pass some requests on, and lose the answer: the time for it runs out."""
        self._set("lose", first, times)

    def cut(self, *, first: int = 1) -> None:
        """Let no connection come about any more."""
        self._set("cut", first, 10_000)

    def adapter(self) -> BaseAdapter:
        """What a session sends through."""
        return _Adapter(self)

    def carry(self, inner: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send one request, or what is to happen instead."""
        self.asked += 1
        self.seen += 1
        if not (self._way and self._first <= self.asked <= self._last):
            return inner.send(request, **options)
        if self._way == "cut":
            raise requests.ConnectTimeout("the line is cut", request=request)
        if self._way == "lose":
            inner.send(request, **options).close()
            raise requests.ReadTimeout("the answer is lost", request=request)
        told = HTTPResponse(
            body=BytesIO(b'{"message": "not now"}'),
            status=self._status or 500,
            headers={"Content-Type": "application/json", **self._headers},
            preload_content=False,
        )
        return inner.build_response(request, told)

    def _set(self, way: str, first: int, times: int) -> None:
        self.asked = 0
        self._way, self._first, self._last = way, first, first + times - 1


class _Adapter(BaseAdapter):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line, self._inner = line, Transport()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        return self._line.carry(self._inner, request, **options)

    def close(self) -> None:
        self._inner.close()
