"""A program as a process: its files, its lines, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from synchub.api import ConfigurationError, RetryLater

NOT_READ = "It was not read to its end; nothing counts as deleted."
NOT_WRITTEN = "What it was given counts as not written, and is sent again by the next run."
LAST = 12
"""Lines of its log that are told when a program fails."""
GRACE = 5.0
"""Seconds between asking a process to end and ending it."""
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
PASSED_ON = frozenset({"PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"})
PASSED_ON |= {"SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
PASSED_ON |= {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
"""Variables of the environment that say where things are."""
LOOKS = 4
"""How often it is looked at in the time that it may be silent."""


class Program:
    """One call of a program. `lines` gives what it prints; it has ended well only if that comes to its end without an error.

    `log` is called with each line of what it complains about, in which `hide` has put stars in the place of secrets;
    `silence` is in seconds, `longest` in bytes; `name` is what it is called in messages; `fed` what it is given to read.
    """

    def __init__(  # noqa: PLR0913 - what there is to say of a process, by name
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        log: Callable[[str], None],
        hide: Callable[[str], str],
        silence: float,
        longest: int,
        name: str = "",
        fed: Sequence[bytes] | None = None,
    ) -> None:
        self._name = name or Path(command[0]).name
        self._not_done = NOT_READ if fed is None else NOT_WRITTEN
        self._log, self._hide, self._silence, self._longest = log, hide, silence, longest
        self._last: deque[str] = deque(maxlen=LAST)
        self._over = threading.Event()
        self._words = 0
        self._reading = self._stuck = False
        self._process = started(command, environ, fed=fed is not None)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        ]
        if fed is not None:
            assert self._process.stdin is not None
            self._threads.append(threading.Thread(target=self._feed, args=(self._process.stdin, fed), daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def last(self) -> str:
        """The last line that it complained with."""
        return self._last[-1] if self._last else "it said nothing about why"

    @property
    def stuck(self) -> bool:
        """Whether it was ended because it fell silent."""
        return self._stuck

    def lines(self) -> Iterator[bytes]:
        """What it prints, line by line. Raises RetryLater if it fails or falls silent, ConfigurationError if one line is
        too long."""
        assert self._process.stdout is not None
        while line := self._line(self._process.stdout):
            if len(line) > self._longest and not line.endswith(b"\n"):
                raise ConfigurationError(
                    f"{self._name} printed a line of more than {self._longest} bytes.",
                    not_done="It was ended; what it had said before is kept, and nothing counts as deleted.",
                    next_step="Raise `longest_line` of this system if the record is as large as that.",
                )
            yield line
        self._ended()

    def _line(self, out: IO[bytes]) -> bytes:
        self._words += 1
        self._reading = True
        try:
            return out.readline(self._longest + 1)
        finally:
            self._reading = False

    def _ended(self) -> None:
        """Take in how it ended. Raises RetryLater unless that was well."""
        code = self._process.wait()
        self._threads[0].join(GRACE)
        if self._stuck:
            raise self._failed(f"said nothing for {self._silence:g} seconds and was ended")
        if code:
            raise self._failed(f"ended with exit code {code}" if code > 0 else f"was killed by signal {-code}")

    def _failed(self, how: str) -> RetryLater:
        said = " | ".join(self._last)
        return RetryLater(
            f"{self._name} {how}.{f' It said last: {said}' if said else ' It said nothing about why.'}",
            not_done=self._not_done,
            next_step="If it says that a setting or a secret is wrong, correct it in hub.toml; else it is tried again.",
        )

    def _feed(self, into: IO[bytes], fed: Sequence[bytes]) -> None:
        """Hand it its lines. One that has ended before it took them all is asked how it ended."""
        with suppress(OSError, ValueError), into:
            for line in fed:
                into.write(line)
                self._words += 1

    def _listen(self, err: IO[bytes]) -> None:
        with suppress(ValueError, OSError):  # closed while it was read
            while line := err.readline(65536):
                self._words += 1
                text = self._hide(line.decode("utf-8", "replace").strip())
                if text:
                    self._last.append(text[:300])
                    self._log(text)

    def _watch(self) -> None:
        """End it if it is waited for and says nothing; while its lines are worked on it may be as silent as it likes."""
        quiet, words = 0, self._words
        while quiet < LOOKS:
            if self._over.wait(self._silence / LOOKS):
                return
            quiet = quiet + 1 if self._reading and self._words == words else 0
            words = self._words
        self._stuck = True
        end(self._process)

    def close(self) -> None:
        """End it if it still runs, and let go of it."""
        self._over.set()
        end(self._process)
        listening = self._threads[0]
        listening.join(GRACE)
        if listening.is_alive():  # something that it started still holds the other end
            _signal(self._process, KILL)
            listening.join(GRACE)
        for pipe in (self._process.stdout, *([] if listening.is_alive() else [self._process.stderr])):
            if pipe is not None:
                pipe.close()
        for feeding in self._threads[2:]:
            feeding.join(GRACE)


def started(command: Sequence[str], environ: Mapping[str, str], *, fed: bool) -> subprocess.Popen[bytes]:
    """The process, in a group of its own. Raises ConfigurationError if there is no such program."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigurationError(
            f"{command[0]} can't be started: {error.strerror}.",
            not_done=f"Nothing was {'written to' if fed else 'read from'} it.",
            next_step="Install it anew with `synchub plugin add`, or correct its name in hub.toml.",
        ) from error


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started: first asked, then made."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    if process.poll() is None:
        _signal(process, KILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()


def environment(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a program sees of the environment: where things are, and what hub.toml gives it."""
    kept = {name: value for name, value in own.items() if name.upper() in PASSED_ON}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **given}


@contextmanager
def files(contents: Mapping[str, Any]) -> Iterator[dict[str, Path]]:
    """JSON files by name, in a folder that only this user can look into, and only for as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="synchub-") as folder:
        paths = {}
        for name, content in contents.items():
            paths[name] = Path(folder) / f"{name}.json"
            with os.fdopen(os.open(paths[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(orjson.dumps(content, default=str))
        yield paths
