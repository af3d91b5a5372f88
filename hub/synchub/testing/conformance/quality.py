"""quality.toml: what a connector claims, and the tier that the rules give it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synchub.errors import ConfigurationError
from synchub.spec.quality import TIERS, QualityReport, RuleVerdict, Tier
from synchub.testing.conformance.rules import RULES

Reason = Annotated[str, Field(min_length=10)]


class Quality(BaseModel):
    """What stands in quality.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tier: Tier | None = Field(default=None, description="The tier that the connector claims.")
    scene: str = Field(default="", description='Where its scene is: "FILE:CLASS", from the folder of this file.')
    done: tuple[str, ...] = Field(default=(), description="Rules that a person has looked at.")
    exempt: Mapping[str, Reason] = Field(default={}, description="Rules that it may do without, each with the reason.")


def quality_of(file: Path) -> Quality:
    """Read a quality.toml; one that is not there claims nothing. Raises ConfigurationError with all that is wrong."""
    if not file.is_file():
        return Quality()
    try:
        found = Quality.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(file, [str(error)]) from error
    except ValidationError as error:
        raise _wrong(file, [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]) from error
    by_hand = {rule.name: rule.by_hand for rule in RULES}
    problems = [f"there is no rule {name}" for name in (*found.exempt, *found.done) if name not in by_hand]
    problems += [f"{name} is checked by the suite, not by hand" for name in found.done if not by_hand.get(name, True)]
    if problems:
        raise _wrong(file, problems)
    return found


def report(
    name: str, quality: Quality, verdicts: Sequence[RuleVerdict], *, outdated: Sequence[str] = (), strict: bool
) -> QualityReport:
    """The connector's tier, beside what it claims. `outdated`: what it uses that goes away. `strict`: what is only worth a
    note fails too."""
    tier = tier_of(verdicts)
    needless = [one.rule for one in verdicts if one.rule in quality.exempt and one.state != "exempt"]
    notes = [f"It is exempt from {rule}, and does not need to be: take that out of quality.toml." for rule in needless]
    if quality.tier is None:
        notes.append("It claims no tier: there is no quality.toml, or no `tier` in it.")
    elif rank(tier) > rank(quality.tier):
        notes.append(f"It claims {quality.tier} and could claim {tier}.")
    notes += [f"{told[0].upper()}{told[1:]}." for told in outdated]
    short = rank(tier) < rank(quality.tier or "bronze")
    return QualityReport(
        name, tier, quality.tier, tuple(verdicts), tuple(notes), exit_code=int(short or (strict and bool(notes)))
    )


def tier_of(verdicts: Sequence[RuleVerdict]) -> Tier | None:
    """The highest tier of which, and of all below, nothing stands in the way."""
    reached: Tier | None = None
    for tier in TIERS:
        if not all(one.counts for one in verdicts if one.tier == tier):
            break
        reached = tier
    return reached


def rank(tier: Tier | None) -> int:
    """A tier's place; 0 for none."""
    return 0 if tier is None else TIERS.index(tier) + 1


def _wrong(file: Path, problems: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{file} is not in order: {'; '.join(problems)}.",
        not_done="Nothing was checked.",
        next_step="Correct it; docs/quality.md says what may stand there.",
    )
