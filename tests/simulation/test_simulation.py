"""The simulator itself: a seed is a history, a history is always the same, and a failing one is made short."""

from __future__ import annotations

import os
import subprocess
import sys

from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import Played
from synchub.testing.simulation.shrinking import shrink
from synchub.testing.simulation.steps import Deed, Edit, Fault, History, Run, Shape
from synchub.testing.simulation.telling import told, written

SCRIPT = """
from synchub.testing.simulation.drawing import draw
from synchub.testing.simulation.playing import play
played = play(draw(0))
print(repr(played.broken))
print("\\n".join(played.trace))
"""


def trace(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_same_seed_gives_the_same_trace() -> None:
    first = trace("1")
    assert first == trace("2")
    assert first.startswith("''\n")
    assert " told " in first
    assert "killed" in first or " at " in first


def test_a_history_has_at_least_thirty_steps() -> None:
    for seed in range(50):
        history = draw(seed)
        assert len(history.steps) >= 30
        assert any(isinstance(step, Run) for step in history.steps)


def test_a_history_is_written_as_the_python_that_makes_it() -> None:
    history = draw(3)
    names = {one.__name__: one for one in (History, Shape, Run, Deed, Fault, Edit)}
    assert eval(written(history), names) == history


def test_a_failing_history_is_made_short() -> None:
    """What fails because of one deed is shrunk to that deed."""

    def again(history: History) -> Played:
        guilty = any(isinstance(step, Deed) and step.kind == "rename" for step in history.steps)
        return Played(history, "renamed" if guilty else "", "here" if guilty else "", ())

    failing = next(draw(seed) for seed in range(50) if again(draw(seed)).broken)
    short = shrink(again(failing), again=again)
    assert [step.kind for step in short.history.steps if isinstance(step, Deed)] == ["rename"]
    assert len(short.history.steps) == 1
    assert short.history.shape == Shape(({}, {}), ({}, {}), short.history.shape.rules)
    assert "Deed(kind='rename'" in told(short)
    assert f"--seed {failing.seed}" in told(short)
