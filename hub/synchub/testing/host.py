"""A host for tests of connectors: real HTTP sessions, a clock that can be moved, and no waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from synchub.api import Budget, HttpSession, Renewing

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from synchub.http import Sessions

START = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
"""The time that a `LocalHost` without a clock of its own starts at."""


@dataclass
class _Renewed:
    """One of the secrets of a `LocalHost`, in hand."""

    kept: dict[tuple[str, ...], str]
    setting: tuple[str, ...]

    @property
    def value(self) -> str:
        return self.kept[self.setting]

    def keep(self, value: str) -> None:
        self.kept[self.setting] = value


class LocalHost:
    """Implements `synchub.api.Host` without a hub.

    Time stands still unless `clock` moves it, or `sleep` is called: that returns at once, moves the clock on
    by the seconds asked for, and notes them in `slept`. Ids are counted: "x-1", "x-2".
    `secrets` are texts that must not appear in logs and errors; a session puts `***` in their place.
    `kept` holds, by their place in the settings, the secrets that systems replace: a test puts the first in.
    `transport` makes what carries the requests of its sessions; by default they go out.
    """

    def __init__(  # noqa: PLR0913 - what there is to set, by name
        self,
        system: str = "x",
        folder: Path = Path("."),
        *,
        timezone: str = "UTC",
        region: str = "US",
        currency: str = "EUR",
        clock: Callable[[], datetime] = lambda: START,
        secrets: tuple[str, ...] = (),
        transport: Callable[[], BaseAdapter] | None = None,
    ) -> None:
        self.system = system
        self.folder = folder
        self.timezone = timezone
        self.region = region
        self.currency = currency
        self.log = logging.getLogger(f"synchub.systems.{system}")
        self.state: dict[str, Any] = {}
        self.slept: list[float] = []
        self._clock = clock
        self.kept: dict[tuple[str, ...], str] = {}
        self._secrets = list(secrets)
        self._renewing = Lock()
        self._transport = transport
        self._ids = 0
        self._sessions: Sessions | None = None

    def now(self) -> datetime:
        return self._clock() + timedelta(seconds=sum(self.slept))

    def new_id(self) -> str:
        self._ids += 1
        return f"{self.system}-{self._ids}"

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def session(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        budget: Budget | None = None,
    ) -> HttpSession:
        # Connectors that speak no HTTP are tested without importing requests.
        from synchub.http import Sessions
        from synchub.http.transport import Transport

        if self._sessions is None:
            self._sessions = Sessions(
                now=self.now,
                sleep=self.sleep,
                monotonic=lambda: self.now().timestamp(),
                redact=self._redact,
                log=self.log,
                transport=self._transport or Transport,
            )
        return self._sessions.open(base_url, headers=headers, budget=budget, system=self.system)

    def hide(self, secret: str) -> None:
        self._secrets.append(secret)

    @contextmanager
    def renewing(self, *setting: str) -> Iterator[Renewing]:
        with self._renewing:
            yield _Renewed(self.kept, setting)

    def close(self) -> None:
        """Let go of the connections of all sessions."""
        if self._sessions is not None:
            self._sessions.close()

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
