"""The invariants, over random systems and what people do in them.

SYNCHUB_EXAMPLES sets how many worlds are played (default: as many as fit into about a minute). The default run is the same
every time; with SYNCHUB_EXAMPLES set it is random.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from properties.questions import EVERY
from properties.worlds import FIELDS, Deed, Shape, World

EXAMPLES = int(os.environ.get("SYNCHUB_EXAMPLES", "0"))

flag = st.booleans()
seldom = st.sampled_from([False, False, False, True])
traits = st.fixed_dictionaries(
    {},
    optional={
        "tells_time": flag,
        "skew": st.sampled_from([0, -180, 180]),
        "bumps": flag,
        "cuts": flag,
        "answers": flag,
        "can_lookup": flag,
        "versions": flag,
        "incremental": flag,
        "sees_deletes": flag,
        "unique": st.just("email"),
        "keeps_hub_id": flag,
        "weak": seldom,
        "defaults": st.just({"owner": "n/a"}),
        "batch": st.sampled_from([1, 2, 1000]),
    },
)
member = st.fixed_dictionaries(
    {},
    optional={
        "direction": st.sampled_from(["both", "both", "in", "out"]),
        "on_delete": st.sampled_from(["ignore", "propagate", "archive"]),
        "create": flag,
        "where": st.just("lead_score >= 5"),
    },
)
owner_rules = st.sampled_from(["newest", "prefer s0", "always s1", "longest", "most_common", "oldest", "ask"])


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    count = draw(st.integers(2, 4))
    rules = {
        "owner": draw(owner_rules),
        "notes": "ask",
        "lead_score": draw(st.sampled_from(["add", "newest", "highest"])),
    }
    return Shape(
        tuple(draw(traits) for _ in range(count)),
        ({}, *(draw(member) for _ in range(count - 1))),
        rules,
    )


texts = st.sampled_from([*(name for name in FIELDS if name not in ("email", "first_name")), "opted_out"])
deeds = st.builds(
    Deed,
    st.sampled_from(
        ["create"] * 2
        + ["edit"] * 5
        + ["clear", "delete", "delete", "import", "rename", "garble", "restore", "stale", "decide", "split", "join"]
    ),
    st.integers(0, 3),
    st.integers(0, 5),
    texts,
    st.integers(0, 9),
)


class Worlds(RuleBasedStateMachine):
    """People do things, runs pass, and every so often everybody goes home and the world is looked at."""

    world: World
    twin: World | None = None

    @initialize(
        shape=shapes(),
        twin=seldom,
        first=st.lists(
            st.builds(Deed, st.just("create"), st.integers(0, 3), st.integers(0, 5), texts, st.integers(0, 9)),
            min_size=4,
            max_size=12,
        ),
    )
    def begin(self, shape: Shape, twin: bool, first: list[Deed]) -> None:
        self.world = shape.build()
        self.twin = shape.build(backwards=True) if twin else None
        self.people(first)

    def _both(self) -> list[World]:
        return [self.world, *([self.twin] if self.twin else [])]

    @rule(what=st.lists(deeds, min_size=1, max_size=8))
    def people(self, what: list[Deed]) -> None:
        for world in self._both():
            for deed in what:
                world.do(deed)

    @rule()
    def run(self) -> None:
        for world in self._both():
            world.sync()

    @rule()
    def everybody_goes_home(self) -> None:
        for world in self._both():
            world.rest()
            for question in EVERY:
                question(world)
        if self.twin:
            assert _seen(self.world) == _seen(self.twin), "the order of reading decided something"

    @rule(system=st.integers(0, 3), who=st.integers(0, 5), value=st.integers(0, 9))
    def a_lone_edit(self, system: int, who: int, value: int) -> None:
        """A lone edit by a person under newest always wins."""
        for world in self._both():
            world.rest()
            _edit_alone(world, Deed("edit", system, who, "job_title", value))

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.everybody_goes_home()
            finally:
                for world in self._both():
                    world.close()


def _seen(world: World) -> list[dict[str, str]]:
    """What can be told from outside: golden without the numbers that the hub gives."""
    return sorted(({k: v for k, v in record.items() if k != "hub_id"} for record in world.hub.records()), key=repr)


def _edit_alone(world: World, deed: Deed) -> None:
    place = deed.system % len(world.systems)
    system, settings_ = world.systems[place], world.shape.members[place]
    names = sorted(system.kept, key=int)
    if not names or settings_.get("direction") == "out" or system.weak:
        return
    name = names[deed.who % len(names)]
    linked = {
        (row["system"], row["remote_id"]): row["record"] for row in world.links().to_dicts() if row["tomb"] is None
    }
    if (
        (system.name, name) not in linked
        or (system.name, name) in world.aside()
        or system.kept[name].values["lead_score"] == "many"
    ):
        return
    world.do(Deed("edit", place, names.index(name), "job_title", deed.value))
    entered = str(system.kept[name].values["job_title"])
    world.sync()
    golden = world.goldens()[linked[system.name, name]]
    assert golden.get("job_title") == entered, f"{entered!r} was entered last, golden is {golden.get('job_title')!r}"


def test_what_must_always_hold() -> None:
    """Converge, come to rest, lose nothing, double nobody, delete nobody unasked, keep consent, whatever the order."""
    chosen: dict[str, Any] = {"derandomize": True, "max_examples": 18} if not EXAMPLES else {"max_examples": EXAMPLES}
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Worlds,
        settings=settings(
            **chosen,
            stateful_step_count=8,
            deadline=None,
            database=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
