"""The stand-in's faults: what goes wrong, where, and how often."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from synchub.testing.crm import refusals

Way = Literal["status", "reset", "drop", "truncate", "meanwhile"]


@dataclass
class Fault:
    """`path` is a part of the path, "" is every path. `left` counts down with every request that is hit.

    status     answer with this status instead of doing it
    reset      break the connection off before doing it
    drop       do it, then break the connection off without an answer
    truncate   do it, then break the connection off in the middle of the answer
    meanwhile  call `action` first, then do it
    """

    way: Way
    path: str
    left: int
    status: int = 500
    retry_after: str | None = None
    action: Callable[[], object] | None = None


@dataclass
class RateLimit:
    requests: int
    seconds: float
    policy: str
    seen: deque[datetime] = field(default_factory=deque)


@dataclass
class Faults:
    """All faults now switched on."""

    now: Callable[[], datetime]
    active: list[Fault] = field(default_factory=list)
    limit: RateLimit | None = None

    def hit(self, path: str) -> Fault | None:
        """The first fault that this path runs into, counted down."""
        for fault in self.active:
            if fault.path in path and fault.left > 0:
                fault.left -= 1
                return fault
        return None

    def count(self) -> dict[str, str]:
        """Count one request against the limit: the headers that tell of it. Raises a 429 beyond it."""
        limit = self.limit
        if limit is None:
            return {}
        now = self.now()
        while limit.seen and (now - limit.seen[0]).total_seconds() >= limit.seconds:
            limit.seen.popleft()
        headers = {
            "X-HubSpot-RateLimit-Max": str(limit.requests),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(limit.seconds * 1000)),
            "X-HubSpot-RateLimit-Remaining": str(max(0, limit.requests - len(limit.seen) - 1)),
        }
        if len(limit.seen) >= limit.requests:
            wait = limit.seconds - (now - limit.seen[0]).total_seconds()
            refusal = refusals.over_limit(limit.policy)
            # Whole seconds, rounded up: coming back when told must succeed.
            refusal.headers = {**headers, "Retry-After": str(int(wait) + 1)}
            raise refusal
        limit.seen.append(now)
        return headers


def refused(fault: Fault) -> refusals.Refusal:
    """The answer of a fault that is a status."""
    category = {401: "INVALID_AUTHENTICATION", 429: "RATE_LIMITS"}.get(fault.status, "INTERNAL_ERROR")
    refusal = refusals.Refusal(fault.status, category, "A fault that a test asked for.")
    if fault.status == 429:
        refusal = refusals.over_limit("SECONDLY")
    if fault.retry_after is not None:
        refusal.headers = {"Retry-After": fault.retry_after}
    return refusal
