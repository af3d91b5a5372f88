"""Conflicts: who won, who lost, and how that was decided."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from synchub.render.clean import clean, cut
from synchub.render.words import count, hanging, indented, said, speaker, value
from synchub.spec.reports import ConflictLine

MOST = 20
"""How many conflicts are shown one by one; `--json` has more."""


def conflicts(lines: Sequence[ConflictLine], total: int = 0) -> list[RenderableType]:
    """Conflicts under a heading of their own; nothing where there are none. `total`: how many there are, if more."""
    if not lines:
        return []
    total = max(total, len(lines))
    parts: list[RenderableType] = [Text(count(total, "conflict"), style="conflict")]
    parts += map(_conflict, lines[:MOST])
    if total > MOST:
        parts.append(indented(Text(f"… and {total - MOST:,} more", style="quiet")))
    return parts


def _conflict(line: ConflictLine) -> RenderableType:
    told = Text.assemble(
        (cut(clean(line.label), 70), "bold"),
        f" {clean(line.field)}: ",
        value(line.value, "create"),
        (f" from {speaker(line.winner)} by {clean(line.rule)}, over ", "quiet"),
        said(line.losers),
    )
    if line.record_times:
        told.append(" (only record-level times decided)", "quiet")
    return hanging(Text("⚠", style="conflict"), told)
