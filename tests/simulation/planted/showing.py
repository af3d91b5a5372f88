"""Which histories a fault can show in at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from synchub.testing.simulation.afterwards import afterwards
from synchub.testing.simulation.steps import Deed, Edit, Fault, History, Run


def faults(history: History) -> Iterator[Fault]:
    """All that goes wrong by itself."""
    return (fault for step in history.steps if isinstance(step, Run) for fault in step.faults)


def has(history: History, **wanted: Any) -> bool:
    """Whether any fault of a history is like that."""
    return any(getattr(fault, name) in values for fault in faults(history) for name, values in wanted.items())


def deeds(history: History) -> set[str]:
    """All kinds of deeds, those that are done while a run is at work too."""
    own = {step.kind for step in history.steps if isinstance(step, Deed)}
    return own | {fault.deed.kind for fault in faults(history) if fault.deed is not None}


def always(_history: History) -> bool:
    return True


def read_from_a_cursor_and_broken_off(history: History) -> bool:
    return any(own.get("incremental") for own in history.shape.traits) and has(history, call=("staged", "commit"))


def unanswered(history: History) -> bool:
    return has(history, kind=("lost", "half"))


def rich(history: History) -> bool:
    return any("currency" in own for own in history.shape.traits)


def rich_and_tried(what: Callable[..., None]) -> Callable[[History], bool]:
    return lambda history: rich(history) and what in afterwards(history)


def garbled(history: History) -> bool:
    return "garble" in deeds(history)


def deleted(history: History) -> bool:
    return bool({"delete", "merge"} & deeds(history))


def cut(history: History) -> bool:
    return any(own.get("cuts") for own in history.shape.traits)


def killed(history: History) -> bool:
    return has(history, kind=("killed",))


def split(history: History) -> bool:
    return "split" in deeds(history)


def only_written(history: History) -> bool:
    turned = any(isinstance(step, Edit) and step.kind == "direction" for step in history.steps)
    return turned or any(own.get("direction") == "out" for own in history.shape.members)


def tried(what: Callable[..., None]) -> Callable[[History], bool]:
    """Whether something is tried with that world at rest: what random histories seldom come to by themselves."""
    return lambda history: what in afterwards(history)


def store_fails(history: History) -> bool:
    return has(history, call=("begin", "commit"))


def filtered(history: History) -> bool:
    turned = any(isinstance(step, Edit) and step.kind == "where" for step in history.steps)
    return turned or any("where" in own for own in history.shape.members)
