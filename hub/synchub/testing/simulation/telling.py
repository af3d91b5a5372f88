"""A failing history as text: what did not hold, the steps that lead there, and how to play them again."""

from __future__ import annotations

from synchub.testing.simulation.playing import Played
from synchub.testing.simulation.steps import History

COMMAND = "python -m synchub.testing.simulation"


def told(played: Played, *, trace: bool = False, command: str = COMMAND) -> str:
    """Several lines; `command` plays such histories. This one stands there as the Python that makes it again."""
    seed = played.history.seed
    lines = [f"{played.where}: {played.broken}"]
    if seed is not None:
        lines.append(f"seed {seed}: {command} --seed {seed}")
    lines += [written(played.history)]
    return "\n".join([*lines, *(f"    # {line}" for line in played.trace)] if trace else lines)


def written(history: History) -> str:
    """A history as Python, a step a line."""
    shape = history.shape
    steps = "".join(f"        {step!r},\n" for step in history.steps)
    return (
        f"History(\n    Shape(\n        {shape.traits!r},\n        {shape.members!r},\n        {shape.rules!r},\n    ),\n"
        f"    (\n{steps}    ),\n)"
    )
