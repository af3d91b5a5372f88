"""Stopping: at a safe point if one comes in time, else as if killed. Either way the next run goes on from there."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

SECONDS: Final = 8.0
"""How long a run may take to come to a safe point. Whoever stops us allows ten seconds or more."""
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stopped(BaseException):
    """We were asked to stop. No Exception, so that nothing on the way takes it for a fault of its own."""


class Stop:
    """Whether we were asked to stop. Threads may share one. `heard` is called when we are."""

    def __init__(self, heard: Callable[[], None] = lambda: None) -> None:
        self._asked = threading.Event()
        self._heard = heard

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()
        self._heard()

    def wait(self, seconds: float) -> None:
        """Wait some seconds, or until we are asked to stop."""
        self._asked.wait(seconds)

    def sleep(self, seconds: float) -> None:
        """The same in the middle of a run. Raises Stopped if we are asked to."""
        if self._asked.wait(seconds):
            raise Stopped


class Waiter(Protocol):
    """What ends the loop, and what it waits with."""

    @property
    def asked(self) -> bool: ...
    def wait(self, seconds: float) -> None: ...


class Pulse:
    """A run's Progress: a sign of life at each step, and a safe point to stop at.

    Steps are told of between pages of a read and between batches of a write, never while either is under way.
    """

    def __init__(self, stop: Waiter, beat: Callable[[], None]) -> None:
        self._stop = stop
        self._beat = beat

    def start(self, step: str, total: int | None = None) -> None:
        self.advance(step)

    def advance(self, step: str, count: int = 1) -> None:
        self._beat()
        if self._stop.asked:
            raise Stopped

    def finish(self, step: str) -> None:
        self._beat()


@contextmanager
def on_signals(stop: Stop, at_last: Callable[[], None], *, seconds: float = SECONDS) -> Iterator[None]:
    """Ask to stop on SIGTERM and SIGINT; call `at_last` if it takes longer than `seconds`, or at a second signal.

    A thread of its own hears of signals: the main one may be busy for longer than that in a library that is not Python.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    wakeup = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(heard, stop, at_last, seconds), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.close()
        watcher.join()
        heard.close()


def _watch(heard: socket.socket, stop: Stop, at_last: Callable[[], None], seconds: float) -> None:
    try:
        while number := heard.recv(1):
            if number[0] not in SIGNALS:
                continue
            if stop.asked:
                at_last()
            stop.ask()
            heard.settimeout(seconds)
    except TimeoutError:
        at_last()
