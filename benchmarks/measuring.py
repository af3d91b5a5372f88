"""What a process took: wall and processor time, and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SYNCHUB = Path(sys.executable).with_name("synchub")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of wall and processor time, megabytes at the peak, and how many rows it was about."""

    job: str
    what: str
    wall: float
    cpu: float
    memory: float
    rows: int = 0
    note: str = ""
    """What else there is to say, in words."""

    @property
    def rate(self) -> str:
        return f"{self.rows / self.wall:,.0f}" if self.rows else ""


class Failed(Exception):
    """A command that was to be measured failed; its output."""


def measured(
    job: str,
    what: str,
    command: Sequence[str | Path],
    folder: Path,
    *,
    rows: int = 0,
    env: Mapping[str, str] | None = None,
) -> Measured:
    """Run a command as a process of its own. Raises Failed."""
    with (folder / "output.txt").open("w+") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise Failed(f"{' '.join(map(str, command))}\n{output.read()}")
    return Measured(job, what, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, rows)


def synchub(
    job: str, what: str, folder: Path, *arguments: str, rows: int = 0, env: Mapping[str, str] | None = None
) -> Measured:
    """One command of synchub."""
    return measured(job, what, [SYNCHUB, *arguments], folder, rows=rows, env=env)
