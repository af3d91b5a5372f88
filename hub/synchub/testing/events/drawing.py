"""Draws histories of events: everything that happens follows from one number."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from synchub.testing.events.deeds import MOST
from synchub.testing.simulation import drawing as usual
from synchub.testing.simulation.connector import PAGES, TROUBLES, WRITES
from synchub.testing.simulation.faults import KILLED, MEANWHILE, POINTS, STORE
from synchub.testing.simulation.steps import HUB, Deed, Fault, History, Run, Shape, Step

STEPS = 30
OFTEN = {
    "happen": 10,
    "create": 4,
    "edit": 2,
    "rename": 2,
    "delete": 2,
    "join": 1,
    "split": 1,
    "forget": 2,
    "correct": 2,
    "answer": 2,
}
DEEDS = tuple(kind for kind, often in OFTEN.items() for _ in range(often))
OFTENER: dict[str, Callable[[Random], Any]] = {
    "can_lookup": lambda dice: dice.random() < 0.5,
    "keeps_hub_id": lambda dice: dice.random() < 0.7,
}
"""What a system of events is to be, or not, more often than others."""
NAMED = ("tells_time", "skew", "answers", "can_lookup", "incremental", "sees_deletes", "keeps_hub_id", "repeats", "lag")
TRAITS = {name: OFTENER.get(name, usual.TRAITS[name]) for name in (*NAMED, "batch", "page_size")}


def draw(seed: int) -> History:
    """The history of a seed: the same for ever, as long as this file is the same."""
    dice = Random(f"events {seed}")
    traits = tuple(usual.some(dice, TRAITS, 0.4) for _ in range(4))
    rules = {name: True for name, often in (("by_hub_id", 0.2), ("both_ways", 0.4)) if dice.random() < often}
    shape = Shape(traits, (), rules)
    steps: list[Step] = [_deed(dice, "create") for _ in range(dice.randint(1, 4))]
    while len(steps) < STEPS:
        steps += [_deed(dice) for _ in range(dice.randint(1, 5))]
        faults = tuple(_fault(dice) for _ in range(dice.choice((0, 1, 1, 2, 3))))
        steps.append(Run(faults, full=dice.random() < 0.1))
    return History(shape, tuple(steps), seed)


def _deed(dice: Random, kind: str = "") -> Deed:
    return Deed(kind or dice.choice(DEEDS), dice.randrange(2), dice.randrange(MOST), value=dice.randrange(10))


def _fault(dice: Random) -> Fault:
    """One of the hub's own, or of one system; of the last two more often than of the others."""
    nth, lasting = dice.choice((1, 1, 1, 2, 3, 5)), dice.random() < 0.2
    if dice.random() < 0.3:
        call = dice.choice(("begin", "commit", *POINTS))
        count = dice.randint(1, 24) if call in ("begin", "commit") else dice.choice((1, 1, 2, 3))
        kind = dice.choice(list(STORE)) if call in ("begin", "commit") and dice.random() < 0.4 else KILLED
        return Fault(kind, HUB, call, count)
    system, call = (
        dice.choice((0, 1, 2, 2, 3, 3, 3)),
        dice.choice(("streams", "read", "cursor", "lookup", "write", "write")),
    )
    if call in ("read", "write") and dice.random() < 0.2:
        return Fault(MEANWHILE, system, call, nth, deed=_deed(dice))
    own = {"read": PAGES[:3], "write": WRITES}.get(call, ())
    kind = "expired" if call == "cursor" else dice.choice(own) if own and dice.random() < 0.6 else dice.choice(TROUBLES)
    return Fault(kind, system, call, nth, lasting)
