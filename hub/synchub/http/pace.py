"""How many requests an account may make: one count, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from requests_ratelimiter import InMemoryBucket, Rate, RateItem

from synchub.api import Budget


class Pace:
    """Holds callers back until their account may make another request. Safe for threads.

    The library's own limiter waits on the real clock and, after a 429, for a whole span whatever the server
    asked for; so only its counting is used. A span slides: there is no burst at its edges.
    """

    def __init__(
        self, budget: Budget | None, *, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.budget = budget
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = Lock()
        self._held_until = float("-inf")
        self._bucket: InMemoryBucket | None = None
        if budget is not None:
            self._bucket = InMemoryBucket([Rate(budget.requests, round(budget.seconds * 1000))])

    def wait(self) -> None:
        """Return when the next request may be sent; it is then counted."""
        while (seconds := self._admit()) > 0:
            self._sleep(seconds)

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
            if self._bucket is None:
                return 0.0
            at = int(now * 1000)
            self._bucket.leak(at)
            item = RateItem("request", at)
            if self._bucket.put(item):
                return 0.0
            milliseconds = self._bucket.waiting(item)
            assert isinstance(milliseconds, int)  # only buckets in other processes answer later
            # One more, so that rounding never asks twice.
            return (milliseconds + 1) / 1000
