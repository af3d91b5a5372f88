"""What `plugin check` found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.render.clean import clean
from synchub.render.words import bullets, count, hanging
from synchub.spec.quality import TIERS, QualityReport, RuleVerdict

SIGNS = {"broken": ("✗", "bad"), "unchecked": ("?", "wait"), "exempt": ("–", "quiet"), "skipped": ("–", "quiet")}


def quality(report: QualityReport) -> RenderableType:
    """The tier first, then tier by tier what is not simply kept."""
    reached = report.tier or "no tier confirmed"
    claims = "" if report.claimed is None else f", claims {report.claimed}"
    style = "good" if report.exit_code == 0 else "bad"
    parts: list[RenderableType] = [
        Text.assemble((clean(report.connector), "name"), ": ", (f"{reached}{claims}", style))
    ]
    for tier in TIERS:
        own = [one for one in report.verdicts if one.tier == tier]
        kept = sum(one.state == "kept" for one in own)
        parts += [Text(""), Text(f"{tier}: {kept} of {count(len(own), 'rule')} kept", style="bold")]
        parts += _listed(own)
    return Group(*parts, *([Text("")] if report.notes else []), *bullets(report.notes, "quiet"))


def _listed(verdicts: Sequence[RuleVerdict]) -> list[RenderableType]:
    """What is broken, a line each with its page; what was left out, by reason."""
    parts: list[RenderableType] = []
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in verdicts:
        if one.state == "broken":
            seen = Text.assemble(
                (one.rule, "bold"), f": {clean(one.told)}\n", (f"{one.summary} See {one.page}", "quiet")
            )
            parts.append(hanging(Text("✗", style="bad"), seen))
        elif one.state != "kept":
            reasons.setdefault((one.state, one.told), []).append(one.rule)
    for (state, why), rules in reasons.items():
        sign, style = SIGNS[state]
        parts.append(hanging(Text(sign, style=style), Text(f"{state}: {', '.join(rules)}: {clean(why)}", style=style)))
    return parts
