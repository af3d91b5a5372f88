"""What only a person can settle: questions in review, and rows in quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.render.clean import clean, cut, shown
from synchub.render.words import count, indented, moment, table, value
from synchub.spec.answers import QuarantineGroup, QuarantineItem, ReviewItem

LONGEST = 400
MOST_LINES = 80
MOST_OF_A_KIND = 50
"""Questions of one kind that are listed one by one; the rest is counted."""


def reviews(items: Sequence[ReviewItem]) -> RenderableType:
    """All open questions, one line each."""
    if not items:
        return Text("No open questions.", style="good")
    made = table("id", "about", "question", "asked")
    listed = [item for kind in dict.fromkeys(item.kind for item in items) for item in _first(items, kind)]
    for item in listed:
        made.add_row(
            Text(clean(item.id), style="name"),
            Text(clean(item.kind), style="quiet"),
            Text(clean(item.question)),
            Text(moment(item.asked), style="quiet"),
        )
    more = [
        Text(
            f"… and {number - MOST_OF_A_KIND} more about {clean(kind)}. To answer all alike: synchub review resolve --all {clean(kind)} ANSWER"
        )
        for kind, number in Counter(item.kind for item in items).items()
        if number > MOST_OF_A_KIND
    ]
    return Group(made, *more, "", Text("See one: synchub review show ID", style="quiet"))


def _first(items: Sequence[ReviewItem], kind: str) -> Sequence[ReviewItem]:
    return [item for item in items if item.kind == kind][:MOST_OF_A_KIND]


def review(item: ReviewItem) -> RenderableType:
    """One question with all there is to decide it by, and the answers it takes."""
    about = "  ".join(clean(part) for part in (item.kind, item.entity, item.label or item.record, item.sync) if part)
    parts: list[RenderableType] = [
        Text(clean(item.question), style="head"),
        Text(f"{about}  asked {moment(item.asked)}", style="quiet"),
    ]
    if item.details:
        parts += ["", indented(details(item.details))]
    if item.choices:
        parts += ["", Text("Answers", style="name")]
        answers = table("", "")
        answers.show_header = False
        for choice in item.choices:
            answers.add_row(Text(clean(choice.answer), style="bold"), Text(clean(choice.meaning)))
        parts += [
            indented(answers),
            "",
            Text(f"synchub review resolve {clean(item.id)} ANSWER", style="quiet"),
        ]
    return Group(*parts)


def quarantine(groups: Sequence[QuarantineGroup]) -> RenderableType:
    """What is set aside, by cause."""
    if not groups:
        return Text("Nothing is set aside.", style="good")
    parts: list[RenderableType] = []
    for group in groups:
        parts += [
            Text.assemble(
                (count(group.count, "row"), "wait"),
                f"  {clean(group.system)}/{clean(group.stream)}  ",
                clean(group.cause),
            ),
            indented(Text(_between(group), style="quiet")),
            indented(Text(f"see one: synchub quarantine show {clean(group.example)}", style="quiet")),
        ]
        if group.next_step:
            parts.append(indented(Text(clean(group.next_step))))
    total = sum(group.count for group in groups)
    told = f"{count(total, 'row')} in all. `synchub quarantine retry --all` has the next run look at them again as they are."
    return Group(*parts, "", Text(told))


def _between(group: QuarantineGroup) -> str:
    since = moment(group.first)
    return f"since {since}" if moment(group.last) == since else f"since {since}, the last since {moment(group.last)}"


def quarantined(item: QuarantineItem) -> RenderableType:
    """One row that was set aside, with its raw form."""
    at_fault = [("field", item.field), ("value", item.value)] if item.field else []
    facts: list[tuple[str, str | None]] = [
        ("from", f"{item.system}/{item.stream}"),
        ("remote id", item.remote_id),
        *at_fault,
        ("since", moment(item.since)),
        ("run", item.run),
        ("tries", str(item.tries)),
    ]
    return Group(
        Text(clean(item.reason), style="head"),
        indented(details(facts)),
        "",
        Text("As it was read", style="name"),
        indented(Text(_raw(item.raw))),
    )


def details(pairs: Sequence[tuple[str, str | None]]) -> RenderableType:
    """Facts by name, one a line."""
    made = table("", "")
    made.show_header = False
    for name, fact in pairs:
        made.add_row(Text(clean(name), style="quiet"), value(shown(fact, limit=LONGEST)))
    return made


def _raw(raw: str) -> str:
    """A raw row, spread over lines where it is JSON."""
    try:
        lines = json.dumps(json.loads(raw), indent=2, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        lines = raw.splitlines()
    kept = [cut(clean(line[: LONGEST + 1]), LONGEST) for line in lines[:MOST_LINES]]
    more = len(lines) - len(kept)
    return "\n".join([*kept, f"… and {count(more, 'more line')}"] if more else kept)
