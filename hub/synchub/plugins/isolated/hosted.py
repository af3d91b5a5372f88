"""The host of a connector, seen from its process: what it does not know by itself it asks the other side."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from synchub.api import Budget, HttpSession, Renewing
from synchub.plugins.isolated import plain, wire

if TYPE_CHECKING:
    import requests


class Link:
    """The pipes to the other side. One question at a time, and only while a call is carried out: then it listens."""

    def __init__(self, read: Callable[[int], bytes], out: IO[bytes]) -> None:
        self.read, self._out = read, out
        self._lock = threading.RLock()
        self._calls = 0

    @contextmanager
    def in_call(self) -> Iterator[None]:
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    def say(self, head: Any) -> None:
        with self._lock:
            wire.send(self._out, head)

    def write(self, head: tuple[bytes, bool, bool], body: bytes) -> None:
        with self._lock:
            wire.write(self._out, head, body)

    def ask(self, what: str, **more: Any) -> tuple[Any, bytes]:
        """What the other side answers. Raises what it raised, and RuntimeError when it does not listen."""
        if not self._calls:
            raise RuntimeError("the host can be asked only while a call is carried out")
        with self._lock:
            wire.send(self._out, {"ask": what, **more})
            said, body = wire.receive(self.read)
        if "raise" in said:
            raise plain.error_of(said["raise"])
        return said["answer"], body


class Told(logging.Handler):
    """Hands every line of the log over."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        self._link.say({"log": record.levelno, "text": self.format(record)})


class Hosted:
    """Implements `synchub.api.Host`. `start` is what the other side told at first."""

    def __init__(self, link: Link, start: Mapping[str, Any]) -> None:
        self._link = link
        self.system = str(start["system"])
        self.folder = Path(start["folder"])
        self.timezone, self.region, self.currency = (str(start[name]) for name in ("timezone", "region", "currency"))
        self.state: dict[str, Any] = dict(start["state"])
        self._known = wire.packed(self.state)
        self.log = logging.getLogger(f"synchub.systems.{self.system}")
        self.log.setLevel(start["level"])
        self.log.addHandler(Told(link))
        self.log.propagate = False

    def changed_state(self) -> dict[str, Any] | None:
        """What is to be kept, if it is not what it was."""
        now = wire.packed(self.state)
        changed, self._known = now != self._known, now
        return self.state if changed else None

    def now(self) -> datetime:
        return self._link.ask("now")[0]  # type: ignore[no-any-return]

    def new_id(self) -> str:
        return str(self._link.ask("new_id")[0])

    def sleep(self, seconds: float) -> None:
        self._link.ask("sleep", seconds=seconds)

    def hide(self, secret: str) -> None:
        self._link.ask("hide", secret=secret)

    def session(
        self, base_url: str, *, headers: Mapping[str, str] | None = None, budget: Budget | None = None
    ) -> HttpSession:
        asked = {"headers": dict(headers or {}), "budget": None if budget is None else plain.table(budget)}
        return Session(self._link, self._link.ask("session", base_url=base_url, **asked)[0])

    @contextmanager
    def renewing(self, *setting: str) -> Iterator[Renewing]:
        number = self._link.ask("renewing", setting=setting)[0]
        try:
            yield Kept(self._link, number)
        finally:
            self._link.ask("renewed", number=number)


@dataclass(frozen=True, slots=True)
class Kept:
    """Implements `synchub.api.Renewing`."""

    link: Link
    number: int

    @property
    def value(self) -> str:
        return str(self.link.ask("value", number=self.number)[0])

    def keep(self, value: str) -> None:
        self.link.ask("keep", number=self.number, value=value)


@dataclass(frozen=True, slots=True)
class Session:
    """Implements `synchub.api.HttpSession`: the other side sends the request, by its budgets and tries."""

    link: Link
    number: int

    def request(  # noqa: PLR0913 - as the interface has it
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        safe_to_repeat: bool | None = None,
        accept: Sequence[int] = (),
    ) -> requests.Response:
        import requests

        asked = {"params": params, "json": json, "data": data, "headers": headers, "accept": list(accept)}
        more = {"method": method, "path": path, "safe_to_repeat": safe_to_repeat}
        said, body = self.link.ask("request", number=self.number, **asked, **more)
        answer = requests.Response()
        answer.status_code, answer.url, answer.reason = said["status"], said["url"], said["reason"]
        answer.headers.update(said["headers"])
        answer.encoding = said["encoding"]
        answer._content = body
        return answer
