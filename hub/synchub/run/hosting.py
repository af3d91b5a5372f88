"""What synchub does for connectors: the host that each of them is handed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from synchub.api import Budget, HttpSession, Renewing
from synchub.run.renewing import renewing
from synchub.secrets import Secrets
from synchub.spec.hub import HubSettings, SystemSettings

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from synchub.http import Sessions


def _uuid() -> str:
    return uuid4().hex


@dataclass
class Outside:
    """The world as connectors meet it: time, ids, and the way to other hosts. A simulation hands in its own."""

    clock: Callable[[], datetime]
    redact: Callable[[str], str]
    new_id: Callable[[], str] = _uuid
    sleep: Callable[[float], None] = time.sleep
    transport: Callable[[], BaseAdapter] | None = None

    @cached_property
    def sessions(self) -> Sessions:
        """All HTTP of this process: accounts share their budgets."""
        from synchub.http import Sessions  # only systems that speak HTTP pay for it

        if self.transport is None:
            return Sessions(now=self.clock, sleep=self.sleep, redact=self.redact)
        return Sessions(now=self.clock, sleep=self.sleep, redact=self.redact, transport=self.transport)

    def close(self) -> None:
        if "sessions" in self.__dict__:
            self.sessions.close()


@dataclass
class SystemHost:
    """Implements `synchub.api.Host` for one system. `said` is what hub.toml says of it, secrets as references."""

    system: str
    folder: Path
    settings: HubSettings
    outside: Outside
    said: SystemSettings
    secrets: Secrets
    state: dict[str, Any] = field(default_factory=dict)
    _opened: list[HttpSession] = field(default_factory=list, init=False, repr=False)

    @property
    def timezone(self) -> str:
        return self.settings.timezone

    @property
    def region(self) -> str:
        return self.settings.region

    @property
    def currency(self) -> str:
        return self.settings.currency

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"synchub.systems.{self.system}")

    def now(self) -> datetime:
        return self.outside.clock()

    def new_id(self) -> str:
        return self.outside.new_id()

    def sleep(self, seconds: float) -> None:
        self.outside.sleep(seconds)

    def session(
        self, base_url: str, *, headers: Mapping[str, str] | None = None, budget: Budget | None = None
    ) -> HttpSession:
        opened = self.outside.sessions.open(
            base_url, headers=headers, budget=budget, system=self.system, patience=self.said.patience
        )
        self._opened.append(opened)
        return opened

    def hide(self, secret: str) -> None:
        self.secrets.redactor.add(secret)

    def renewing(self, *setting: str) -> AbstractContextManager[Renewing]:
        found: Any = self.said.settings
        for key in setting:
            found = found[key]
        return renewing(str(found), self.secrets, self.folder)

    def close(self) -> None:
        """Let go of what the connector opened here."""
        opened, self._opened = self._opened, []
        for session in opened:
            self.outside.sessions.release(session)
