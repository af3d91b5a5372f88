"""What quality.toml may say, and the tier that rules give."""

from __future__ import annotations

from pathlib import Path

import pytest

from synchub.errors import ConfigurationError
from synchub.spec.quality import RuleState, RuleVerdict, Tier
from synchub.testing.conformance.quality import Quality, quality_of, report, tier_of
from synchub.testing.conformance.rules import RULES


def verdicts(**states: RuleState) -> list[RuleVerdict]:
    """One rule a tier, by default kept; `states` by tier."""
    tiers: tuple[Tier, ...] = ("bronze", "silver", "gold", "platinum")
    return [RuleVerdict(f"{tier}-rule", tier, "reading", "", "", states.get(tier, "kept"), "why") for tier in tiers]


def test_a_file_that_is_not_there_claims_nothing(tmp_path: Path) -> None:
    assert quality_of(tmp_path / "quality.toml") == Quality()


def test_a_file_says_what_is_claimed(tmp_path: Path) -> None:
    file = tmp_path / "quality.toml"
    file.write_text('tier = "gold"\nscene = "x.py:X"\ndone = ["owned"]\n[exempt]\nclears = "nothing can be empty"\n')
    found = quality_of(file)
    assert (found.tier, found.scene, found.done) == ("gold", "x.py:X", ("owned",))
    assert found.exempt == {"clears": "nothing can be empty"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tier = "iron"', "tier: Input should be"),
        ("teir = 1", "teir: Extra inputs"),
        ("tier = ", "is not in order"),
        ('[exempt]\nclears = "no"', "exempt.clears: String should have at least 10"),
        ('[exempt]\nnonsense = "a reason that is long"', "there is no rule nonsense"),
        ('done = ["clears"]', "clears is checked by the suite, not by hand"),
    ],
)
def test_what_is_wrong_in_it_is_said(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "quality.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        quality_of(file)
    assert said in caught.value.happened
    assert str(file) in caught.value.happened


@pytest.mark.parametrize(
    ("state", "tier"), [("broken", "silver"), ("unchecked", "silver"), ("exempt", "platinum"), ("skipped", "platinum")]
)
def test_a_tier_needs_all_rules_of_it_and_below(state: RuleState, tier: Tier) -> None:
    assert tier_of(verdicts(gold=state)) == tier


def test_without_the_first_tier_there_is_none() -> None:
    assert tier_of(verdicts(bronze="broken")) is None


@pytest.mark.parametrize(
    ("claimed", "strict", "code"),
    [
        ("silver", False, 0),
        ("gold", False, 1),
        ("bronze", False, 0),
        ("bronze", True, 1),
        (None, False, 0),
        (None, True, 1),
    ],
)
def test_what_is_claimed_is_held_against_what_is_kept(claimed: Tier | None, strict: bool, code: int) -> None:
    made = report("x", Quality(tier=claimed), verdicts(gold="broken"), strict=strict)
    assert (made.tier, made.exit_code) == ("silver", code)


def test_an_exemption_that_is_not_needed_is_noted() -> None:
    quality = Quality(tier="platinum", exempt={"gold-rule": "a reason that is long"})
    made = report("x", quality, verdicts(), strict=False)
    assert made.notes == ("It is exempt from gold-rule, and does not need to be: take that out of quality.toml.",)
    assert report("x", quality, verdicts(gold="exempt"), strict=True).notes == ()


def test_every_rule_has_its_page_and_is_named_once() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert all((rule.summary, rule.why, rule.example, rule.exemption)), rule.name
        assert rule.place == f"docs/quality.md#{rule.name}"
