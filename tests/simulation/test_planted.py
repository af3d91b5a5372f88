"""The questions find faults: engines with one planted in them are caught."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from simulation.planted import instead

from synchub.errors import RetryLater
from synchub.record import members
from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played, play
from synchub.testing.simulation.steps import History, Run

HISTORIES = 2000
"""Within so many histories a fault has to be caught."""


def cursor_saved_before_data() -> AbstractContextManager[None]:
    """What was read is noted as read before it is stored."""

    def make(read_all: Callable[..., Any]) -> Callable[..., Any]:
        def read(work: Any) -> Any:
            staged = read_all(work)
            with work.store.write() as tx:
                for part in work.parts:
                    if staged[part.name].cursor is not None:
                        own = {"cursor": staged[part.name].cursor, "mapping": part.mapping.fingerprint}
                        members.save(tx, replace(part.state, **own))
            return staged

        return read

    return instead("synchub.run.line:read_all", make)


def echo_not_suppressed() -> AbstractContextManager[None]:
    """What was written is not noted as held: read back, it looks like somebody's word."""
    return instead("synchub.run.steps.recording:_update_links", lambda _: lambda *_args: None)


def retry_without_lookup() -> AbstractContextManager[None]:
    """A write that got no answer is sent again at once."""

    def make(send: Callable[..., Any]) -> Callable[..., Any]:
        def twice(*given: Any) -> Any:
            try:
                return send(*given)
            except RetryLater:
                return send(*given)

        return twice

    return instead("synchub.run.steps.performing:send", make)


def delete_on_a_half_read() -> AbstractContextManager[None]:
    """What a read did not show is gone, even if it broke off."""
    return instead("synchub.run.steps.listening:_may_miss", lambda _: lambda *_args: True)


def has(history: History, **wanted: Any) -> bool:
    """Whether any fault of a history is like that."""
    runs = [step for step in history.steps if isinstance(step, Run)]
    return any(
        getattr(fault, name) in values for run in runs for fault in run.faults for name, values in wanted.items()
    )


def always(_history: History) -> bool:
    return True


def read_from_a_cursor_and_broken_off(history: History) -> bool:
    first = history.shape.traits[0]
    looked_up = first.get("can_lookup", True) and first.get("incremental")
    return bool(looked_up) and has(history, call=("staged",))


def unanswered(history: History) -> bool:
    return has(history, kind=("lost", "half"))


PLANTED: dict[Callable[[], AbstractContextManager[None]], Callable[[History], bool]] = {
    cursor_saved_before_data: read_from_a_cursor_and_broken_off,
    echo_not_suppressed: always,
    retry_without_lookup: unanswered,
    delete_on_a_half_read: always,
}
"""Each with the histories that it can show in at all: the others need not be played to know that it doesn't."""


def caught(plant: Callable[[], AbstractContextManager[None]]) -> Played | None:
    """The first history in which the planted fault shows."""
    for seed in range(HISTORIES):
        history = draw(seed)
        if PLANTED[plant](history):
            played = play(history, plant())
            if played.broken:
                return played
    return None


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_caught(plant: Callable[[], AbstractContextManager[None]]) -> None:
    played = caught(plant)
    assert played is not None
    assert not played.broken.startswith(("AttributeError", "TypeError", "ImportError")), "it was planted badly"
    assert not play(played.history).broken, "it is the fault that is to be caught, not the history"
