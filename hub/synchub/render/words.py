"""Small pieces of text that all reports share: numbers, times, values, rules in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from synchub.model import HUB
from synchub.render.clean import Shown, clean, shown

RULES = {
    "newest": "the latest word counts",
    "oldest": "the first word counts",
    "longest": "the longest value counts",
    "most_common": "the value that most systems give counts",
    "highest": "the highest value counts",
    "lowest": "the lowest value counts",
    "union": "everything that was added and not taken away since",
    "any": "once true, it stays true",
    "all": "true only if all say so",
    "furthest": "the furthest step counts; it never goes back by itself",
    "add": "the first value plus every change since",
    "ask": "a person decides",
    "undone": "a run that wrote it was taken back, so a person decides",
}


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 record", "1,200 records"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: datetime | None) -> str:
    """A time to the minute, with its zone."""
    return f"{at:%Y-%m-%d %H:%M} {at.tzname() or ''}".strip() if at else "at an unknown time"


def span(length: timedelta) -> str:
    """A length of time: "3.2 s", "4 min 05 s", "2 h 10 min"."""
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def rule_in_words(rule: str) -> str:
    """A rule, or a chain of rules joined by commas, as a sentence without its full stop."""
    return "; if that leaves it open, ".join(_one_rule(part.strip()) for part in rule.split(",") if part.strip())


def _one_rule(rule: str) -> str:
    name, _, systems = rule.partition(" ")
    if name == "prefer" and systems:
        return f"{' comes before '.join(systems.split())}"
    if name == "always" and systems:
        return f"only {systems} counts, blanks too"
    return RULES.get(rule, f"the rule {clean(rule)}")


def speaker(system: str) -> str:
    """Who said something: a system, or a person."""
    return "a person" if system == HUB else clean(system)


def value(seen: str | Shown | None, style: str = "") -> Text:
    """A value of a record."""
    made = seen if isinstance(seen, Shown) else shown(seen)
    return Text(made.text, style="quiet" if made.empty else style)


def said(pairs: Iterable[tuple[str, str | None]]) -> Text:
    """What several systems said: "shop: Bremen, fair: ∅"."""
    joined = Text(", ")
    return joined.join(Text.assemble(f"{speaker(system)}: ", value(it)) for system, it in pairs)


def number(amount: int, style: str = "") -> Text:
    """A figure of a table; nothing is shown as a dot so that the eye finds what is there."""
    return Text(f"{amount:,}", style=style) if amount else Text("·", style="quiet")


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """A plain table; the columns in `numbers` are figures."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="quiet", show_edge=False)
    for column in columns:
        right = column in numbers
        made.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=right)
    return made


def indented(what: RenderableType, by: int = 2) -> Padding:
    return Padding(what, (0, 0, 0, by))


def bullets(lines: Iterable[str], style: str = "", sign: str = "•") -> list[RenderableType]:
    """One paragraph a line, each behind a sign, wrapped under itself."""
    return [hanging(Text(sign, style=style), Text(clean(line), style=style)) for line in lines]


def hanging(sign: Text, body: RenderableType) -> RenderableType:
    """A sign, and a body that is wrapped to the right of it."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(sign, body)
    return indented(row)
