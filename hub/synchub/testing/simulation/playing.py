"""Plays a history and tells what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

from synchub.errors import SynchubError
from synchub.testing.simulation.afterwards import afterwards
from synchub.testing.simulation.questions import ALWAYS, AT_REST
from synchub.testing.simulation.resting import rest
from synchub.testing.simulation.steps import Deed, History, Step
from synchub.testing.simulation.twins import ask_twins
from synchub.testing.simulation.violation import Violation
from synchub.testing.simulation.world import World


class Playable(Protocol):
    """A world, as far as a history is played in it. `trace` tells what happened."""

    trace: list[str]

    def step(self, step: Step) -> None: ...

    def close(self) -> None: ...


W = TypeVar("W", bound=Playable)
Asked = Sequence[Callable[[W], None]]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a history. `broken`: what did not hold, and `where` the question or error that said so; both empty if
    all is well. `trace`: all that happened, a line each."""

    history: History
    broken: str
    where: str
    trace: tuple[str, ...]


def play(history: History, engine: AbstractContextManager[object] | None = None) -> Played:
    """Play a history to its end, or to the first thing that does not hold. `engine` is entered around it: a test may
    put another part into the engine for so long."""
    with engine or nullcontext():
        return played_through(World(history.shape), history, _through)


def played_through(world: W, history: History, through: Callable[[W, History], None]) -> Played:
    """What comes of a history in a world, which is closed in the end."""
    broken = where = ""
    try:
        through(world, history)
    except (Violation, SynchubError) as violation:
        broken, where = str(violation), _place(violation)
    except Exception as error:  # whatever else the engine raises is a bug of its own
        broken, where = f"{type(error).__name__}: {error}", _place(error)
    finally:
        world.close()
    return Played(history, broken, where, tuple(world.trace))


def lived(world: W, history: History, always: Asked[W], rest: Callable[[W], None], at_rest: Asked[W]) -> None:
    """Let all steps happen, and let the world come to rest; what must always hold is asked after each step."""
    for step in history.steps:
        world.step(step)
        for ask in always:
            ask(world)
    rest(world)
    for ask in (*always, *at_rest):
        ask(world)


def _through(world: World, history: History) -> None:
    lived(world, history, ALWAYS, rest, AT_REST)
    ask_twins(history, world)
    seed = len(history.steps)
    for attempt in afterwards(history):
        attempt(world, Deed("edit", seed, seed, "job_title", seed % 10))


def _place(error: BaseException) -> str:
    """The innermost function of ours that is to be named: the same for the same kind of failure."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/synchub/" in frame.filename.replace("\\", "/") and frame.name != "must"]
    return own[-1].name if own else type(error).__name__
