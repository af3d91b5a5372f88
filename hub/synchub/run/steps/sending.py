"""Sending a batch: written down first, then sent, all at once where the system can do that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from synchub.api import CanCreateAll, CanLookup, CanWrite, Operation, Result, Row
from synchub.errors import RetryLater
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.mapping.plain import native_values
from synchub.model import AS, NATIVE, OVER, TO, WAS
from synchub.plugins.guarded import guarded
from synchub.record import bulk, journal, tables
from synchub.record.codec import pack, prefixed, unpack
from synchub.run.steps.done import Done
from synchub.run.steps.meanwhile import still_due
from synchub.run.steps.stored import told_or_looked_up
from synchub.run.work import Part, Work
from synchub.write.batch import OPERATION, all_made, answers, operations


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch that was sent: its operations, what the system answered (see `answers`), the native rows as stored, as far
    as they are known (see `stored_frame`), and rows that it named in place of what it did not write."""

    sent: pl.DataFrame
    told: pl.DataFrame
    stored: pl.DataFrame
    found: Sequence[Row] = ()


def send(work: Work, part: Part, planned: pl.DataFrame, done: Done) -> Answered | None:
    if not isinstance(part.connector, CanWrite):
        raise RetryLater(f"The system {part.member.system} can't be written.")
    planned = still_due(work, part, planned, done)
    if planned.is_empty():
        return None
    written_down = _write_down(work, part, planned)
    work.seams.crash("journaled")
    landed = _all_at_once(part, written_down) or _one_by_one(work, part, written_down, done)
    work.seams.crash("sent")
    return landed


def _all_at_once(part: Part, written_down: pl.DataFrame) -> Answered | None:
    """A batch of nothing but creates by one call, where the system can do that: None if it was not done."""
    if not isinstance(part.connector, CanCreateAll) or (written_down["kind"] != "create").any():
        return None
    fields = [column.removeprefix(TO) for column in written_down.columns if column.startswith(TO)]
    rows = written_down.select(pl.col(TO + name).alias(part.mapping.native_target(name)) for name in fields)
    with guarded(part.name):
        made = part.connector.create_all(part.stream.name, rows)
    if made is None:
        return None
    stored = native_frame(made, list(dict.fromkeys([*part.mapping.natives, *part.stream.key])))
    if stored.height != rows.height:
        raise _uneven(part, stored.height, rows.height)
    names = remote_ids(stored, part.mapping.keys)
    numbers = written_down["id"].alias(OPERATION)
    return Answered(
        written_down, all_made(written_down["id"], names), stored.select(part.mapping.natives).insert_column(0, numbers)
    )


def _one_by_one(work: Work, part: Part, written_down: pl.DataFrame, done: Done) -> Answered:
    whole = _whole(work, part, written_down) if part.stream.write_only else written_down
    asked = operations(whole, part.stream, part.mapping.native_target, native_values, salt=work.salt)
    results = part.write(asked)
    if len(results) != len(asked):
        raise _uneven(part, len(results), len(asked))
    done.missing = done.missing or _missing(part, asked, results)
    return Answered(
        written_down,
        answers(written_down["id"].to_list(), results),
        told_or_looked_up(part, written_down, asked, results),
        [result.stored for result in results if result.status == "conflict" and result.stored and result.remote_id],
    )


def _whole(work: Work, part: Part, written_down: pl.DataFrame) -> pl.DataFrame:
    """Updates with all that their rows are known to hold: there is nobody who could add what does not change."""
    fields = [column.removeprefix(TO) for column in written_down.columns if column.startswith(TO)]
    with work.store.read() as tx:
        links = bulk.rows_of(tx, tables.link, "id", written_down["link"].drop_nulls(), ("id", "said", "held"))
    held = unpack(links.select(pl.coalesce("held", "said")).to_series(), prefixed((NATIVE,), fields))
    known = links.select(link="id").hstack(held)
    both = written_down.join(known, on="link", how="left", maintain_order="left")
    filled = [
        pl.when(pl.col("kind") == "update").then(pl.coalesce(column, NATIVE + name)).otherwise(column).alias(column)
        for name in fields
        for column in (TO + name, WAS + name)
    ]
    return both.with_columns(filled).select(written_down.columns)


def _uneven(part: Part, told: int, asked: int) -> RetryLater:
    return RetryLater(
        f"The connector of {part.member.system} gave {told} results for {asked} operations.",
        not_done="What it wrote is looked up by the next run.",
    )


def _missing(part: Part, asked: Sequence[Operation], results: Sequence[Result]) -> bool:
    """Whether any of the rows that could not be written, and of which nothing was told, is not there any more."""
    names = [
        operation.remote_id
        for operation, result in zip(asked, results, strict=True)
        if operation.remote_id is not None and result.status == "conflict" and result.stored is None
    ]
    if not names or not isinstance(part.connector, CanLookup):
        return bool(names)
    return not set(names) <= set(part.present(names))


def _write_down(work: Work, part: Part, planned: pl.DataFrame) -> pl.DataFrame:
    """Journal the batch; returns it with the operations' numbers."""
    said = [column for column in planned.columns if column.startswith((TO, AS, WAS, OVER))]
    with work.store.write() as tx:
        noted = journal.write_down(
            tx,
            planned.select(
                "record",
                "link",
                "remote_id",
                "kind",
                "version",
                run=pl.lit(work.run, dtype=pl.Int64),
                member=pl.lit(part.state.id, dtype=pl.Int64),
                at=pl.lit(work.seams.micros(), dtype=pl.Int64),
                change=pack(planned, said),
            ),
        )
    return planned.with_columns(noted["id"])
