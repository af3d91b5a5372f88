"""The suite as pytest runs it: a test a rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from synchub.spec.quality import TIERS
from synchub.testing.conformance.quality import Quality, quality_of, rank
from synchub.testing.conformance.rules import RULES
from synchub.testing.conformance.running import excused, judge, verdict
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.verdicts import Rule


class Conformance:
    """All rules for one connector. Name the class so that pytest collects it:

        class TestMyCrm(Conformance):
            def scene(self, folder):
                return MyCrmScene(folder)

    quality  the connector's quality.toml: only what it claims is asked for, and no less may be claimed than is kept
    exempt   rule -> why this scene may do without, besides what stands in quality.toml
    """

    quality: ClassVar[Path | None] = None
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
        claims = self._claims()
        if rank(rule.tier) > rank(claims.tier):
            _skip(f"{rule.tier} is not claimed")
        found = excused(judge(rule, self.scene, tmp_path), {**claims.exempt, **self.exempt}, claims.done)
        if found.state in ("skipped", "exempt"):
            _skip(f"{found.state}: {found.told}")
        assert found.state == "kept", f"{rule.name}: {found.told}\n{rule.summary} See {rule.place}"

    def test_claims_no_less_than_it_keeps(self, tmp_path: Path) -> None:
        claims = self._claims()
        beyond = [rule for rule in RULES if rank(rule.tier) == rank(claims.tier) + 1]
        for rule in beyond:
            (tmp_path / rule.name).mkdir()
            found = verdict(rule, "unchecked") if rule.by_hand else judge(rule, self.scene, tmp_path / rule.name)
            if not excused(found, claims.exempt, claims.done).counts:
                return
        assert not beyond, f"it claims {claims.tier} and keeps all of {TIERS[rank(claims.tier)]}: claim that"

    def _claims(self) -> Quality:
        claims = quality_of(self.quality) if self.quality else Quality(tier="platinum")
        assert claims.tier, f"{self.quality} claims no tier, or is not there"
        return claims


def _skip(why: str) -> None:
    import pytest  # the suite also runs where pytest is not installed

    pytest.skip(why)
