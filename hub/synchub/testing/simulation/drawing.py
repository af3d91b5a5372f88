"""Draws histories: everything that happens follows from one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from synchub.testing.simulation.connector import PAGES, TROUBLES, WRITES
from synchub.testing.simulation.edits import DIRECTIONS, ON_DELETE, OWNER_RULES, SCORE_RULES, WHERE
from synchub.testing.simulation.faults import KILLED, MEANWHILE, POINTS, STORE
from synchub.testing.simulation.steps import HUB, Deed, Edit, Fault, History, Run, Shape, Step
from synchub.testing.simulation.values import CURRENCIES, PEOPLE, REVENUE, TEXTS

STEPS = 30
RICH = 10
"""One history of so many is about money too. Its dice are its own: the others stay what they are."""
TRAITS: dict[str, Callable[[Random], Any]] = {
    "tells_time": lambda dice: dice.random() < 0.5,
    "skew": lambda dice: dice.choice((0, -180, 180)),
    "bumps": lambda dice: dice.random() < 0.5,
    "cuts": lambda dice: dice.random() < 0.3,
    "answers": lambda dice: dice.random() < 0.5,
    "can_lookup": lambda dice: dice.random() < 0.6,
    "versions": lambda dice: dice.random() < 0.5,
    "incremental": lambda dice: dice.random() < 0.6,
    "sees_deletes": lambda dice: dice.random() < 0.6,
    "unique": lambda dice: "email",
    "keeps_hub_id": lambda dice: dice.random() < 0.5,
    "repeats": lambda dice: True,
    "tells_merges": lambda dice: True,
    "lag": lambda dice: dice.choice((1.5, 4)),
    "weak": lambda dice: dice.random() < 0.3,
    "defaults": lambda dice: {"owner": "n/a"},
    "batch": lambda dice: dice.choice((1, 2, 1000)),
    "page_size": lambda dice: dice.choice((1, 2, 3)),
}
MEMBER: dict[str, Callable[[Random], Any]] = {
    "direction": lambda dice: dice.choice((*DIRECTIONS, "both")),
    "on_delete": lambda dice: dice.choice(ON_DELETE),
    "create": lambda dice: dice.random() < 0.7,
    "where": lambda dice: WHERE,
}
EDITED = (*TEXTS, "opted_out", "opted_out")
DEEDS_OFTEN = {"create": 4, "edit": 12, "clear": 2, "delete": 3, "import": 1, "rename": 2, "garble": 1, "restore": 1}
DEEDS_SELDOM = {"stale": 1, "merge": 1, "decide": 2, "split": 1, "join": 1, "answer": 2, "undo": 1}
DEEDS = tuple(kind for kind, often in (DEEDS_OFTEN | DEEDS_SELDOM).items() for _ in range(often))
EDITS = ("rule", "rule", "where", "direction", "on_delete", "unmap", "drop", "add")
STORE_CALLS = ("begin", "commit")
FIELDS_OF_KEYS = ("email", "first_name")


def draw(seed: int) -> History:
    """The history of a seed: the same for ever, as long as this file is the same."""
    dice = Random(seed)
    shape = _shape(dice)
    first: list[Step] = [_deed(dice, "create") for _ in range(dice.randint(4, 8))]
    steps: list[Step] = [*first, Run()]
    trouble = dice.choices(("much", "killed", "none"), (84, 8, 8))[0]
    while len(steps) < STEPS:
        steps += [_deed(dice) for _ in range(dice.randint(1, 5))]
        if dice.random() < 0.2:
            steps.append(Edit(dice.choice(EDITS), dice.randrange(4), dice.randrange(12)))
        steps += _runs(dice, len(shape.traits), trouble)
    history = History(shape, tuple(steps), seed)
    return history if (seed + 1) % RICH else _with_money(history, Random(f"money {seed}"))


def _with_money(history: History, dice: Random) -> History:
    """The same, but that some of what is entered are amounts, and each system has a currency."""
    first = dice.randrange(len(CURRENCIES))
    traits = tuple(
        {**own, "currency": CURRENCIES[(first + place) % len(CURRENCIES)]}
        for place, own in enumerate(history.shape.traits)
    )
    steps = (
        replace(step, field=REVENUE) if isinstance(step, Deed) and step.field in TEXTS and dice.random() < 0.5 else step
        for step in history.steps
    )
    return replace(history, shape=replace(history.shape, traits=traits), steps=tuple(steps))


def _shape(dice: Random) -> Shape:
    count = dice.choice((2, 2, 3, 3, 4))
    rules = {"owner": dice.choice(OWNER_RULES), "notes": "ask", "lead_score": dice.choice(SCORE_RULES)}
    traits = tuple(some(dice, TRAITS, 0.35) for _ in range(count))
    return Shape(traits, ({}, *(some(dice, MEMBER, 0.35) for _ in range(count - 1))), rules)


def some(dice: Random, offered: dict[str, Callable[[Random], Any]], share: float) -> dict[str, Any]:
    """So large a share of what is offered, by name, each with what the dice choose."""
    return {name: choose(dice) for name, choose in offered.items() if dice.random() < share}


def _deed(dice: Random, kind: str = "") -> Deed:
    kind = kind or dice.choice(DEEDS)
    field = dice.choice(FIELDS_OF_KEYS) if kind == "edit" and dice.random() < 0.1 else dice.choice(EDITED)
    return Deed(kind, dice.randrange(4), dice.randrange(PEOPLE + 2), field, dice.randrange(10))


def _runs(dice: Random, systems: int, trouble: str) -> list[Run]:
    """A run; one that is only killed is followed by one that may end."""
    if trouble == "killed" and dice.random() < 0.6:
        return [Run((_kill(dice),)), Run()]
    count = dice.choice((0, 1, 1, 2, 3)) if trouble == "much" else 0
    only = dice.randrange(systems) if dice.random() < 0.1 else None
    faults = tuple(_fault(dice, systems) for _ in range(count))
    return [Run(faults, full=dice.random() < 0.1, only=only, accept=dice.random() < 0.8)]


def _kill(dice: Random) -> Fault:
    call = dice.choice(("begin", "commit", *POINTS))
    return Fault(KILLED, HUB, call, dice.randint(1, 14) if call in STORE_CALLS else dice.choice((1, 1, 2)))


def _fault(dice: Random, systems: int) -> Fault:
    """One of the hub's own, or of one system."""
    nth, lasting = dice.choice((1, 1, 1, 2, 3, 5)), dice.random() < 0.2
    if dice.random() < 0.15:
        return _kill(dice)
    if dice.random() < 0.15:
        return Fault(dice.choice(list(STORE)), HUB, dice.choice(STORE_CALLS), dice.randint(1, 14), lasting)
    system, call = dice.randrange(systems), dice.choice(("streams", "read", "read", "cursor", *("lookup", "write") * 3))
    if call not in ("streams", "cursor") and dice.random() < 0.25:
        return Fault(MEANWHILE, system, call, nth, deed=_deed(dice))
    return Fault(_kind(dice, call), system, call, nth, lasting)


def _kind(dice: Random, call: str) -> str:
    if call == "cursor":
        return "expired"
    own = {"read": PAGES[:3], "write": WRITES}.get(call, ())
    return dice.choice(own) if own and dice.random() < 0.6 else dice.choice(TROUBLES)
