"""Random histories over the real engine, in two processes: every commit plays others, and the same ones whenever it is tested.

SYNCHUB_SIMULATION_SECONDS   for so long, instead of so many
SYNCHUB_SIMULATION_SEEDS     how many (500)
SYNCHUB_SIMULATION_FIRST     from this seed on, whatever the commit
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from xxhash import xxh3_64_intdigest

SECONDS = float(os.environ.get("SYNCHUB_SIMULATION_SECONDS", "0"))
SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_SEEDS", "500"))
PROCESSES = 2
FAR = 500_000_000
"""From the first seed of one process to that of the next, where nobody knows how far each of them gets."""


def first_seed() -> int:
    """The files of a commit tell where its part of all histories begins: a commit that is only moved keeps its part."""
    if "SYNCHUB_SIMULATION_FIRST" in os.environ:
        return int(os.environ["SYNCHUB_SIMULATION_FIRST"])
    ask = ["git", "rev-parse", "HEAD^{tree}"]
    told = subprocess.run(ask, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return xxh3_64_intdigest(told.stdout.strip().encode()) % FAR


def one_process(number: int) -> subprocess.Popen[str]:
    """The command that anybody can run."""
    share = SEEDS // PROCESSES
    how = ["--hours", str(SECONDS / 3600)] if SECONDS else ["--seeds", str(share)]
    first = first_seed() + number * (FAR if SECONDS else share)
    command = [sys.executable, "-m", "synchub.testing.simulation", *how, "--first", str(first), "--tries", "60"]
    one_thread = {**os.environ, "POLARS_MAX_THREADS": "1"}  # of so few rows threads make nothing but work
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=one_thread)


def test_whatever_happens_what_must_hold_holds() -> None:
    processes = [one_process(number) for number in range(PROCESSES)]
    told = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n\n".join(told)
    assert all(" histories, 0 failed" in text for text in told)
