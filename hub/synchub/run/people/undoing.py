"""Undo: the opposite of what a run wrote. What was edited since is a conflict and stays as it is.

What an undo wrote is an open question, like `ask`: the field is sent nowhere until somebody claims it anew, so the next
run does not undo the undo.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from sqlalchemy import Connection

from synchub.errors import ConfigurationError
from synchub.model import AS, BLANK, TO, WAS
from synchub.read.stage import Staged
from synchub.record import bulk, intake, journal, known, tables
from synchub.record.lock import hold
from synchub.run.line import Outcome
from synchub.run.opening import Opened
from synchub.run.people.opposites import Opposite, opposite
from synchub.run.readying import begin, work_on
from synchub.run.steps.agreeing import Decision
from synchub.run.steps.performing import perform
from synchub.run.steps.recognising import Recognised
from synchub.run.steps.settling import settle
from synchub.run.told import telling
from synchub.run.told.showing import labels
from synchub.run.work import Part, Work
from synchub.spec.options import Progress, RunOptions, Silent
from synchub.spec.reports import FieldChange, MemberPlan, PlanReport, RecordChange, RunReport


def plan_undo(hub: Opened, run: str) -> PlanReport:
    """What an undo of a run would write."""
    with _undoing(hub, run, Silent(), trial=True) as (work, number), hub.store.read() as tx:
        opposites = [opposite(tx, work, part, number) for part in work.parts]
        return _report(tx, hub, work, opposites, run)


def undo(hub: Opened, run: str, progress: Progress) -> RunReport:
    """Write the opposite of a run."""
    zone = hub.configuration.settings.timezone
    with (
        _undoing(hub, run, progress) as (work, number),
        hold(hub.store, work.entity.name, telling.at_work(hub.store, work.entity.name, zone)),
    ):
        begin(work, kind="undo")
        settle(work)
        with hub.store.write() as tx:
            opposites = [opposite(tx, work, part, number) for part in work.parts]
            again = journal.run_row(tx, number)
            for one in opposites:  # before it is sent: if this is killed, no run does again what is put back by then
                if again is not None and again["kind"] == "undo":
                    _close_again(tx, one, number)
                else:
                    _keep_open(tx, work, one)
                _keep_alive(tx, one)
        done = {
            one.part.name: perform(work, one.part, [one.frame], total=one.frame.height)
            for one in opposites
            if one.frame.height
        }
        outcome = Outcome(
            {part.name: Staged(part.name) for part in work.parts},
            Decision(),
            Recognised(),
            [],
            {part.name: 0 for part in work.parts},
            {},
            done,
        )
        report = telling.run_report(work, outcome, zone)
        with hub.store.write() as tx:
            journal.end(tx, work.run, state=report.state, now=work.seams.micros(), summary={"undone": run})
        return report


@contextmanager
def _undoing(hub: Opened, run: str, progress: Progress, *, trial: bool = False) -> Iterator[tuple[Work, int]]:
    with hub.store.read() as tx:
        row = journal.run_row(tx, int(run)) if run.isdigit() else None
    if row is None or row["sync"].strip("()") not in hub.configuration.syncs:
        raise ConfigurationError(
            f"There is no run {run} that wrote anything.",
            not_done="Nothing was changed.",
            next_step="`synchub runs` lists the runs.",
        )
    sync = hub.configuration.syncs[row["sync"]]
    if sync.entity.name == "event":
        raise ConfigurationError(
            "Things that happened can't be undone: what was passed on stays.", not_done="Nothing was changed."
        )
    with work_on(hub, sync, RunOptions(), progress, trial=trial) as work:
        work.run, work.clock = int(run), work.seams.micros()
        yield work, int(run)


def _keep_open(tx: Connection, work: Work, one: Opposite) -> None:
    """Every field that was put back is an open question on its record; the next run asks it."""
    fields = [
        one.frame.filter(pl.col(TO + name).is_not_null() & (pl.col("kind") == "update")).select(
            "record", field=pl.lit(name), value=pl.col(AS + name).fill_null(BLANK)
        )
        for name in one.part.mapping.outward_fields
    ]
    opened = pl.concat(fields) if fields else None
    if opened is None or opened.is_empty():
        return
    intake.add_claims(
        tx,
        opened.with_columns(
            link=pl.lit(None, dtype=pl.Int64),
            native=pl.lit(None, dtype=pl.String),
            base=pl.lit(None, dtype=pl.String),
            at=pl.lit(work.clock, dtype=pl.Int64),
            kind=pl.lit("open"),
            author=pl.lit("undo"),
            reason=pl.lit("an undo put another value back"),
        ),
        run=work.run,
    )
    intake.soil(tx, opened["record"])


def _close_again(tx: Connection, one: Opposite, run: int) -> None:
    """Who undoes an undo has decided: what it had opened is no question any more."""
    for name in one.part.mapping.outward_fields:
        records = one.frame.filter(pl.col(TO + name).is_not_null() & (pl.col("kind") == "update"))["record"]
        opened = bulk.rows_of(tx, tables.claim, "record", records).filter(
            (pl.col("run") == run) & (pl.col("kind") == "open") & (pl.col("field") == name)
        )
        bulk.update(tx, tables.claim, opened.select("seq", kind=pl.lit("void")), key="seq")
    intake.soil(tx, one.frame["record"])


def _keep_alive(tx: Connection, one: Opposite) -> None:
    """Who was deleted by the run and is entered again is not deleted any more, and gets what was decided since."""
    again = one.frame.filter(pl.col("kind") == "create")["record"]
    if len(again):
        intake.withdraw_delete(tx, again)
        intake.soil(tx, again)


def _report(tx: Connection, hub: Opened, work: Work, opposites: list[Opposite], run: str) -> PlanReport:
    members = []
    for one in opposites:
        golden = known.goldens(tx, one.frame["record"], work.entity.golden_fields)
        names = labels(golden.drop("golden").rename({"id": "record"}), work)
        changes = tuple(_change(one.part, work, row, names) for row in one.frame.to_dicts())
        kinds = one.frame["kind"].to_list()
        members.append(
            MemberPlan(
                one.part.name,
                one.part.member.system,
                one.part.member.stream,
                kinds.count("create"),
                kinds.count("update"),
                kinds.count("delete") + kinds.count("archive"),
                held_back=len(one.conflicts),
                changes=changes,
            )
        )
    notes = tuple(
        f"{one.part.name}: {work.hub_id(record)} is left as it is: {why}"
        for one in opposites
        for record, why in one.conflicts
    )
    notes += tuple(
        f"{one.part.name}: {one.anew} removed rows are entered anew, under new ids; what the hub was never told of them "
        "(other fields, notes, orders) does not come back"
        for one in opposites
        if one.anew
    )
    notes += tuple(
        f"{one.part.name}: {one.unknown} writes of that run were never answered; they are looked up first, and undone too if "
        "they landed. If there is nothing else to undo: `synchub sync` settles them, then undo that run"
        for one in opposites
        if one.unknown
    )
    return PlanReport(
        work.sync.name, telling.aware(work.clock, hub.configuration.settings.timezone), tuple(members), notes=notes
    )


def _change(part: Part, work: Work, row: dict, names: dict[int, str]) -> RecordChange:  # type: ignore[type-arg]
    fields = tuple(
        FieldChange(name, part.mapping.native_target(name), row[WAS + name], row[TO + name], "undo", "hub")
        for name in part.mapping.outward_fields
        if row[TO + name] is not None
    )
    return RecordChange(
        part.name,
        row["kind"],
        work.hub_id(row["record"]),
        names.get(row["record"], work.hub_id(row["record"])),
        row["remote_id"],
        fields,
        reason="undo",
    )
