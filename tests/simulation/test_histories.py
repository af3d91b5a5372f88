"""Random histories over the real engine, in two processes: as many as eight minutes allow, and 500 however long they take.
Which ones, the engine's own code tells: every change of it is tried on others, and whoever made it sees them fail before
anybody else does, as they are the same ones everywhere. Who mends a question of the simulator plays the same histories
again.

SYNCHUB_SIMULATION_FIRST     from this seed on, whatever the code says
SYNCHUB_SIMULATION_SEEDS     how many at the least (500)
SYNCHUB_SIMULATION_SECONDS   for how long more are played (480)
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from xxhash import xxh3_64

import synchub

SECONDS = float(os.environ.get("SYNCHUB_SIMULATION_SECONDS", "480"))
SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_SEEDS", "500"))
FIRST = os.environ.get("SYNCHUB_SIMULATION_FIRST")
HUB = Path(synchub.__file__).parent
ENGINE = ("mapping", "match", "merge", "model", "plan", "read", "record", "run", "write")
PROCESSES = 2
APART = max(5_000, SEEDS)
"""From the first seed of one process to that of the next."""
FAR = 1_000_000_000


def first_seed() -> int:
    if FIRST is not None:
        return int(FIRST)
    code = xxh3_64()
    for file in sorted(file for part in ENGINE for file in (HUB / part).rglob("*.py")):
        code.update(file.relative_to(HUB).as_posix().encode() + b"\0" + file.read_bytes())
    return code.intdigest() % FAR


def one_process(number: int) -> subprocess.Popen[str]:
    """The command that anybody can run."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    first = first_seed() + number * APART
    command = [sys.executable, "-m", "synchub.testing.simulation", "--least", str(SEEDS // PROCESSES)]
    command += ["--hours", str(SECONDS / 3600), "--first", str(first), "--tries", "60"]
    command += ["--core", str(cores[number % len(cores)])]
    one_thread = {**os.environ, "POLARS_MAX_THREADS": "1"}  # of so few rows threads make nothing but work
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=one_thread)


def test_whatever_happens_what_must_hold_holds() -> None:
    processes = [one_process(number) for number in range(PROCESSES)]
    told = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n\n".join(told)
    assert all(" histories, 0 failed" in text for text in told)
