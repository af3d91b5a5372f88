"""What runs did, and what one of them changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from synchub.render.clean import clean
from synchub.render.conflicts import conflicts
from synchub.render.plan import record_change
from synchub.render.words import bullets, count, hanging, indented, moment, number, span, table
from synchub.spec.reports import MemberRun, RunReport, RunsReport, Waits

STATES = {
    "running": ("…", "wait"),
    "done": ("✓", "good"),
    "incomplete": ("!", "wait"),
    "failed": ("✗", "bad"),
    "stopped": ("✋", "bad"),
    "interrupted": ("!", "wait"),
}


def run_reports(reports: Sequence[RunReport]) -> RenderableType:
    """What `sync` did, sync by sync."""
    parts: list[RenderableType] = []
    for report in reports:
        parts += [run_report(report), ""]
    return Group(*parts[:-1])


def run_report(report: RunReport) -> RenderableType:
    """One run whole."""
    parts: list[RenderableType] = [_heading(report)]
    if report.problem:
        parts.append(indented(Text(clean(report.problem), style="bad")))
    if report.members:
        parts.append(indented(_members(report.members)))
    parts += bullets((f"{clean(m.member)}: {clean(m.problem)}" for m in report.members if m.problem), "bad", "✗")
    parts += map(indented, conflicts(report.conflicts, report.conflict_count))
    if report.put_back:
        told = f"{count(report.put_back, 'edit')} put back: the rules prefer another system."
        parts.append(hanging(Text("↺", style="conflict"), Text(told)))
    if report.own_form:
        told = f"{count(report.own_form, 'value')} stored otherwise than sent; not sent again while that lasts."
        parts.append(hanging(Text("≈", style="quiet"), Text(told)))
    return Group(*parts, *waits(report.waits), *bullets(report.notes, "quiet"))


def runs(report: RunsReport) -> RenderableType:
    """Past runs, a line each."""
    if not report.runs:
        return Text("No run yet: synchub plan shows what the first one would do.")
    return _list(report.runs)


def run_changes(report: RunsReport) -> RenderableType:
    """One run in full, with what it changed."""
    parts: list[RenderableType] = [run_report(report.runs[0])]
    by_member: dict[str, list[RenderableType]] = {}
    for change in report.changes:
        by_member.setdefault(change.member, []).append(record_change(change))
    for member, changes in by_member.items():
        parts += ["", Text(clean(member), style="name"), *changes]
    if report.more:
        parts.append(indented(Text(f"… and {count(report.more, 'more record')}: --json shows all", style="quiet")))
    return Group(*parts)


def waits(waiting: Waits) -> Iterator[RenderableType]:
    """What waits, each with the command that deals with it."""
    lines = [
        (waiting.review, f"{count(waiting.review, 'question')} for a person: synchub review list"),
        (waiting.quarantine, f"{count(waiting.quarantine, 'row')} set aside: synchub quarantine list"),
        (
            waiting.open_operations,
            f"{count(waiting.open_operations, 'write')} unconfirmed; the next run settles them.",
        ),
    ]
    for amount, line in lines:
        if amount:
            yield hanging(Text("⏸", style="wait"), Text(line))
    for member in waiting.acceptance:
        line = f"{clean(member)} is new and not written yet: synchub sync --accept {clean(member)}"
        yield hanging(Text("⏸", style="wait"), Text(line))


def _heading(report: RunReport) -> Text:
    sign, style = STATES[report.state]
    took = f" in {span(report.ended - report.started)}" if report.ended else ""
    written = sum(member.written for member in report.members)
    what = f", {count(written, 'record')} written" if report.members else ""
    return Text.assemble(
        (f"{sign} ", style),
        (clean(report.sync), "name"),
        f"  {report.state}{took}{what}",
        (f"  {moment(report.started)}{f'  run {clean(report.run)}' if report.run else ''}", "quiet"),
    )


def _members(members: tuple[MemberRun, ...]) -> Table:
    figures = ("read", "changed", "created", "updated", "deleted", "unchanged", "failed", "set aside")
    made = table("member", *figures, numbers=figures)
    for member in members:
        made.add_row(
            Text(clean(member.member), style="name"),
            number(member.read),
            number(member.changed),
            number(member.created, "create"),
            number(member.updated, "update"),
            number(member.deleted, "delete"),
            number(member.unchanged),
            number(member.failed, "bad"),
            number(member.quarantined, "wait"),
        )
    return made


def _list(reports: Sequence[RunReport]) -> Table:
    figures = ("read", "written", "failed", "conflicts")
    made = table("run", "sync", "started", "state", "took", *figures, numbers=("took", *figures))
    for report in reports:
        sign, style = STATES[report.state]
        made.add_row(
            Text(clean(report.run)),
            Text(clean(report.sync), style="name"),
            Text(moment(report.started)),
            Text(f"{sign} {report.state}", style=style),
            Text(span(report.ended - report.started) if report.ended else ""),
            number(sum(member.read for member in report.members)),
            number(sum(member.written for member in report.members)),
            number(sum(member.failed for member in report.members), "bad"),
            number(report.conflict_count, "conflict"),
        )
    return made
