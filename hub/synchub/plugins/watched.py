"""A connector whose calls have a time limit: one that hangs is left behind, and the run goes on without it.

Nothing can stop a thread from outside, so what hangs goes on hanging in a thread of its own until the process ends. It holds
nothing of the hub's, and is asked nothing more. A process that runs for months would gather such threads: of one system there are
never more than a few, then it is left alone until one of them ends.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TypeVar

from synchub.api import Connector, Cursor, Page, Stream
from synchub.errors import PluginError

T = TypeVar("T")
UNITS = {"s": 1, "m": 60, "h": 3600}
CAPABILITIES = ("lookup", "write", "create_all")
MOST = 3
"""Calls of one system that may hang at the same time."""


def seconds(text: str) -> float:
    """How long "90s", "10m" and "1h" are."""
    return float(int(text[:-1]) * UNITS[text[-1]])


class Hung(Exception):
    """A step came to no end in time; the text says where it is."""


class Aside:
    """A thread that does one step after the other, as long as somebody waits for each."""

    def __init__(self, name: str) -> None:
        self._steps: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._ends: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (step := self._steps.get()) is not None:
            try:
                self._ends.put((step(), None))
            except BaseException as error:  # it is raised where the step was asked for
                self._ends.put((None, error))

    def ask(self, step: Callable[[], T], limit: float) -> T:
        """What the step returns or raises. Raises Hung after so many seconds."""
        self._steps.put(step)
        try:
            found, error = self._ends.get(timeout=limit)
        except Empty:
            raise Hung(_place(sys._current_frames().get(self._thread.ident or 0))) from None
        if error is not None:
            raise error
        return found  # type: ignore[no-any-return]

    def leave(self) -> None:
        """Let it end once it has done what it is at."""
        self._steps.put(None)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()


class Hanging:
    """The calls of one system that hang, of this run and of earlier ones."""

    def __init__(self) -> None:
        self._asides: list[Aside] = []

    def add(self, aside: Aside) -> None:
        self._asides.append(aside)

    def refuse_more(self, named: str, origin: str) -> None:
        """Raises PluginError if there are so many that no further one may come."""
        self._asides = [each for each in self._asides if not each.over]
        if len(self._asides) >= MOST:
            raise PluginError(
                f"The connector of {named} ({origin}) is not called: {len(self._asides)} earlier calls of it still hang.",
                not_done="It takes no part in this run. It is called again once one of them has ended.",
                next_step='A restart of synchub ends them. With `isolation = "process"` each is ended as soon as it hangs.',
            )


def _place(frame: FrameType | None) -> str:
    """Where a thread is in the plugin's own code: " in read, line 12 of mycrm.py"."""
    frames: list[tuple[str, FrameType]] = []
    while frame is not None:
        frames.append((str(frame.f_globals.get("__name__", "")).partition(".")[0], frame))
        frame = frame.f_back
    strangers = [top for top, _ in frames if top != "synchub" and top not in sys.stdlib_module_names]
    for top, own in frames:
        if strangers and top == strangers[-1]:  # the outermost is whom the hub called
            file = own.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
            return f" in {own.f_code.co_name}, line {own.f_lineno} of {file}"
    return ""


class Watched(Connector):
    """A connector behind a time limit. It can do what the connector can, and no more.

    make   makes the connector; named   as people know it; origin   who brought it; limit   seconds for each call, and for
    each page of a read; hanging   what hangs of earlier ones of this system. Raises PluginError if that is too much
    """

    def __init__(
        self, make: Callable[[], Connector], *, named: str, origin: str, limit: float, hanging: Hanging
    ) -> None:
        hanging.refuse_more(named, origin)
        self._named, self._origin, self._limit, self._hanging = named, origin, limit, hanging
        self._hung: PluginError | None = None
        self._connector = self._once("made", make)
        for name in CAPABILITIES:
            if hasattr(self._connector, name):
                setattr(self, name, partial(self._call, name))

    def check(self) -> None:
        self._once("checked", self._connector.check)

    def streams(self) -> Sequence[Stream]:
        return self._once("asked for its streams", self._connector.streams)

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        aside = Aside(f"reading {self._named}")
        ask = partial(self._asked, aside, f"read ({stream})")
        pages: Iterator[Page] = iter(())
        try:
            pages = ask(lambda: iter(self._connector.read(stream, cursor, fields)))
            while (page := ask(lambda: next(pages, None))) is not None:
                yield page
        finally:
            close = getattr(pages, "close", None)
            if close is not None and self._hung is None:
                ask(close)
            aside.leave()

    def close(self) -> None:
        """Let go of it; not of one that hangs: it is not done yet."""
        if self._hung is None:
            self._once("closed", self._connector.close)

    def _call(self, name: str, stream: str, given: Any) -> Any:
        call = getattr(self._connector, name)
        return self._once(f"asked to {name.replace('_', ' ')} ({stream})", lambda: call(stream, given))

    def _once(self, what: str, step: Callable[[], T]) -> T:
        aside = Aside(f"{what}: {self._named}")
        try:
            return self._asked(aside, what, step)
        finally:
            aside.leave()

    def _asked(self, aside: Aside, what: str, step: Callable[[], T]) -> T:
        if self._hung is not None:
            raise self._hung
        try:
            return aside.ask(step, self._limit)
        except Hung as place:
            self._hanging.add(aside)
            self._hung = PluginError(
                f"The connector of {self._named} ({self._origin}) hangs: it was {what} and came no further in "
                f"{self._limit:g} seconds{place}.",
                not_done="It takes no further part in this run. What it was doing may still be done; the next run looks.",
                next_step="If it only takes that long, raise `timeout` of this system; else report this to its "
                'author. With `isolation = "process"` it can be ended.',
            )
            raise self._hung from None
