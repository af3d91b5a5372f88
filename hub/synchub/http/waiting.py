"""How a session waits: for its account's budget, and between the tries of one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from synchub.http.answers import Meaning
from synchub.http.pace import Pace

TRIES = 6
FIRST_WAIT = 0.5
"""Seconds before the second try; doubled before each further one."""
PATIENCE = 120.0
"""Seconds that one request may spend waiting between its tries, unless a system is given another number."""


class Trouble(Exception):
    """One try failed in a way that passes by itself."""

    def __init__(self, meaning: Meaning) -> None:
        super().__init__(meaning.reason)
        self.meaning = meaning


@dataclass(frozen=True)
class Waiting:
    """What a session needs to wait; `jitter` gives a number from 0 to 1, `patience` is in seconds."""

    pace: Pace
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    patience: float = PATIENCE

    def tries(self) -> Retrying:
        """Calls a function until it no longer raises Trouble, or raises the last Trouble."""
        return Retrying(
            retry=retry_if_exception_type(Trouble),
            wait=self._seconds,
            stop=self._over,
            sleep=self.sleep,
            reraise=True,
        )

    def _seconds(self, state: RetryCallState) -> float:
        """Before the next try: at least what the server asked for, else doubling."""
        asked = _meaning(state).after
        if asked is not None:
            return asked + FIRST_WAIT * self.jitter()
        doubling: float = FIRST_WAIT * 2 ** (state.attempt_number - 1)
        return doubling * (0.5 + self.jitter() / 2)

    def _over(self, state: RetryCallState) -> bool:
        """Whether to give up: a repeat is not safe, it was tried often enough, or the wait would be too long."""
        if _meaning(state).do == "leave":
            return True
        return state.attempt_number >= TRIES or state.idle_for + state.upcoming_sleep > self.patience


def _meaning(state: RetryCallState) -> Meaning:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.meaning if isinstance(error, Trouble) else Meaning("take")
