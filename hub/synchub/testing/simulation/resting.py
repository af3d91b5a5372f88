"""Letting a world come to rest, and seeing that it stays so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from synchub.testing.simulation.steps import Run
from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World

ENOUGH = 9
"""Within so many runs a world must have come to rest."""


def rest(world: World) -> None:
    """Nothing fails any more and nobody does anything: run until nothing more is written, twice running. Raises Violation."""
    world.wait()
    if world.broken_off:
        world.run(Run())  # when it ended is known only now, and so how long what it sent need not be found
        world.wait()
    gone = any(system.buried and system.incremental and not system.sees_deletes for system in world.systems)
    if gone or any(system.slipped for system in world.systems):
        world.run(Run(full=True))  # nothing else shows there who is gone, or was missed
    lags = any(system.lag for system in world.systems)  # what a run wrote, the next one a minute later could not see
    counts = run_until_quiet(world, world.wait) if lags else run_until_quiet(world)
    must(not any(counts[-2:]), f"it does not come to rest: {counts} writes")
    world.wait()
    late = written_anew(world, recompute=not sends_again(world))
    must(not late, f"it rested, and then wrote {late} that it had overlooked")


class Runs(Protocol):
    """A world in which the hub can run; `run` returns how much was written."""

    def run(self, step: Run) -> int: ...


def run_until_quiet(world: Runs, meanwhile: Callable[[], None] = lambda: None) -> list[int]:
    """Run until nothing is written, twice running, or there is no end to it; how much each run wrote. `meanwhile` happens
    before each."""
    counts: list[int] = []
    while len(counts) < ENOUGH and (len(counts) < 2 or any(counts[-2:])):
        meanwhile()
        counts.append(world.run(Run()))
    return counts


def sends_again(world: World) -> bool:
    """Whether a run that decides about everybody anew has something to send though nobody did anything: by a changed rule, or
    what was refused, which is tried once more."""
    return world.ruled or bool(world.known.questions("refused", answered=True))


def written_anew(world: World, *, recompute: bool) -> int:
    """How much a run sends that reads everything, and decides about everybody if `recompute`. Raises Violation if it fails."""
    for system in world.systems:
        system.run_begins()
    report = world.hub.sync(world.now, allow={"deletes": 1000}, full=True, recompute=recompute)
    must(not report.problem, f"a run failed, and nothing was wrong: {report.problem}")
    return sum(one.written + one.failed + one.unchanged for one in report.members)
