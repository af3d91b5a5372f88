"""One run of a sync of events, told in call order.

    settle ─ read, map, stage ┃ take in ─ attach ─ plan ─ guard ┃ write, record ─ report

The same barriers as for records, and nothing to merge: an event is never changed, only passed on, once.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from synchub.plan.guard import excesses
from synchub.read.stage import Staged
from synchub.record import journal, reviews, scopes
from synchub.run.events.passing import plan_events
from synchub.run.events.taking import attach, take_in
from synchub.run.line import Outcome, accept, due, guard, load
from synchub.run.steps.agreeing import Decision
from synchub.run.steps.done import Done
from synchub.run.steps.performing import perform
from synchub.run.steps.reading import note_read, quarantine, read_all
from synchub.run.steps.recognising import Recognised
from synchub.run.steps.settling import conclude, link_shown, settle
from synchub.run.work import Part, Work


def sync(work: Work) -> Outcome:
    """Read, attach, pass on. Raises GuardError before the first write if there is more than the limits allow."""
    settle(work)
    staged = _read(work)
    link_shown(work, staged)
    work.seams.crash("staged")
    with work.store.write() as tx:
        outcome = decide(tx, work, staged)
        journal.decided(tx, work.run)
    work.seams.crash("decided")
    guard(work, outcome)
    accept(work)
    outcome.done = _write(work, outcome.decision)
    return outcome


def plan(work: Work) -> Outcome:
    """Read and decide; nothing is kept."""
    staged = _read(work)
    with work.store.trial() as tx:
        outcome = decide(tx, work, staged)
        outcome.waiting = reviews.counts(tx)
        return outcome


def decide(tx: Connection, work: Work, staged: dict[str, Staged]) -> Outcome:
    """From what was read to what is to be passed on."""
    links = {part.name: scopes.live_links(tx, part.state.id) for part in work.parts}
    own = [part.scope for part in work.parts]
    scopes.mark_if_changed(tx, work.entity.name, (work.sync.name, work.mark), own, everything=work.options.recompute)
    taken = sum(take_in(tx, work, part, staged[part.name]) for part in work.parts)
    attach(tx, work)
    for part in work.parts:
        if staged[part.name].complete:
            conclude(tx, work, part)
    work.narrow(tx)
    quarantined = {part.name: quarantine(tx, work, part, staged[part.name]) for part in work.parts}
    for part in work.parts:
        note_read(tx, work, part, staged[part.name])
    decision = plan_events(tx, work)
    work.keep(tx)
    loads = [load(work, part, decision, links[part.name]) for part in work.parts]
    recognised = Recognised(new=taken)
    return Outcome(staged, decision, recognised, excesses(loads, work.options.allow), links, quarantined)


def _read(work: Work) -> dict[str, Staged]:
    """Members that are only written are not read: what was passed on is known."""
    readers = [part for part in work.parts if part.member.direction != "out"]
    staged = read_all(replace(work, parts=readers))
    for part in work.parts:
        part.complete = True  # what an earlier run left unanswered is settled or waits: no create needs another look
    return {part.name: staged.get(part.name) or Staged(part.name) for part in work.parts}


def _write(work: Work, decision: Decision) -> dict[str, Done]:
    parts = [part for part in work.parts if decision.frames.get(part.name)]
    written = work.seams.executor.map(lambda part: _send(work, part, decision), parts)
    return {part.name: done for part, done in zip(parts, written, strict=True)}


def _send(work: Work, part: Part, decision: Decision) -> Done:
    frames = (due(work, part, frame) for frame in decision.operations(part.name))
    return perform(work, part, frames, total=decision.kinds[part.name]["create"])
