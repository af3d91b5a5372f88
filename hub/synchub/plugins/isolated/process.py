"""The process of a connector, seen from the hub: started, asked, and ended, whatever it does."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from synchub.api import Host
from synchub.errors import PluginError, SynchubError
from synchub.plugins.isolated import plain, wire
from synchub.plugins.isolated.hosting import Services

GRACE = 5.0
"""Seconds between asking a process to end and ending it."""
LAST = 6
"""Lines of its log that are told when it dies."""


class Patient:
    """A pipe whose other end may take its time, or take nothing at all: then wire.Broken is raised at `until`."""

    def __init__(self, number: int, until: float) -> None:
        self._number, self._until = number, until

    def write(self, data: bytes, /) -> None:
        left = memoryview(data)
        while left:
            if not select.select([], [self._number], [], max(0.0, self._until - time.monotonic()))[1]:
                raise wire.Broken("nothing")
            left = left[os.write(self._number, left) :]

    def flush(self) -> None:
        """Nothing is kept back."""


class Process:
    """One connector in its process. `named` is what messages call it, with its distribution and version; `silence` is for how
    many seconds it may work on a call without a word, `limit` for how many in all."""

    def __init__(
        self, command: Sequence[str], host: Host, *, named: str, silence: float, limit: float = math.inf
    ) -> None:
        self._host, self._named, self._silence = host, named, silence
        self._limit = self._given = limit
        self._services = Services(host)
        self._lock = threading.RLock()
        self._last: deque[str] = deque(maxlen=LAST)
        self._over: SynchubError | None = None
        self._latest = self._until = math.inf
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        assert self._child.stderr is not None
        assert self._child.stdin is not None
        os.set_blocking(self._child.stdin.fileno(), False)
        self._listening = threading.Thread(target=self._listen, args=(self._child.stderr,), daemon=True)
        self._listening.start()

    def call(self, head: Mapping[str, Any], body: bytes = b"", *, at_least: float = 0) -> tuple[Any, bytes]:
        """What a call comes to. Raises what the connector raised, and PluginError if its process dies, hangs, or says what is
        no message; then it is ended, and every further call raises the same."""
        with self._lock:
            if self._over is not None:
                raise self._over
            self._given = max(self._limit, at_least)
            self._latest = time.monotonic() + self._given
            try:
                self._say(head, body)
                return self._answered(max(self._silence, at_least))
            except SynchubError:
                raise
            except Exception as error:  # whatever it says instead of an answer
                self._over = self._failed(error)
                raise self._over from error

    def _answered(self, silence: float) -> tuple[Any, bytes]:
        while True:
            self._until = min(time.monotonic() + silence, self._latest)
            said, body = wire.receive(self._read)
            match said:
                case {"raise": raised, **more}:
                    self._keep(more.get("state"))
                    raise plain.error_of(raised)
                case {"ask": _}:
                    self._serve(said)
                case {"log": int(level), "text": str(text)}:
                    self._host.log.log(level, "%s", text)
                case {"result": result, **more}:
                    self._keep(more.get("state"))
                    return result, body
                case {"made": True}:
                    return None, b""
                case _:
                    raise wire.Broken("what is no answer")

    def _serve(self, said: Mapping[str, Any]) -> None:
        try:
            answer, body = self._services.answer(said)
        except SynchubError as error:
            self._say({"raise": plain.error(error)})
        else:
            self._say({"answer": answer}, body)

    def _say(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        self._until = min(time.monotonic() + self._silence, self._latest)
        assert self._child.stdin is not None
        wire.send(Patient(self._child.stdin.fileno(), self._until), head, body)

    def _keep(self, state: Any) -> None:
        if isinstance(state, dict):
            self._host.state.clear()
            self._host.state.update(state)

    def _read(self, count: int) -> bytes:
        assert self._child.stdout is not None
        left = max(0.0, self._until - time.monotonic())
        if not select.select([self._child.stdout], [], [], left)[0]:
            raise wire.Broken("nothing")
        return os.read(self._child.stdout.fileno(), count)

    def _failed(self, error: Exception) -> PluginError:
        """How it ended, in words for people; it is ended now."""
        hung = time.monotonic() >= self._until
        long = time.monotonic() >= self._latest
        if not hung:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(GRACE)
        code = self._child.poll()
        self.end()
        if long:
            how = f"came to no end in {self._given:g} seconds and was ended"
        elif hung:
            how = f"said nothing for {self._silence:g} seconds and was ended"
        elif code is None:
            how = f"said {error}, and was ended"
        else:
            how = f"ended with exit code {code}" if code >= 0 else f"was killed by signal {-code}"
        said = " | ".join(self._last)
        what = "If it only takes that long, raise `timeout` of this system; else" if long else "If it happens again,"
        return PluginError(
            f"{self._named}, in its own process, {how}.{f' It said last: {said}' if said else ''}",
            not_done="It takes no further part in this run; nothing counts as deleted, and the next run looks up what it did.",
            next_step=f"The next run starts it anew. {what} report it to the connector's author.",
        )

    def _listen(self, err: IO[bytes]) -> None:
        with suppress(ValueError, OSError):
            while line := err.readline(65536):
                text = line.decode("utf-8", "replace").strip()
                if text:
                    self._last.append(text[:300])
                    self._host.log.info("%s", text)

    def close(self) -> None:
        """Let the connector close, and end it. One that is ended already has nothing to close."""
        with self._lock:
            if self._over is not None:
                return
            try:
                self.call({"call": "close"})
            finally:
                self.end()

    def end(self) -> None:
        """End it and what it started, and let go of it."""
        self._over = self._over or PluginError(f"{self._named}, in its own process, is closed.")
        self._services.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(GRACE)
                break
        self._listening.join(GRACE)
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
