"""Random histories over the real engine, in two processes. By default always the same ones: a commit is told of what it
breaks, not of what luck finds. The search for more is the longer mode:

SYNCHUB_SIMULATION_SECONDS   for so long, from a seed on that the commit tells: every commit plays others
SYNCHUB_SIMULATION_SEEDS     how many, where no time is given
SYNCHUB_SIMULATION_FIRST     from this seed on
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from xxhash import xxh3_64_intdigest

SECONDS = float(os.environ.get("SYNCHUB_SIMULATION_SECONDS", "0"))
SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_SEEDS", "40"))
FIRST = 30_000
PROCESSES = 2
FAR = 500_000_000
"""From the first seed of one process to that of the next, where nobody knows how far each of them gets."""


def first_seed() -> int:
    """Another part of all histories for every commit, where there is time to look; else always the same one."""
    if "SYNCHUB_SIMULATION_FIRST" in os.environ or not SECONDS:
        return int(os.environ.get("SYNCHUB_SIMULATION_FIRST", FIRST))
    here = Path(__file__).parent
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return xxh3_64_intdigest(asked.stdout.strip().encode()) % FAR


def one_process(number: int) -> subprocess.Popen[str]:
    """The command that anybody can run."""
    share = SEEDS // PROCESSES
    if SECONDS:
        how, first = ["--hours", str(SECONDS / 3600)], first_seed() + number * FAR
    else:
        how, first = ["--seeds", str(share)], first_seed() + number * share
    command = [sys.executable, "-m", "synchub.testing.simulation", *how, "--first", str(first), "--tries", "60"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_whatever_happens_what_must_hold_holds() -> None:
    processes = [one_process(number) for number in range(PROCESSES)]
    told = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, "\n\n".join(told)
    assert all(" histories, 0 failed" in text for text in told)
