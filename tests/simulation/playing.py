"""Histories played in two processes, each on a processor of its own; which ones, the engine's own code tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from xxhash import xxh3_64

import synchub

FIRST = os.environ.get("SYNCHUB_SIMULATION_FIRST")
HUB = Path(synchub.__file__).parent
ENGINE = ("mapping", "match", "merge", "model", "plan", "read", "record", "run", "write")
PROCESSES = 2
FAR = 1_000_000_000


def first_seed() -> int:
    if FIRST is not None:
        return int(FIRST)
    code = xxh3_64()
    for file in sorted(file for part in ENGINE for file in (HUB / part).rglob("*.py")):
        code.update(file.relative_to(HUB).as_posix().encode() + b"\0" + file.read_bytes())
    return code.intdigest() % FAR


def all_hold(*options: str, apart: int) -> None:
    """Play histories by the command that anybody can run. From the first seed of one process to that of the next it is
    `apart`."""
    processes = [
        _one_process(number, *options, "--first", str(first_seed() + number * apart)) for number in range(PROCESSES)
    ]
    told = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n\n".join(told)
    assert all(" histories, 0 failed" in text for text in told)


def _one_process(number: int, *options: str) -> subprocess.Popen[str]:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    command = [sys.executable, "-m", "synchub.testing.simulation", *options, "--tries", "60"]
    command += ["--core", str(cores[number % len(cores)])]
    one_thread = {**os.environ, "POLARS_MAX_THREADS": "1"}  # of so few rows threads make nothing but work
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=one_thread)
