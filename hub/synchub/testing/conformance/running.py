"""Trying rules on a connector, each in a scene of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from synchub.plugins.hooked import blame
from synchub.spec.quality import RuleState, RuleVerdict
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.subject import Subject
from synchub.testing.conformance.verdicts import Broken, Rule, Skipped, Unchecked

Making = Callable[[Path], Scene]
"""Makes a scene in an empty folder."""


def judge(rule: Rule, making: Making, folder: Path) -> RuleVerdict:
    """Try one rule in `folder`, which is empty. What the connector raises is what was seen."""
    try:
        with Subject(making(folder)) as subject:
            if rule.group == "reading":
                subject.needs_reading()
            rule.check(subject)
    except Broken as seen:
        return verdict(rule, "broken", str(seen))
    except Skipped as reason:
        return verdict(rule, "skipped", str(reason))
    except Unchecked as missing:
        return verdict(rule, "unchecked", str(missing))
    except Exception as error:
        return verdict(rule, "broken", f"it raised {blame(error)}")
    return verdict(rule, "kept")


def verdict(rule: Rule, state: RuleState, told: str = "") -> RuleVerdict:
    return RuleVerdict(rule.name, rule.tier, rule.group, rule.summary, rule.place, state, told)


def excused(found: RuleVerdict, exempt: Mapping[str, str], done: tuple[str, ...] = ()) -> RuleVerdict:
    """The verdict, with what quality.toml says of the rule: an exemption, or that a person has looked."""
    if found.state == "unchecked" and found.rule in done:
        return RuleVerdict(found.rule, found.tier, found.group, found.summary, found.page, "kept", "by hand")
    if found.state in ("broken", "unchecked") and found.rule in exempt:
        return RuleVerdict(found.rule, found.tier, found.group, found.summary, found.page, "exempt", exempt[found.rule])
    return found
