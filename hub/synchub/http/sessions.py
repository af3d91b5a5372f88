"""Opens HTTP sessions. Everything opened by one `Sessions` shares the budgets of its accounts."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from requests.adapters import BaseAdapter

from synchub.api import Budget, HttpSession
from synchub.http.addresses import parse, require_private
from synchub.http.pace import Pace
from synchub.http.session import Session
from synchub.http.transport import Transport
from synchub.http.waiting import PATIENCE, Waiting


@dataclass
class Sessions:
    """The host's HTTP: one a process.

    now        the wall clock (aware); only for Retry-After headers that name a date
    sleep      waits for some seconds
    monotonic  seconds that never go backwards, for budgets
    redact     takes secrets out of a text before it is logged or raised
    transport  makes the adapter that carries requests; tests hand in their own
    jitter     a number from 0 to 1, so that many callers don't come back in step
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    redact: Callable[[str], str] = str
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("synchub.http"))
    transport: Callable[[], BaseAdapter] = Transport
    jitter: Callable[[], float] = random.random
    _paces: dict[str, Pace] = field(default_factory=dict, init=False)
    _opened: list[Session] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def open(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        budget: Budget | None = None,
        system: str = "",
        patience: float = PATIENCE,
    ) -> Session:
        """A session for paths under `base_url`, sending `headers` with every request there and nowhere else.

        Sessions that name the same `budget.account` share one count of requests, by the first one's numbers.
        `system` is named in errors. `patience`: seconds that one request may wait between its tries.
        Raises ConfigurationError on an address that may not be reached.
        """
        base = parse(base_url)
        require_private(base, headers or ())
        waiting = Waiting(self._pace(budget), now=self.now, sleep=self.sleep, jitter=self.jitter, patience=patience)
        session = Session(
            base,
            headers=dict(headers or {}),
            system=system or (base.hostname or ""),
            waiting=waiting,
            transport=self.transport(),
            redact=self.redact,
            log=self.log,
        )
        with self._lock:
            self._opened.append(session)
        return session

    def release(self, session: HttpSession) -> None:
        """Let go of the connections of one session; what it used of its account's budget stays used."""
        with self._lock:
            released = [one for one in self._opened if one is session]
            self._opened = [one for one in self._opened if one is not session]
        for one in released:
            one.close()

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            opened, self._opened = self._opened, []
        for session in opened:
            session.close()

    def _pace(self, budget: Budget | None) -> Pace:
        if budget is None:
            return Pace(None, monotonic=self.monotonic, sleep=self.sleep)
        with self._lock:
            if budget.account not in self._paces:
                self._paces[budget.account] = Pace(budget, monotonic=self.monotonic, sleep=self.sleep)
            return self._paces[budget.account]
