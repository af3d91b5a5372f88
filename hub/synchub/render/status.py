"""The hub now: its syncs, its members, and what waits."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from synchub.render.clean import clean
from synchub.render.run import STATES, waits
from synchub.render.words import bullets, indented, moment, number, table
from synchub.spec.answers import MemberStatus, StatusReport, SyncStatus


def status(report: StatusReport) -> RenderableType:
    """Everything at a glance."""
    known = ", ".join(f"{amount:,} × {clean(entity)}" for entity, amount in report.records) or "nothing yet"
    parts: list[RenderableType] = [
        Text.assemble(("Store ", "head"), clean(report.store), (f"  {known}", "quiet")),
        "",
        indented(_syncs(report.syncs)),
        "",
        indented(_members(report.members)),
    ]
    alone = {one.system for one in report.paused}
    broken = [
        f"{one.sync}.{one.member}: {one.problem}"
        for one in report.members
        if one.problem and one.system not in alone  # told below, once for all its members
    ]
    parts += ["", *bullets(broken, "bad", "✗")] if broken else []
    paused = [
        f"{one.system} is left alone by serve until {moment(one.until)}, after {one.failures} failed runs: {one.problem}"
        for one in report.paused
    ]
    parts += ["", *bullets(paused, "bad", "✗")] if paused else []
    waiting = [*waits(report.waits), *bullets(report.notes, "quiet")]
    return Group(*parts, "", *(waiting or [Text("Nothing waits.", style="good")]))


def _syncs(syncs: tuple[SyncStatus, ...]) -> RenderableType:
    made = table("sync", "entity", "schedule", "last run", "state", "ended", "next by serve")
    for sync in syncs:
        sign, style = STATES[sync.state] if sync.state else ("", "quiet")
        made.add_row(
            Text(clean(sync.sync), style="name"),
            Text(clean(sync.entity)),
            Text(clean(sync.schedule or "by hand"), style="quiet"),
            Text(clean(sync.last_run)),
            Text(f"{sign} {sync.state}" if sync.state else "never ran", style=style),
            Text(moment(sync.ended) if sync.ended else ""),
            Text(moment(sync.next_run) if sync.next_run else "", style="quiet"),
        )
    return made


def _members(members: tuple[MemberStatus, ...]) -> RenderableType:
    made = table("member", "stream", "links", "last read", "next read", "", numbers=("links",))
    for member in members:
        made.add_row(
            Text(f"{clean(member.sync)}.{clean(member.member)}", style="name"),
            Text(clean(f"{member.system}/{member.stream}"), style="quiet"),
            number(member.links),
            Text(moment(member.last_read) if member.last_read else "never"),
            Text("what changed" if member.cursor else "in full", style="quiet"),
            Text("failed" if member.problem else "", style="bad"),
        )
    return made
