"""A loop in played time: a clock that jumps where a test wants it to, and a hub that only answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from synchub.errors import SynchubError
from synchub.run.told.timing import Turn
from synchub.schedule import Schedule
from synchub.serve.board import Board
from synchub.serve.loop import Loop
from synchub.serve.metrics import Metrics
from synchub.spec.answers import Failing
from synchub.spec.hub import ServeSettings
from synchub.spec.options import Progress, RunOptions
from synchub.spec.reports import MemberRun, Notice, RunReport

START = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


@dataclass
class Time:
    """Stands still until somebody waits. `jumps`: at a time (in hours after START) the clock is put on by so much."""

    now: datetime = START
    ends: datetime = START
    jumps: dict[float, timedelta] = field(default_factory=dict)
    looks: int = 0

    @property
    def asked(self) -> bool:
        return self.now >= self.ends

    def wait(self, seconds: float) -> None:
        self.looks += 1
        assert self.looks < 100_000, "the loop spins"
        self.now += timedelta(seconds=seconds)
        for hour in [hour for hour in self.jumps if self.now >= START + timedelta(hours=hour)]:
            self.now += self.jumps.pop(hour)

    def clock(self) -> datetime:
        return self.now


@dataclass
class Own:
    """What `Unattended` answers, from lists in place of a store."""

    time: Time
    schedules: dict[str, Schedule]
    settings: ServeSettings = field(default_factory=ServeSettings)
    runs: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    known: dict[str, Failing] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    let_go_of: int = 0
    version: int = 0
    broken: SynchubError | None = None
    name: str = "test"
    zone: str = "Europe/Berlin"
    systems: Sequence[str] = ("crm", "shop")

    def turns(self) -> tuple[Turn, ...]:
        if self.broken is not None:
            raise self.broken
        return tuple(self._turn(name, schedule) for name, schedule in self.schedules.items())

    def _turn(self, name: str, schedule: Schedule) -> Turn:
        runs = self.runs.get(name, [])
        began, state = runs[-1] if runs else (None, None)
        return Turn(name, schedule, schedule.due(began, self.time.now), len(runs), state)

    def failing(self) -> Mapping[str, Failing]:
        return dict(self.known)

    def note(self, failing: Sequence[Failing], well: Sequence[str]) -> None:
        self.known |= {one.system: one for one in failing}
        for name in well:
            self.known.pop(name, None)

    def waiting(self) -> Mapping[str, int]:
        return {"review": 2, "quarantine": 3}

    def let_go(self) -> None:
        self.let_go_of += 1

    def files(self) -> Any:
        return ((str(self.version), 0, 0),)

    def tell(self, notice: Notice, log: logging.Logger) -> None:
        self.notices.append(notice)


def good(sync: str, options: RunOptions) -> Sequence[MemberRun]:
    return [MemberRun(name, name, "people", read=1, problem=options.paused.get(name, "")) for name in ("crm", "shop")]


@dataclass
class AnsweringHub:
    """Does a run by calling `act`, which gives its members or raises; a run takes `takes`."""

    unattended: Own
    act: Callable[[str, RunOptions], Sequence[MemberRun]] = good
    takes: timedelta = timedelta(seconds=3)
    done: list[tuple[datetime, str]] = field(default_factory=list)
    paused: list[Mapping[str, str]] = field(default_factory=list)
    closed: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True

    def sync(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[RunReport]:
        (name,), time = syncs, self.unattended.time
        began = time.now
        members = self.act(name, options)
        progress.start("reading crm")
        time.now += self.takes
        state = "incomplete" if any(member.problem for member in members) else "done"
        runs = self.unattended.runs.setdefault(name, [])
        runs.append((began, state))
        self.done.append((began, name))
        self.paused.append(options.paused)
        return [RunReport(str(len(runs)), name, began, time.now, state, tuple(members))]


@dataclass
class Stage:
    """A loop with all it touches."""

    time: Time
    hub: AnsweringHub
    loop: Loop
    board: Board
    metrics: Metrics

    def play(self, hours: float) -> None:
        """Let time pass."""
        self.time.ends = self.time.now + timedelta(hours=hours)
        self.loop.run()

    def again(self) -> None:
        """The process ends, and another takes its place: nothing is left but what the store holds."""
        self.loop = Loop(
            lambda: self.hub, self.time, self.time.clock, Board("test", self.time.now), self.metrics, self.loop.log
        )
        self.board = self.loop.board

    @property
    def began(self) -> list[str]:
        return [f"{when:%d %H:%M:%S} {name}" for when, name in self.hub.done]


@pytest.fixture
def stage() -> Stage:
    time = Time()
    own = Own(time, {"contacts": Schedule("*/15 * * * *", "Europe/Berlin", 5)})
    hub = AnsweringHub(own)
    board, metrics = Board("test", time.now), Metrics()
    loop = Loop(lambda: hub, time, time.clock, board, metrics, logging.getLogger("synchub.serve"))
    return Stage(time, hub, loop, board, metrics)
