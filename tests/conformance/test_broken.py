"""Every broken sample is caught by the rule that is meant for it, and by no other."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from conformance.broken import faults, wire
from conformance.broken.scenes import SampleScene, WiredScene

from synchub.api import Connector
from synchub.testing.conformance import RULES, Rule, Scene
from synchub.testing.conformance.running import judge

FAULTS: dict[type[Connector], set[str]] = {**faults.BROKEN, **wire.BROKEN}
CANT = {"only-what-changed", "creates-once"}
"""What the sound one over HTTP can't do either."""
IMPORTS = {
    "heavy": {"import-light"},
    "chatty": {"import-silent"},
    "asking": {"import-without-network"},
    "greedy": {"import-small"},
    "misspelt": {"registers", "suggested-mappings"},
}
DEAR = {"second-plan-is-empty", "huge-records"}
"""Rules that take longer than all others together: tried on the faults that are for them."""


def tried(meant: set[str]) -> list[Rule]:
    return [rule for rule in RULES if rule.name not in DEAR - meant]


def broken_rules(rules: list[Rule], scene: type[Scene], folder: Path) -> dict[str, str]:
    """The rules that a connector breaks, with what was seen."""
    told = {}
    for rule in rules:
        (folder / rule.name).mkdir()
        found = judge(rule, scene, folder / rule.name)
        if found.state == "broken":
            told[rule.name] = found.told
    return told


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_a_fault_is_caught_by_name(kind: type[Connector], tmp_path: Path) -> None:
    sound = WiredScene if kind in wire.BROKEN else SampleScene
    scene = type(f"{kind.__name__}Scene", (sound,), {"connector": kind, "plugin": kind.__module__})
    found = broken_rules(tried(FAULTS[kind]), scene, tmp_path)
    assert found.keys() - (CANT if kind in wire.BROKEN else set()) == FAULTS[kind], found


@pytest.mark.parametrize("module", IMPORTS)
def test_a_fault_of_an_import_is_caught_by_name(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"conformance.broken.{module}"
    kind = getattr(importlib.import_module(name), module.capitalize())
    scene = type(f"{kind.__name__}Scene", (SampleScene,), {"connector": kind, "plugin": name})
    found = broken_rules([rule for rule in RULES if rule.group in ("import", "documentation")], scene, tmp_path)
    assert found.keys() == IMPORTS[module], found


def test_every_rule_catches_a_fault() -> None:
    named = {rule for rules in (*FAULTS.values(), *IMPORTS.values()) for rule in rules}
    assert {rule.name for rule in RULES if not rule.by_hand} == named
