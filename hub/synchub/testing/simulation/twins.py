"""Worlds that must come to the same: read in another order, and with or without having been killed on the way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from synchub.testing.simulation.faults import KILLED
from synchub.testing.simulation.resting import rest
from synchub.testing.simulation.steps import Deed, History, Run
from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World

Seen = list[tuple[tuple[str, str], ...]]


def seen(world: World) -> Seen:
    """What can be told from outside: golden without the numbers that the hub gives."""
    return sorted(
        tuple(sorted((name, value) for name, value in record.items() if name != "hub_id"))
        for record in world.hub.records()
    )


def ask_twins(history: History, world: World) -> None:
    """I5 and I9, of the histories that can be asked: those without any fault, and those that were only killed."""
    runs = [step for step in history.steps if isinstance(step, Run)]
    if not any(run.faults for run in runs):
        order_decides_nothing(history, seen(world))
    elif only_killed(history) and not world.waited:  # what is made later than it would have been is found by others
        a_kill_changes_nothing(history, seen(world))


def only_killed(history: History) -> bool:
    """Whether all that goes wrong is that runs are killed, and each is followed at once by one that may end."""
    # What a killed run and the next one wrote is two runs to take back, not one; what is shown once was shown to it; and what
    # went back to an older copy counts when it is seen twice.
    if any(isinstance(step, Deed) and step.kind in ("undo", "stale", "restore") for step in history.steps):
        return False
    pairs = pairwise((*history.steps, Run()))
    return all(
        isinstance(after, Run) and not after.faults and all(fault.kind == KILLED for fault in step.faults)
        for step, after in pairs
        if isinstance(step, Run) and step.faults
    )


def order_decides_nothing(history: History, first: Seen) -> None:
    """I5: systems read in any order, pages split anywhere, give the same golden."""
    other = _backwards(history)
    must(first == other, f"read in another order it comes to something else: {_unlike(first, other)}")


def a_kill_changes_nothing(history: History, first: Seen) -> None:
    """I9: killed at any step, the next run ends where an undisturbed run would have."""
    other = _undisturbed(history)
    must(
        other in (None, first), f"without having been killed it comes to something else: {_unlike(first, other or [])}"
    )


def _undisturbed(history: History) -> Seen | None:
    """What it comes to where nothing is killed; None if a run left something to the next one, as a row that must give up
    its email first: with a run less, people find other things there, and do others."""
    world, struck = World(history.shape), False
    try:
        for step in history.steps:
            if not isinstance(step, Run):
                world.step(step)
                continue
            written = world.run(replace(step, faults=()))
            if struck and written:
                return None
            struck = bool(step.faults)
        rest(world)
        return seen(world)
    finally:
        world.close()


def _backwards(history: History) -> Seen:
    world = World(history.shape, backwards=True)
    try:
        for step in history.steps:
            world.step(step)
        rest(world)
        return seen(world)
    finally:
        world.close()


def _unlike(first: Seen, other: Seen) -> str:
    gone = [dict(one) for one in first if one not in other]
    come = [dict(one) for one in other if one not in first]
    return f"{gone} and {come}"
