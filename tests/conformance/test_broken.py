"""Every broken sample is caught by the rule that is meant for it, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.broken.faults import BROKEN
from conformance.broken.scenes import SampleScene
from conformance.broken.sound import Sample

from synchub.testing.conformance import RULES, Rule
from synchub.testing.conformance.running import judge


def scene_of(kind: type[Sample]) -> type[SampleScene]:
    return type(f"{kind.__name__}Scene", (SampleScene,), {"connector": kind, "plugin": "conformance.broken.faults"})


DEAR = {"second-plan-is-empty", "huge-records"}
"""Rules that take longer than all others together: tried on the faults that are for them."""


def tried(meant: set[str]) -> list[Rule]:
    return [rule for rule in RULES if rule.name not in DEAR - meant]


def broken_rules(rules: list[Rule], scene: type[SampleScene], folder: Path) -> dict[str, str]:
    """The rules that a connector breaks, with what was seen."""
    told = {}
    for rule in rules:
        (folder / rule.name).mkdir()
        found = judge(rule, scene, folder / rule.name)
        if found.state == "broken":
            told[rule.name] = found.told
    return told


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_fault_is_caught_by_name(kind: type[Sample], tmp_path: Path) -> None:
    found = broken_rules(tried(BROKEN[kind]), scene_of(kind), tmp_path)
    assert found.keys() == BROKEN[kind], found
