"""The manual's page about quality, from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synchub.spec.quality import TIERS, Tier
from synchub.testing.conformance.quality import Quality, rank
from synchub.testing.conformance.rules import RULES
from synchub.testing.conformance.verdicts import Rule

MEANING: Mapping[Tier, str] = {
    "bronze": "It reads safely, and hurts nobody by being there.",
    "silver": "It writes safely, and takes whatever people enter.",
    "gold": "It bears what servers do, finds single records, and people are told what they need.",
    "platinum": "It does what only some systems allow: reads only what changed, creates once, refuses stale writes.",
}
HEAD = """\
# Quality of connectors

<!-- Written by docs/make.py: change the rules in hub/synchub/testing/conformance/, not this page. -->

What every connector owes is written down as rules. A program tries them offline, on the connector and a stand-in for its
system: [`synchub plugin check`](commands.md#plugin), and in tests the class `Conformance` of
[`synchub.testing.conformance`](plugins.md#testing-a-plugin). Each rule belongs to a tier; a connector has a tier if it
keeps all rules of it and of those below.
"""
FILE = """\
## quality.toml

Beside a connector stands what it claims: in the folder of its package, or for a drop-in `plugins/mycrm.py` as
`plugins/mycrm.quality.toml`.

```toml
tier  = "silver"                           # what the rules must give, no less and no more
scene = "../tests/test_mycrm.py:Crm"       # FILE:CLASS, from the folder of this file
done  = ["documented"]                     # rules "by hand" that a person has looked at

[exempt]                                   # rules that it may do without, each with the reason
creates-once = "the server takes no key of ours and has no unique field"
```

A rule is *kept* or *broken*; *skipped* where it does not apply (a system that is not reached by HTTP sends no 429), which
counts as kept; *exempt* for the reason given, which counts as kept too; *unchecked* where something is missing to try it,
which does not.
"""


def quality_reference(connectors: Mapping[str, Quality]) -> str:
    """The page as Markdown: the tiers, the connectors with what they claim, and a section for every rule."""
    parts = [HEAD, *_tiers(), "## The connectors that come with synchub\n", _table(connectors), FILE]
    for tier in TIERS:
        parts.append(f"## {tier.capitalize()}\n\n{MEANING[tier]}\n")
        parts += [_section(rule) for rule in RULES if rule.tier == tier]
    return "\n".join(parts)


def _tiers() -> Iterator[str]:
    yield "| tier | means | rules |\n|---|---|---|"
    for tier in TIERS:
        links = ", ".join(f"[{rule.name}](#{rule.name})" for rule in RULES if rule.tier == tier)
        yield f"| {tier} | {MEANING[tier]} | {links} |"
    yield ""


def _table(connectors: Mapping[str, Quality]) -> str:
    lines = ["| connector | tier | exempt from |", "|---|---|---|"]
    for name, claims in sorted(connectors.items(), key=lambda one: (-rank(one[1].tier), one[0])):
        exempt = "; ".join(f"[{rule}](#{rule}): {reason}" for rule, reason in claims.exempt.items())
        lines.append(f"| [{name}](connectors/{name}.md) | {claims.tier or 'none'} | {exempt or 'nothing'} |")
    return "\n".join([*lines, ""])


def _section(rule: Rule) -> str:
    told = [rule.summary, f"*Why.* {rule.why}", f"*Example.* {rule.example}", f"*Exempt.* {rule.exemption}"]
    return "\n\n".join([f"### {rule.name}", *told]) + "\n"
