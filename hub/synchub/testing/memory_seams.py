"""What a hub over systems in memory takes from outside: a clock, an order of doing things, an end of the process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from synchub.run.work import OneByOne
from synchub.testing.memory import moment

T = TypeVar("T")


R = TypeVar("R")


class Killed(BaseException):
    """The process ended here, as far as the hub can tell."""


class Backwards(OneByOne):
    """Does the last first, and gives the results in order: what comes out must not depend on it."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return reversed([function(item) for item in reversed(list(items))])


class Clock:
    """A clock that is put to a time and then goes on by a millisecond whenever somebody looks at it."""

    def __init__(self) -> None:
        self._now = moment(0)

    def put(self, at: float) -> None:
        """Set it to `at` minutes after START. It never goes back."""
        self._now = max(self._now, moment(at))

    def __call__(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        return self._now
