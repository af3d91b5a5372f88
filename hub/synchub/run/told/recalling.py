"""Past runs, and what one of them wrote, from the journal."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from synchub.errors import ConfigurationError
from synchub.model import TO, WAS
from synchub.record import journal, known, members, tables
from synchub.record.members import MemberState
from synchub.record.store import peek
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids
from synchub.run.salt import salt_if_any
from synchub.run.told.showing import MOST, labels
from synchub.run.told.telling import aware
from synchub.spec.job import Member, Sync
from synchub.spec.reports import FieldChange, MemberRun, RecordChange, RunReport, RunsReport, RunState

LISTED = 20
"""Runs that are told when none is named."""

_OUTCOMES = {
    journal.OPEN: "not confirmed yet; the next run settles it",
    journal.FAILED: "failed",
    journal.REJECTED: "refused",
    journal.DROPPED: "not done: it had changed there meanwhile",
}


def look_at_runs(hub: Opened, run: str | None) -> RunsReport:
    """The last runs, newest first; or one run with every operation that it wrote down.

    Raises ConfigurationError if there is no such run.
    """
    with hub.store.read() as tx:
        if run is None:
            total = tx.execute(select(func.count()).select_from(tables.run)).scalar_one()
            return RunsReport(
                tuple(_report(hub, row) for row in journal.runs(tx, limit=LISTED)),
                more=max(int(total) - LISTED, 0),
            )
        row = journal.run_row(tx, int(run)) if run.isascii() and run.isdigit() and len(run) < 19 else None
        if row is None:
            raise _no_run(run, run.isascii() and run.isdigit() and 0 < int(run) < peek(tx, "run"))
        operations = journal.of_run(tx, int(run))
        changes = tuple(_changes(tx, hub, row, operations.head(MOST)))
    return RunsReport((_report(hub, row),), changes, max(operations.height - MOST, 0))


def _no_run(run: str, was: bool) -> ConfigurationError:
    if was:
        return ConfigurationError(
            f"Run {run} is not listed any more: it changed nothing, or nothing of what it changed is kept.",
            next_step="`synchub runs` lists the runs that are. How long they are is said by `quiet_runs` under [hub].",
        )
    return ConfigurationError(f"There is no run {run}.", next_step="`synchub runs` lists them.")


def state_of(row: Mapping[str, Any]) -> RunState:
    """What became of a run. One whose process is gone was interrupted, though nobody could note it."""
    if row["state"] in (journal.READING, journal.WRITING):
        return "interrupted" if _is_gone(row["holder"]) else "running"
    known_states: tuple[RunState, ...] = ("done", "incomplete", "failed", "stopped", "interrupted")
    return next((state for state in known_states if state == row["state"]), "failed")


def _is_gone(holder: str) -> bool:
    """Whether the process that ran it, on this very machine, is there no more. Elsewhere nobody can tell."""
    named = re.match(r"process (\d+) on (.+)", holder)
    if named is None or named[2] != socket.gethostname():
        return False
    try:
        os.kill(int(named[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _report(hub: Opened, row: Mapping[str, Any]) -> RunReport:
    told, zone = row["summary"], hub.configuration.settings.timezone
    conflicts = told.get("conflicts", 0)
    notes = [*told.get("notes", ())]
    if conflicts:
        notes.append(f"Conflicts that the rules settled: {conflicts}. `synchub why` tells of each record.")
    if row["kind"] != "sync":
        notes.insert(0, f"Decided by hand: {row['kind']}.")
    return RunReport(
        run=str(row["id"]),
        sync=row["sync"],
        started=aware(row["started"], zone),
        ended=None if row["ended"] is None else aware(row["ended"], zone),
        state=state_of(row),
        members=tuple(_member_run(each) for each in told.get("members", ())),
        conflict_count=conflicts,
        put_back=told.get("put_back", 0),
        own_form=told.get("own_form", 0),
        problem=told.get("problem", ""),
        notes=tuple(notes),
        exit_code=told.get("exit_code", 0),
    )


def _member_run(told: Mapping[str, Any]) -> MemberRun:
    """As stored by whatever version: what it does not know is left out."""
    return MemberRun(**{name: value for name, value in told.items() if name in MemberRun.__dataclass_fields__})


def _changes(tx: Connection, hub: Opened, row: Mapping[str, Any], operations: pl.DataFrame) -> Iterator[RecordChange]:
    states = {state.id: state for state in members.of_entity(tx, row["entity"])}
    entity = hub.configuration.entities.get(row["entity"])
    names = entity.golden_fields if entity else []
    golden = known.goldens(tx, operations["record"].unique(), names).select(pl.col("id").alias("record"), *names)
    ids = Ids(salt_if_any(tx))
    people = labels(golden, ids)
    sync = hub.configuration.syncs.get(row["sync"])
    for operation in operations.to_dicts():
        state = states.get(operation["member"])
        yield RecordChange(
            member=_name(sync, state),
            kind=operation["kind"],
            record=ids.hub_id(operation["record"]),
            label=people.get(operation["record"], ids.hub_id(operation["record"])),
            remote_id=operation["remote_id"],
            fields=tuple(_fields(journal.changed(operation["change"]), _own(sync, state))),
            reason=_outcome(operation),
        )


def _own(sync: Sync | None, state: MemberState | None) -> Member | None:
    """The member of hub.toml whose stream this is, if it is there still."""
    if sync is None or state is None:
        return None
    return next((own for own in sync.members if (own.system, own.stream) == (state.system, state.stream)), None)


def _name(sync: Sync | None, state: MemberState | None) -> str:
    own = _own(sync, state)
    return own.name if own else f"{state.system}/{state.stream}" if state else "a removed member"


def _fields(change: Mapping[str, str | None], member: Member | None) -> Iterator[FieldChange]:
    mapped = member.mapping.fields if member else {}
    for column, sent in change.items():
        if column.startswith(TO) and sent is not None:
            name = column.removeprefix(TO)
            natives = member.mapping.field(name).natives if member and name in mapped else ()
            yield FieldChange(name, natives[0] if natives else name, change.get(WAS + name), sent)


def _outcome(operation: Mapping[str, Any]) -> str:
    told = _OUTCOMES.get(operation["state"], "")
    return ": ".join(part for part in (told, operation["reason"] if told else "") if part)
