"""The suite as pytest runs it: a test a rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from synchub.testing.conformance.rules import RULES
from synchub.testing.conformance.running import excused, judge
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.verdicts import Rule


class Conformance:
    """All rules for one connector. Name the class so that pytest collects it:

        class TestMyCrm(Conformance):
            def scene(self, folder):
                return MyCrmScene(folder)

    exempt  rule -> why this connector may do without
    """

    exempt: ClassVar[Mapping[str, str]] = {}

    def scene(self, folder: Path) -> Scene:
        """The scene of one rule, in a folder that is empty."""
        raise NotImplementedError(f"{type(self).__name__} has no `scene`")

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Makes one test of each rule."""
        if "rule" in metafunc.fixturenames:
            rules = [rule for rule in RULES if not rule.by_hand]
            metafunc.parametrize("rule", rules, ids=[rule.name for rule in rules])

    def test_conforms(self, rule: Rule, tmp_path: Path) -> None:
        found = excused(judge(rule, self.scene, tmp_path), self.exempt)
        if found.state in ("skipped", "exempt"):
            import pytest  # the suite also runs where pytest is not installed

            pytest.skip(f"{found.state}: {found.told}")
        assert found.state == "kept", f"{rule.name}: {found.told}\n{rule.summary} See {rule.place}"
