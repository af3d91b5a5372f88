"""What must always hold, asked by a Hypothesis machine over the simulated systems: shapes, people and runs are drawn one by
one, and what fails is shrunk by Hypothesis.

SYNCHUB_EXAMPLES   how many worlds, each time others (default: 15, always the same)
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from synchub.testing.simulation.afterwards import a_lone_edit_wins
from synchub.testing.simulation.drawing import DEEDS, TEXTS, draw
from synchub.testing.simulation.questions import ALWAYS, AT_REST
from synchub.testing.simulation.resting import rest
from synchub.testing.simulation.steps import Deed, Run, Shape
from synchub.testing.simulation.world import World

EXAMPLES = int(os.environ.get("SYNCHUB_EXAMPLES", "0"))

shapes = st.integers(0, 2**32).map(lambda seed: draw(seed).shape)
seeds = st.integers(0, 9)


def deeds(kinds: st.SearchStrategy[str]) -> st.SearchStrategy[Deed]:
    return st.builds(Deed, kinds, st.integers(0, 3), st.integers(0, 7), st.sampled_from(TEXTS), seeds)


class Worlds(RuleBasedStateMachine):
    """People and runs, in any order; at the end everybody goes home."""

    world: World | None = None

    @initialize(shape=shapes, first=st.lists(deeds(st.just("create")), min_size=4, max_size=8))
    def begin(self, shape: Shape, first: list[Deed]) -> None:
        self.world = World(shape)
        self.people(first)

    @rule(what=st.lists(deeds(st.sampled_from(DEEDS)), min_size=1, max_size=6))
    def people(self, what: list[Deed]) -> None:
        assert self.world is not None
        for deed in what:
            self.world.step(deed)

    @rule(full=st.booleans())
    def run(self, full: bool) -> None:
        assert self.world is not None
        self.world.step(Run(full=full))

    @rule()
    def everybody_goes_home(self) -> None:
        assert self.world is not None
        rest(self.world)
        for ask in AT_REST:
            ask(self.world)

    @rule(edit=deeds(st.just("edit")))
    def somebody_edits_alone(self, edit: Deed) -> None:
        assert self.world is not None
        rest(self.world)
        a_lone_edit_wins(self.world, Deed("edit", edit.system, edit.who, "job_title", edit.value))

    @invariant()
    def holds(self) -> None:
        for ask in ALWAYS if self.world is not None else ():
            ask(self.world)

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            self.everybody_goes_home()
        finally:
            self.world.close()


def test_what_must_always_hold() -> None:
    chosen: dict[str, Any] = {"max_examples": EXAMPLES} if EXAMPLES else {"derandomize": True, "max_examples": 15}
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Worlds,
        settings=settings(
            **chosen,
            stateful_step_count=8,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
