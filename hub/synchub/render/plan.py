"""A plan, field by field: what would change in which system, why, and what would be held back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from synchub.render import screen
from synchub.render.clean import HIDDEN, clean, cut, shown_pair
from synchub.render.conflicts import conflicts
from synchub.render.words import (
    bullets,
    count,
    hanging,
    indented,
    moment,
    number,
    said,
    speaker,
    table,
    value,
)
from synchub.spec.reports import ConflictLine, FieldChange, MemberPlan, PlanReport, RecordChange

SIGNS = {"create": "+", "update": "~", "archive": "-", "delete": "-"}
STYLES = {"create": "create", "update": "update", "archive": "delete", "delete": "delete"}


def plan(report: PlanReport) -> RenderableType:
    """A whole plan."""
    parts: list[RenderableType] = [_heading(report), "", indented(_totals(report.members))]
    for member in report.members:
        parts += _member(member)
    recomputed = [change for member in report.members for change in member.changes if change.recomputed]
    if recomputed or report.recomputed:
        parts += ["", Text("Only because a rule was changed", style="head"), *map(record_change, recomputed)]
    unseen = _not_shown(report)
    if unseen:
        parts += ["", *conflicts(unseen)]
    return Group(*parts, "", *_closing(report))


def plan_svg(report: PlanReport, *, width: int = 100) -> str:
    """A plan as a picture, for manuals."""
    return screen.svg(plan(report), title=f"synchub plan {report.sync}", width=width)


def without_values(report: PlanReport) -> PlanReport:
    """The same plan with everything removed that a record holds: values, names, and ids of other systems."""
    return replace(
        report,
        members=tuple(
            replace(member, changes=tuple(map(change_without_values, member.changes))) for member in report.members
        ),
        conflicts=tuple(map(conflict_without_values, report.conflicts)),
    )


def change_without_values(change: RecordChange) -> RecordChange:
    fields = tuple(
        replace(
            field,
            before=_hide(field.before),
            after=_hide(field.after),
            losers=tuple((system, _hide(lost)) for system, lost in field.losers),
        )
        for field in change.fields
    )
    # An id of another system may be a person's address.
    return replace(change, label=change.record, remote_id=None, fields=fields)


def conflict_without_values(line: ConflictLine) -> ConflictLine:
    losers = tuple((system, _hide(lost)) for system, lost in line.losers)
    return replace(line, label=line.record, value=_hide(line.value), losers=losers)


def _hide(text: str | None) -> str | None:
    return HIDDEN if text else text


def record_change(change: RecordChange) -> RenderableType:
    """One record: its name, and every field that changes."""
    style = STYLES[change.kind]
    line = Text.assemble((f"{SIGNS[change.kind]} ", style), (cut(clean(change.label), 70), f"bold {style}"))
    if change.remote_id:
        line.append(f"  {cut(clean(change.remote_id), 40)}", "quiet")
    if change.kind in ("archive", "delete"):
        line.append(f"  {change.kind}", style)
    if change.put_back:
        line.append("  put back", "conflict")
    if change.reason:
        line.append(f"  {clean(change.reason)}", "quiet")
    fields = Table.grid(padding=(0, 1, 0, 0))
    for each in ("sign", "name", "values", "why"):
        fields.add_column(no_wrap=each in ("sign", "name"), overflow="fold")
    for field in change.fields:
        fields.add_row(*_field(field, created=change.kind == "create"))
    return indented(Group(line, indented(fields, 2)) if change.fields else line)


def _field(field: FieldChange, *, created: bool) -> Iterator[Text]:
    """A row of cells: mark, field, old and new value, who decided."""
    yield Text("⚠" if field.conflict else " ", style="conflict")
    native = f" {clean(field.native)}" if field.native != field.field else ""
    yield Text.assemble(clean(field.field), (native, "quiet"))
    before, after = shown_pair(field.before, field.after)
    if created:
        yield value(after, "create")
    else:
        yield Text.assemble(value(before, "delete"), (" → ", "quiet"), value(after, "create"))
    yield _decided(field)


def _decided(field: FieldChange) -> Text:
    why = Text(style="quiet")
    why.append(": ".join(part for part in (clean(field.rule), speaker(field.winner)) if part))
    if field.losers:
        why.append(" over ")
        why.append_text(Text("", style="conflict" if field.conflict else "").append_text(said(field.losers)))
    if field.note:
        why.append(f"{' ' if len(why) else ''}({clean(field.note)})")
    return why


def _heading(report: PlanReport) -> Text:
    line = Text.assemble(("Plan for ", "head"), (clean(report.sync), "name"), (f"  {moment(report.started)}", "quiet"))
    if report.plan:
        line.append(f"  saved as {report.plan}", "quiet")
    return line


def _totals(members: tuple[MemberPlan, ...]) -> Table:
    figures = ("create", "update", "delete", "unchanged", "held back")
    totals = table("member", "stream", *figures, "", numbers=figures)
    for member in members:
        totals.add_row(
            Text(clean(member.member), style="name"),
            Text(clean(f"{member.system}/{member.stream}"), style="quiet"),
            number(member.creates, "create"),
            number(member.updates, "update"),
            number(member.deletes, "delete"),
            number(member.unchanged),
            number(member.held_back, "wait"),
            _standing(member),
        )
    return totals


def _standing(member: MemberPlan) -> Text:
    if member.needs_acceptance:
        return Text("new here: not written until accepted", style="wait")
    if member.problem:
        return Text("takes no part", style="bad")
    return Text("first contact" if member.first_contact else "", style="quiet")


def _member(member: MemberPlan) -> list[RenderableType]:
    changes = [change for change in member.changes if not change.recomputed]
    if not changes and not member.more:
        return []
    parts: list[RenderableType] = ["", Text(clean(member.member), style="name")]
    parts += map(record_change, changes)
    if member.more:
        parts.append(indented(Text(f"… and {count(member.more, 'more record')}", style="quiet")))
    return parts


def _not_shown(report: PlanReport) -> list[ConflictLine]:
    """Conflicts that no line above has marked: they change nothing, or stand beyond the cut."""
    marked = {
        (change.record, field.field)
        for member in report.members
        for change in member.changes
        for field in change.fields
        if field.conflict
    }
    return [line for line in report.conflicts if (line.record, line.field) not in marked]


def _closing(report: PlanReport) -> Iterator[RenderableType]:
    creates, updates, deletes, held = (
        sum(getattr(member, figure) for member in report.members)
        for figure in ("creates", "updates", "deletes", "held_back")
    )
    if report.changes:
        yield Text.assemble(
            ("To do: ", "head"),
            (count(creates, "create"), "create"),
            ", ",
            (count(updates, "update"), "update"),
            ", ",
            (count(deletes, "delete"), "delete"),
            ".",
        )
    elif any(member.problem for member in report.members):
        yield Text("Nothing to do in the systems that could be reached.", style="wait")
    else:
        yield Text("Nothing to do: every system agrees.", style="good")
    absent = [f"{one.member} takes no part: {one.problem}" for one in report.members if one.problem]
    yield from bullets(absent, "bad", "✗")
    if report.new_records or report.joined:
        joined = f", {count(report.joined, 'row')} joined to known records" if report.joined else ""
        yield Text(f"In the hub: {count(report.new_records, 'new record')}{joined}.")
    waiting = [
        (held, f"{count(held, 'change')} held back until what is open is settled and every system is reached."),
        (report.review, f"{count(report.review, 'question')} for a person: synchub review list"),
        (report.quarantined, f"{count(report.quarantined, 'row')} set aside: synchub quarantine list"),
    ]
    yield from (hanging(Text("⏸", style="wait"), Text(line)) for amount, line in waiting if amount)
    for member in report.members:
        if member.needs_acceptance:
            name = clean(member.member)
            told = f"{name} is new in this sync: synchub sync {clean(report.sync)} --accept {name}"
            yield hanging(Text("⏸", style="wait"), Text(told))
    yield from bullets(report.guard, "bad", "✋")
    if report.guard:
        yield Text("The guard would stop this before the first write.", style="bad")
    yield from bullets(report.notes, "quiet")
