"""Reports: what a run came to, for people and for --json."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from synchub.errors import GuardError
from synchub.record import journal, reviews
from synchub.record.store import Store
from synchub.run.told.showing import MOST
from synchub.spec.reports import MemberPlan, MemberRun, PlanReport, RunReport, RunState, Waits

if TYPE_CHECKING:
    from synchub.run.line import Outcome
    from synchub.run.work import Part, Work


def aware(micros: int | None, zone: str) -> datetime:
    """A stored time as people read it."""
    return datetime.fromtimestamp((micros or 0) / 1_000_000, UTC).astimezone(ZoneInfo(zone))


def at_work(store: Store, entity: str, zone: str) -> str:
    """Who works on an entity now and since when, for whoever finds the lock taken."""
    with store.read() as tx:
        for run in journal.runs(tx):
            if run["entity"] == entity and run["state"] in (journal.READING, journal.WRITING):
                return f"{run['holder']}, {run['kind']} {run['sync']}, since {aware(run['started'], zone):%Y-%m-%d %H:%M:%S %Z}"
    return "a command that decides for a person, or a run that begins just now"


def plan_report(work: Work, outcome: Outcome, zone: str, plan: str | None = None) -> PlanReport:
    """What a plan shows."""
    shown = outcome.decision.shown
    return PlanReport(
        sync=work.sync.name,
        started=aware(work.clock, zone),
        members=tuple(_member_plan(work, outcome, part) for part in work.parts),
        plan=plan,
        conflicts=tuple(shown.conflicts),
        new_records=outcome.recognised.new,
        joined=outcome.recognised.joined,
        review=outcome.waiting.get("review", 0),
        quarantined=outcome.waiting.get("quarantine", 0),
        recomputed=sum(change.recomputed for changes in shown.changes.values() for change in changes),
        guard=tuple(str(excess) for excess in outcome.excess),
        notes=_notes(work, outcome),
    )


def _member_plan(work: Work, outcome: Outcome, part: Part) -> MemberPlan:
    kinds = outcome.decision.kinds.get(part.name, {})
    changes = outcome.decision.shown.changes.get(part.name, [])
    if work.only is not None:
        wanted = {work.hub_id(number) for number in work.only.to_list()}
        changes = [change for change in changes if change.record in wanted]
        kinds = {
            kind: sum(change.kind == kind for change in changes) for kind in ("create", "update", "delete", "archive")
        }
    total = sum(kinds.values())
    return MemberPlan(
        member=part.name,
        system=part.member.system,
        stream=part.member.stream,
        creates=kinds.get("create", 0),
        updates=kinds.get("update", 0),
        deletes=kinds.get("delete", 0) + kinds.get("archive", 0),
        unchanged=max(
            outcome.links[part.name] - kinds.get("update", 0) - kinds.get("delete", 0) - kinds.get("archive", 0), 0
        ),
        held_back=outcome.decision.unsent.get(part.name, 0),
        changes=tuple(changes),
        more=total - len(changes) if total > MOST else 0,
        first_contact=part.state.read_at is None or outcome.links[part.name] == 0,
        needs_acceptance=not part.state.accepted and part.name not in work.options.accept,
        problem=part.down,
    )


def run_report(work: Work, outcome: Outcome | None, zone: str, *, problem: Exception | None = None) -> RunReport:
    """What a run came to, finished or not."""
    members = tuple(_member_run(outcome, part) for part in work.parts) if outcome else ()
    stopped = isinstance(problem, GuardError)
    state: RunState = (
        "stopped"
        if stopped
        else "failed"
        if problem
        else "incomplete"
        if any(m.problem or m.failed for m in members)
        else "done"
    )
    with work.store.read() as tx:
        waits = _waits(tx, work)
    shown = outcome.decision.shown if outcome else None
    return RunReport(
        run=str(work.run),
        sync=work.sync.name,
        started=aware(work.clock, zone),
        ended=aware(work.seams.micros(), zone),
        state=state,
        members=members,
        conflicts=tuple(shown.conflicts) if shown else (),
        conflict_count=shown.conflict_count if shown else 0,
        put_back=shown.put_back if shown else 0,
        own_form=sum(done.own_form for done in outcome.done.values()) if outcome else 0,
        waits=waits,
        problem=getattr(problem, "line", str(problem)) if problem else "",
        notes=_notes(work, outcome),
        exit_code=getattr(problem, "exit_code", 1) if problem else int(state != "done"),
    )


def _notes(work: Work, outcome: Outcome | None) -> tuple[str, ...]:
    told = [*work.notes, *(note for part in work.parts for note in part.notes)]
    return (*told, *(note for done in outcome.done.values() for note in done.notes)) if outcome else tuple(told)


def _waits(tx: Any, work: Work) -> Waits:
    counts = reviews.counts(tx)
    waiting = journal.open_operations(tx, [part.state.id for part in work.parts]).height
    asleep = tuple(part.name for part in work.parts if not part.state.accepted and part.member.direction != "in")
    return Waits(counts["review"], counts["quarantine"], waiting, asleep)


def _member_run(outcome: Outcome, part: Part) -> MemberRun:
    staged, done = outcome.staged[part.name], outcome.done.get(part.name)
    report = MemberRun(
        member=part.name,
        system=part.member.system,
        stream=part.member.stream,
        read=staged.count,
        changed=outcome.changed.get(part.name, staged.changed),
        quarantined=outcome.quarantined.get(part.name, 0),
        full=staged.complete,
        problem=part.down,
    )
    if done is None:
        return report
    return replace(
        report,
        created=done.created,
        updated=done.updated,
        deleted=done.deleted,
        unchanged=done.unchanged,
        failed=done.failed,
        problem=done.problem or part.down,
    )
