"""How many requests an account may make: one count, whoever asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from synchub.api import Budget

GLANCE = 0.01
"""Seconds until one looks again, where the whole budget is under way and nobody knows when answers come."""


class Pace:
    """Holds callers back until their account may make another request. Safe for threads.

    A request counts from when it is sent until a span after it was answered. The server counts it from when it arrived
    there, which is somewhere between: counted from when it was sent, one that was long on its way and the next spans'
    quicker ones are too many together there. A span slides: there is no burst at its edges.
    """

    def __init__(
        self, budget: Budget | None, *, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.budget = budget
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = Lock()
        self._held_until = float("-inf")
        self._under_way = 0
        self._over: deque[float] = deque()
        """When each answered request stops to count."""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until the next request may be sent; it is to be sent and answered inside."""
        while (seconds := self._admit()) > 0:
            self._sleep(seconds)
        try:
            yield
        finally:
            self._answered()

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds: the server said that the account is over its limit."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)

    def _admit(self) -> float:
        """Count one request and return 0, or the seconds to wait before asking again."""
        with self._lock:
            now = self._monotonic()
            if now < self._held_until:
                return self._held_until - now
            while self._over and self._over[0] <= now:
                self._over.popleft()
            if self.budget is not None:
                too_many = self._under_way + len(self._over) - self.budget.requests
                if too_many >= 0:
                    return self._over[too_many] - now if too_many < len(self._over) else GLANCE
            self._under_way += 1
            return 0.0

    def _answered(self) -> None:
        with self._lock:
            self._under_way -= 1
            if self.budget is not None:
                self._over.append(self._monotonic() + self.budget.seconds)
