"""One run of one sync, told in call order.

    settle ─ read, map, stage ┃ listen ─ recognise ─ agree (merge, plan) ─ guard ┃ write, record ─ report

What runs left unanswered is settled before anything is read, by lookup; where that is not possible, by what is read.
Nothing is matched before every page of every system is staged; nothing is written before the guard has seen the whole
plan. What was read and decided is stored in one transaction: a run that is killed before it has changed nothing, one that
is killed after it only has less left to write.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
from sqlalchemy import Connection

from synchub.errors import GuardError
from synchub.plan.guard import Excess, Load, excesses
from synchub.read.stage import Staged
from synchub.record import epochs, intake, journal, marks, members, reviews, scopes
from synchub.run.steps.agreeing import Decision, agree
from synchub.run.steps.alternating import notice_alternation
from synchub.run.steps.confirming import carried_out, put_in_queue
from synchub.run.steps.deletions import note_deletions
from synchub.run.steps.done import Done
from synchub.run.steps.listening import listen
from synchub.run.steps.performing import perform
from synchub.run.steps.reading import note_read, quarantine, read_all
from synchub.run.steps.reading_back import settle_by_reading
from synchub.run.steps.recognising import Recognised, recognise
from synchub.run.steps.remapping import remap
from synchub.run.steps.settling import conclude, link_shown, settle
from synchub.run.work import Part, Work


@dataclass(slots=True)
class Outcome:
    """Everything a run came to: what its reports are made of."""

    staged: dict[str, Staged]
    decision: Decision
    recognised: Recognised
    excess: list[Excess]
    links: dict[str, int]
    quarantined: dict[str, int] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    """What would wait for people after this plan: questions (review), rows set aside (quarantine)."""
    changed: dict[str, int] = field(default_factory=dict)
    """How many rows of each member said something new."""


def sync(work: Work) -> Outcome:
    """Read, decide, write. Raises GuardError before the first write if the plan is larger than its limits."""
    settle(work)
    staged = read_all(work)
    link_shown(work, staged)
    settle_by_reading(work, staged)
    work.seams.crash("staged")
    with work.store.write() as tx:
        outcome = decide(tx, work, staged)
        if work.options.recompute:
            guard(work, outcome)  # before it is stored: else every later run would have to carry out the rest of it
        journal.decided(tx, work.run)
    work.seams.crash("decided")
    guard(work, outcome)
    accept(work)
    outcome.done = write(work, outcome.decision)
    return outcome


def plan(work: Work) -> Outcome:
    """Read and decide; nothing is kept, not even a cursor."""
    staged = read_all(work)
    with work.store.trial() as tx:
        outcome = decide(tx, work, staged)
        outcome.waiting = reviews.counts(tx)
        return outcome


def decide(tx: Connection, work: Work, staged: dict[str, Staged]) -> Outcome:
    """From what was read to what is to be sent. All that is learnt is stored in this one transaction."""
    links = {part.name: scopes.live_links(tx, part.state.id) for part in work.parts}
    history = epochs.keep(tx, work.entity.name, work.entity.rules, anew=work.options.recompute)
    own = [part.scope for part in work.parts]
    work.reshaped = scopes.mark_if_changed(
        tx, work.entity.name, (work.sync.name, work.mark), own, everything=work.options.recompute
    )
    for part in work.parts:
        remap(tx, work, part)
    noticed = [listen(tx, work, part, staged[part.name]) for part in work.parts]
    recognised = recognise(tx, work, staged)
    for part in work.parts:
        conclude(tx, work, part)
    note_deletions(tx, work, [series for one in noticed for series in one.deleted])
    notice_alternation(tx, work)
    quarantined = {part.name: quarantine(tx, work, part, staged[part.name]) for part in work.parts}
    touched = [recognised.touched, *(series for one in noticed for series in one.touched)]
    intake.soil(tx, pl.concat(touched).drop_nulls())
    for part in work.parts:
        note_read(tx, work, part, staged[part.name])
    shown = {part.name: one.shown for part, one in zip(work.parts, noticed, strict=True)}
    fresh = range(recognised.first, recognised.first + recognised.new)
    decision = agree(tx, work, history, shown, fresh, recomputed=work.options.recompute)
    work.narrow(tx)
    work.keep(tx)
    excess = excesses([load(work, part, decision, links[part.name]) for part in work.parts], work.options.allow)
    for part in work.parts:
        put_in_queue(tx, work, part, decision.queues[part.name], decision.operations(part.name), excess)
    changed = {
        part.name: one.rows + recognised.rows.get(part.state.id, 0)
        for part, one in zip(work.parts, noticed, strict=True)
    }
    return Outcome(staged, decision, recognised, excess, links, quarantined, changed=changed)


def load(work: Work, part: Part, decision: Decision, links: int) -> Load:
    """What the guard looks at: what this run would send, not what is planned and waits."""
    if part.state.accepted and work.only is None and work.promised is None:
        return replace(decision.load(part, links), reshaped=work.reshaped)
    may = Decision(queues=decision.queues)
    for frame in decision.operations(part.name):
        may.count(part.name, due(work, part, frame))
    return replace(may.load(part, links), reshaped=work.reshaped)


def guard(work: Work, outcome: Outcome) -> None:
    """Stop here if the plan is larger than its limits."""
    if outcome.excess:
        listed = "; ".join(str(excess) for excess in outcome.excess)
        kept = "What was read is not kept either" if work.options.recompute else "What was read is kept"
        shown = f"synchub plan {work.sync.name}{' --recompute' if work.options.recompute else ''}"
        raise GuardError(
            f"The plan of {work.sync.name} is larger than its limits: {listed}.",
            not_done=f"Nothing was written to any system. {kept}.",
            next_step=f"Look at it with `{shown}`, then let it through once: "
            f"`{_once(work, outcome.excess)}`.{_or_one_by_one(work, outcome)}",
        )


def _or_one_by_one(work: Work, outcome: Outcome) -> str:
    """Deletes can also be decided one by one, if they were noted as questions."""
    deletes = any(each.what == "deletes" for each in outcome.excess) and not work.options.recompute
    return " Or decide about each delete: `synchub review list`." if deletes else ""


def _once(work: Work, excess: Sequence[Excess]) -> str:
    """The command that does the same, and lets everything through that was too much."""
    asked = work.options
    most = {str(what): count for what, count in asked.allow.items()}
    for each in excess:
        most[each.what] = max(most.get(each.what, 0), each.count)
    words = ["synchub", "sync", work.sync.name, *(["--recompute"] if asked.recompute else [])]
    words += ["--record", asked.record] if asked.record is not None else []
    words += ["--plan", asked.plan] if asked.plan is not None else []
    words += [word for system in asked.systems for word in ("--system", system)]
    return shlex.join([*words, *(word for what, count in most.items() for word in ("--allow", f"{what}={count}"))])


def accept(work: Work) -> None:
    """Members that a person accepts are written from now on, and changed settings are no news any more. Stored only when
    the guard has let the run through: one that was stopped must not make the next write what nobody saw."""
    fresh = [part for part in work.parts if part.name in work.options.accept and not part.state.accepted]
    with work.store.write() as tx:
        if work.only is None and work.promised is None:
            scopes.keep(tx, work.sync.name, [part.scope for part in work.parts], work.left)
        for part in fresh:
            part.state = replace(part.state, accepted=True)
            members.save(tx, part.state)


def write(work: Work, decision: Decision) -> dict[str, Done]:
    """Send what is due to every member that is up and accepted, side by side; then take the marks off what agrees."""
    parts = [part for part in work.parts if decision.frames.get(part.name)]
    done = dict(
        zip(
            (part.name for part in parts),
            work.seams.executor.map(lambda part: _write(work, part, decision), parts),
            strict=True,
        )
    )
    left = pl.concat(
        [
            pl.Series("record", [], dtype=pl.Int64),
            *decision.waiting,
            *(series for one in done.values() for series in one.undone),
        ]
    ).unique()
    with work.store.write() as tx:
        for part in parts:
            for frame in decision.operations(part.name, ["record"]) if not work.partial else ():
                marks.take_off(tx, frame["record"].filter(~frame["record"].is_in(left.implode())), work.others)
            carried_out(tx, decision.queues[part.name])
            if done[part.name].missing and part.state.cursor is not None:
                members.save(tx, replace(part.state, cursor=None))
    return done


def _write(work: Work, part: Part, decision: Decision) -> Done:
    held_back: list[pl.Series] = []

    def frames() -> Iterator[pl.DataFrame]:
        for planned in decision.operations(part.name):
            kept = decision.queues[part.name].due(due(work, part, planned))
            held_back.append(planned.join(kept, on=["record", "kind", "link"], how="anti", nulls_equal=True)["record"])
            yield kept

    done = perform(work, part, frames(), total=sum(decision.kinds[part.name].values()))
    done.undone += held_back
    return done


def due(work: Work, part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """The operations that this run may send: not to members that wait to be accepted, and only what was asked for."""
    if not part.state.accepted and part.name not in work.options.accept:
        return frame.head(0)
    if work.only is not None:
        frame = frame.filter(pl.col("record").is_in(work.only.implode()))
    return frame if work.promised is None else work.promised.keep(part, frame)
