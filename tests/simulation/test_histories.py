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

from simulation.playing import PROCESSES, all_hold

SECONDS = float(os.environ.get("SYNCHUB_SIMULATION_SECONDS", "480"))
SEEDS = int(os.environ.get("SYNCHUB_SIMULATION_SEEDS", "500"))


def test_whatever_happens_what_must_hold_holds() -> None:
    all_hold("--least", str(SEEDS // PROCESSES), "--hours", str(SECONDS / 3600), apart=max(5_000, SEEDS))
