"""Runs, and the journal of every operation: written down before it is sent, its result as it lands."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection, select, text, update

from synchub.record import bulk, tables
from synchub.record.codec import opened
from synchub.record.store import take

OPEN, DONE, FAILED, REJECTED, DROPPED = "open", "done", "failed", "rejected", "dropped"
READING, WRITING = "running", "writing"
"""A run that breaks off while reading has stored nothing; one that breaks off later has less left to write."""


def begin(tx: Connection, *, sync: str, entity: str, kind: str, now: int, holder: str) -> int:
    """Start a run at `now`, its only clock; returns its number. What broke off before is closed: nothing of it goes on,
    so its clock doesn't either. Edits made since would all be taken for older than they are."""
    own = tables.run.c
    tx.execute(
        update(tables.run)
        .where(own.sync == sync, own.state.in_([READING, WRITING]))
        .values(state="interrupted", ended=now)
    )
    number = take(tx, "run", 1)
    values = {"id": number, "sync": sync, "entity": entity, "kind": kind, "started": now, "clock": now}
    tx.execute(tables.run.insert().values(**values, state=READING, holder=holder, summary="{}"))
    return number


def end(tx: Connection, run: int, *, state: str, now: int, summary: dict[str, Any]) -> None:
    """Close a run with what came of it."""
    tx.execute(
        update(tables.run)
        .where(tables.run.c.id == run)
        .values(state=state, ended=now, summary=orjson.dumps(summary, default=str).decode())
    )


def last_run(tx: Connection, sync: str, before: int) -> int:
    """The number of the run of this sync before run `before`; 0 if it is the first."""
    query = text("SELECT coalesce(max(id), 0) FROM run WHERE sync = :sync AND id < :before AND kind = 'sync'")
    return int(tx.execute(query, {"sync": sync, "before": before}).scalar_one())


def newest(tx: Connection, sync: str, *states: str) -> tuple[int, int, str] | None:
    """The last run of a sync, or the last that ended in one of `states`: number, when it began, state."""
    own = tables.run.c
    query = select(own.id, own.started, own.state).where(own.sync == sync, own.kind == "sync")
    if states:
        query = query.where(own.state.in_(states))
    row = tx.execute(query.order_by(own.id.desc()).limit(1)).first()
    return None if row is None else (row.id, row.started, row.state)


def has_run(tx: Connection, sync: str) -> bool:
    """Whether this sync ever came to its end."""
    query = text("SELECT 1 FROM run WHERE sync = :sync AND kind = 'sync' AND state IN ('done', 'incomplete') LIMIT 1")
    return tx.execute(query, {"sync": sync}).first() is not None


def write_down(tx: Connection, operations: pl.DataFrame) -> pl.DataFrame:
    """Journal operations as open. The frame has the table's columns but id and state; returns it with both."""
    first = take(tx, "operation", operations.height)
    numbered = operations.with_columns(
        id=pl.int_range(first, first + operations.height, dtype=pl.Int64), state=pl.lit(OPEN)
    )
    bulk.insert(tx, tables.operation, numbered)
    return numbered


def changed(change: str) -> dict[str, str | None]:
    """What an operation was to change: to.*, as.*, was.*, via.*. Stores of earlier versions have it as JSON."""
    return orjson.loads(change) if change.startswith("{") else opened(change)


def close(tx: Connection, results: pl.DataFrame) -> None:
    """Note what became of operations: id, state, reason, remote_id, link."""
    bulk.update(tx, tables.operation, results)


def close_made(tx: Connection, first: int, last: int, *, link: int) -> None:
    """Note that a whole batch of creates landed: operations `first` to `last`, their links numbered from `link` on."""
    tx.execute(
        text(
            "UPDATE operation SET state = :done, reason = '', link = operation.id + :offset, "
            "remote_id = (SELECT link.remote_id FROM link WHERE link.id = operation.id + :offset) "
            "WHERE operation.id BETWEEN :first AND :last"
        ),
        {"done": DONE, "offset": link - first, "first": first, "last": last},
    )


def open_operations(tx: Connection, members: list[int]) -> pl.DataFrame:
    """Operations of earlier runs whose end is not known."""
    own = tables.operation.c
    query = select(tables.operation).where(own.state == OPEN, own.member.in_(members)).order_by(own.id)
    return bulk.select(tx, query, bulk.schema_of(tables.operation))


def give_up(tx: Connection, member: int, record: int) -> None:
    """What a member refused of a record is no reason any more not to send it."""
    own = tables.operation.c
    refused = (own.member == member) & (own.record == record) & (own.state == REJECTED)
    tx.execute(update(tables.operation).where(refused).values(state=FAILED))


def of_run(tx: Connection, run: int) -> pl.DataFrame:
    """The journal of one run, in order."""
    query = select(tables.operation).where(tables.operation.c.run == run).order_by(tables.operation.c.id)
    return bulk.select(tx, query, bulk.schema_of(tables.operation))


def run_row(tx: Connection, run: int) -> dict[str, Any] | None:
    """One run, its summary opened."""
    row = tx.execute(select(tables.run).where(tables.run.c.id == run)).first()
    return None if row is None else _opened(row._mapping)


def runs(tx: Connection, sync: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Past runs, newest first."""
    query = select(tables.run).order_by(tables.run.c.id.desc()).limit(limit)
    if sync is not None:
        query = query.where(tables.run.c.sync == sync)
    return [_opened(row._mapping) for row in tx.execute(query)]


def _opened(row: Any) -> dict[str, Any]:
    return {**row, "summary": orjson.loads(row["summary"])}


def decided(tx: Connection, run: int) -> None:
    """The run has stored what it read and decided: from here on it only writes."""
    tx.execute(update(tables.run).where(tables.run.c.id == run).values(state=WRITING))
