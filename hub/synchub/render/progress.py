"""How far a run is: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichBars

from synchub.render.clean import clean
from synchub.render.screen import console
from synchub.spec.options import Progress

EVERY = 2.0
"""Seconds between two plain lines."""


@contextmanager
def progress_on(file: IO[str], *, color: bool | None = None) -> Iterator[Progress]:
    """Bars if `file` is a terminal, else lines. Bars are taken away at the end: the report says it all."""
    if not file.isatty():
        yield Lines(file)
        return
    bars = RichBars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(file, color=color),
        transient=True,
    )
    with bars:
        yield Bars(bars)


class Bars:
    """One bar a step."""

    def __init__(self, bars: RichBars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def start(self, step: str, total: int | None = None) -> None:
        with self._lock:
            if step in self._tasks:
                self._bars.update(self._tasks[step], total=total)
            else:
                self._tasks[step] = self._bars.add_task(clean(step).replace("[", r"\["), total=total)

    def advance(self, step: str, count: int = 1) -> None:
        self._bars.advance(self._tasks[step], count)

    def finish(self, step: str) -> None:
        task = self._bars.tasks[self._bars.task_ids.index(self._tasks[step])]
        self._bars.update(task.id, total=task.completed)


class Lines:
    """A line when a step ends, and between at most one every two seconds. Of shorter steps nothing is told."""

    def __init__(self, file: IO[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._last = clock()
        self._began: dict[str, float] = {}
        self._done: dict[str, int] = {}
        self._totals: dict[str, int | None] = {}
        self._lock = threading.Lock()

    def start(self, step: str, total: int | None = None) -> None:
        with self._lock:
            self._done.setdefault(step, 0)
            self._began.setdefault(step, self._clock())
            self._totals[step] = total

    def advance(self, step: str, count: int = 1) -> None:
        with self._lock:
            self._done[step] += count
            if self._lasts(step) and self._clock() - self._last >= EVERY:
                self._tell(step)

    def finish(self, step: str) -> None:
        with self._lock:
            if self._lasts(step):
                self._tell(step, "done")
            del self._began[step], self._done[step], self._totals[step]

    def _lasts(self, step: str) -> bool:
        return self._clock() - self._began[step] >= EVERY

    def _tell(self, step: str, word: str = "") -> None:
        self._last = self._clock()
        total = self._totals[step]
        of = f" of {total:,}" if total is not None and not word else ""
        self._file.write(f"{clean(step)}: {self._done[step]:,}{of}{word and f', {word}'}\n")
        self._file.flush()
