"""Random histories over the real engine, in two processes. By default always the same ones: a commit is told of what it
breaks, not of what luck finds. The search for more is the longer mode:

SYNCHUB_SIMULATION_SECONDS   for so long, from a seed on that the commit tells: every commit plays others
SYNCHUB_SIMULATION_SEEDS     how many (100), where no time is given
SYNCHUB_SIMULATION_FIRST     from this seed on
"""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from xxhash import xxh3_64_intdigest

from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played, play
from synchub.testing.simulation.shrinking import shrink
from synchub.testing.simulation.telling import told

SECONDS = float(os.environ.get("SYNCHUB_SIMULATION_SECONDS", "0"))
SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_SEEDS", "100"))
FIRST = 30_000
PROCESSES = 2
ENOUGH_FAILURES = 3


def first_seed() -> int:
    """Another part of all histories for every commit, where there is time to look; else always the same one."""
    if "SYNCHUB_SIMULATION_FIRST" in os.environ or not SECONDS:
        return int(os.environ.get("SYNCHUB_SIMULATION_FIRST", FIRST))
    here = Path(__file__).parent
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return xxh3_64_intdigest(asked.stdout.strip().encode()) % 1_000_000_000


def some(share: int, first: int) -> tuple[int, list[Played]]:
    """One process: every second seed, until it is enough. Returns how many were played, and those that failed."""
    end, failed, done = time.monotonic() + SECONDS, [], 0
    for seed in count(first + share, PROCESSES):
        over = time.monotonic() > end if SECONDS else done * PROCESSES + share >= SEEDS
        if over or len(failed) >= ENOUGH_FAILURES:
            break
        played = play(draw(seed))
        done += 1
        if played.broken:
            failed.append(shrink(played, tries=60))
    return done, failed


def test_whatever_happens_what_must_hold_holds() -> None:
    first = first_seed()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(some, range(PROCESSES), [first] * PROCESSES))
    played = sum(done for done, _ in results)
    failed = [one for _, failures in results for one in failures]
    print(f"{played} histories from seed {first} on, {len(failed)} failed")  # noqa: T201  pytest -s shows how many fitted
    assert not failed, "\n\n".join(told(one) for one in failed)
    assert played > 0
