"""Plays a history of events and tells what came of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from synchub.testing.events.questions import ALWAYS, AT_REST, rest
from synchub.testing.events.world import EventWorld
from synchub.testing.simulation.playing import Played, lived, played_through
from synchub.testing.simulation.steps import History


def play(history: History, engine: AbstractContextManager[object] | None = None) -> Played:
    """Play a history to its end, or to the first thing that does not hold. `engine` is entered around it."""
    with engine or nullcontext():
        return played_through(EventWorld(history.shape), history, _through)


def _through(world: EventWorld, history: History) -> None:
    lived(world, history, ALWAYS, rest, AT_REST)
