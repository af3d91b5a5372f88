"""What is said of a connector's quality: its tier, and rule by rule what was seen. Finished values, fields are only added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Tier = Literal["bronze", "silver", "gold", "platinum"]
"""From what every connector owes to what few can have."""

TIERS: tuple[Tier, ...] = get_args(Tier)

RuleState = Literal["kept", "broken", "exempt", "skipped", "unchecked"]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One rule and one connector.

    kept       it was tried and holds; or a person noted it as done
    broken     it does not hold; `told` says what was seen
    exempt     it does not hold or was not tried, for the reason `told`
    skipped    it does not apply, `told` says why
    unchecked  it applies and could not be tried; `told` says what is missing
    `page` is its section in the manual.
    """

    rule: str
    tier: Tier
    group: str
    summary: str
    page: str
    state: RuleState
    told: str = ""

    @property
    def counts(self) -> bool:
        """Whether it stands in no tier's way."""
        return self.state in ("kept", "exempt", "skipped")


@dataclass(frozen=True, slots=True)
class QualityReport:
    """A connector against every rule. `tier`: the highest one of which, and of all below, nothing is missing; `claimed`:
    what its quality.toml says. `exit_code`: 1 if it falls short of that (of bronze, where nothing is claimed)."""

    connector: str
    tier: Tier | None
    claimed: Tier | None
    verdicts: tuple[RuleVerdict, ...]
    notes: tuple[str, ...] = ()
    exit_code: int = 0
