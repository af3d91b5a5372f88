"""Ending a process at any step of a run, to see that the next run ends where an undisturbed one would have.

    steps = Steps(kill=17)                      # None only counts: `steps.names` tells what was taken
    with watched_commits(steps):
        hub = open_at(file, environ=…, redactor=…, seams=Seams(crash=steps.crash, executor=Late()))
        for system in hub.configuration.systems:
            hub.connectors[system] = counted(system, hub.connector(system), steps)
        …

A step is every named point of the run, every page that is read, every lookup, every write (before and after each) and
every commit of a transaction, in the store or in a system. The process is killed as the machine would lose power for
it: nothing is closed, rolled back or told.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Pool, event

from synchub.api import Connector, Cursor, Page, Stream

T = TypeVar("T")
R = TypeVar("R")

CALLS = ("lookup", "write", "create_all")
"""What some connectors can do and others can't."""


@dataclass
class Steps:
    """Counts steps from 0 on, from any thread; at step `kill` the process ends by SIGKILL."""

    kill: int | None = None
    names: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def reach(self, name: str) -> None:
        with self._lock:
            if len(self.names) == self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            self.names.append(name)

    def crash(self, point: str) -> None:
        """For `Seams.crash`."""
        self.reach(f"point {point}")


class Late:
    """One step after the other, what may be done behind the caller's back as late as it may be: then least is on record."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return iter([function(item) for item in items])

    @contextmanager
    def behind(self) -> Iterator[Callable[[Callable[[], None]], None]]:
        waiting: list[Callable[[], None]] = []

        def hand_over(step: Callable[[], None]) -> None:
            while waiting:
                waiting.pop()()
            waiting.append(step)

        yield hand_over
        while waiting:
            waiting.pop()()


@contextmanager
def watched_commits(steps: Steps) -> Iterator[None]:
    """Count every commit that this process makes through SQLAlchemy, before it and after it."""

    def before(connection: Connection) -> None:
        name = Path(connection.engine.url.database or "memory").name
        connection.info["committed"] = name
        steps.reach(f"commit {name}")

    def after(_connection: Any, record: Any) -> None:  # there is no event after a commit but this one
        name = record.info.pop("committed", None)
        if name is not None:
            steps.reach(f"committed {name}")

    event.listen(Engine, "commit", before)
    event.listen(Pool, "checkin", after)
    try:
        yield
    finally:
        event.remove(Engine, "commit", before)
        event.remove(Pool, "checkin", after)


def counted(
    system: str, connector: Connector, steps: Steps, *, batch: int | None = None, lookup: bool = True
) -> Connector:
    """The same connector, every call of it counted. `batch`: it takes no more operations at once; `lookup` False: single
    records can't be looked up in it."""
    able = {name: _call(name) for name in CALLS if hasattr(connector, name) and (lookup or name != "lookup")}
    made: Connector = type("Counted", (Counted,), able)(_Door(system, connector, steps, batch))
    return made


def _call(name: str) -> Callable[[Counted, str, Any], Any]:
    return lambda self, stream, asked: self.door.call(name, stream, asked)


@dataclass
class _Door:
    """The calls of a connector, with a step before and after each."""

    system: str
    inner: Any
    steps: Steps
    batch: int | None

    def streams(self) -> Sequence[Stream]:
        found: Sequence[Stream] = self.inner.streams()
        if self.batch is None:
            return found
        return [replace(stream, batch=min(stream.batch, self.batch)) for stream in found]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        pages = iter(self.inner.read(stream, cursor, fields))
        while True:
            self.steps.reach(f"read {self.system}")
            page = next(pages, None)
            if page is None:
                return
            self.steps.reach(f"page {self.system}")
            yield page

    def call(self, name: str, stream: str, asked: Any) -> Any:
        self.steps.reach(f"{name} {self.system}")
        answer = getattr(self.inner, name)(stream, asked)
        self.steps.reach(f"{name} {self.system} answered")
        return answer


class Counted(Connector):
    """A connector whose calls are counted. Those that not every connector has are added by `counted`."""

    def __init__(self, config: _Door, host: Any = None) -> None:
        self.door = config

    def check(self) -> None:
        self.door.inner.check()

    def streams(self) -> Sequence[Stream]:
        return self.door.streams()

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        return self.door.read(stream, cursor, fields)

    def close(self) -> None:
        self.door.inner.close()
