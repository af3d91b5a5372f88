"""Makes a failing history short: leaves out steps, faults and traits as long as it still fails in the same place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from synchub.testing.simulation.playing import Played, play
from synchub.testing.simulation.steps import History, Run, Step


def shrink(failed: Played, *, tries: int = 300, again: Callable[[History], Played] = play) -> Played:
    """The shortest failing history that is found in so many tries, with what it comes to."""
    best, left = failed, tries
    shorter = True
    while shorter and left > 0:
        shorter = False
        for smaller in _smaller(best.history):
            if left == 0:
                break
            left -= 1
            played = again(smaller)
            if played.broken and played.where == failed.where:
                best, shorter = played, True
                break
    return best


def _smaller(history: History) -> Iterator[History]:
    """Histories with less in them, those with much less first."""
    steps = history.steps
    size = len(steps) // 2
    while size:
        for start in range(len(steps) - size, -1, -size):
            yield replace(history, steps=steps[:start] + steps[start + size :])
        size //= 2
    for place, step in enumerate(steps):
        for simpler in _simpler(step):
            yield replace(history, steps=(*steps[:place], simpler, *steps[place + 1 :]))
    yield from _plainer(history)


def _simpler(step: Step) -> Iterator[Step]:
    if not isinstance(step, Run):
        return
    for place, fault in enumerate(step.faults):
        yield replace(step, faults=step.faults[:place] + step.faults[place + 1 :])
        if fault.lasting:
            once = replace(fault, lasting=False)
            yield replace(step, faults=(*step.faults[:place], once, *step.faults[place + 1 :]))
    for usual in (replace(step, full=False), replace(step, only=None), replace(step, accept=True)):
        if usual != step:
            yield usual


def _plainer(history: History) -> Iterator[History]:
    """Without one of the traits, settings or systems."""
    shape = history.shape
    if len(shape.traits) > 2:
        fewer = replace(shape, traits=shape.traits[:-1], members=shape.members[:-1])
        yield replace(history, shape=fewer)
    for number, own in enumerate(shape.traits):
        for name in own:
            plain = {key: value for key, value in own.items() if key != name}
            traits = (*shape.traits[:number], plain, *shape.traits[number + 1 :])
            yield replace(history, shape=replace(shape, traits=traits))
    for number, own in enumerate(shape.members):
        for name in own:
            plain = {key: value for key, value in own.items() if key != name}
            members = (*shape.members[:number], plain, *shape.members[number + 1 :])
            yield replace(history, shape=replace(shape, members=members))
