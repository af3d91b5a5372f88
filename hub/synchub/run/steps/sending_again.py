"""Sending a write once more whose end is not known, and recording what was found in place of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from synchub.api import CanWrite, Result, Row
from synchub.mapping.native import native_frame
from synchub.mapping.plain import native_values
from synchub.merge.history import NO_ANSWER
from synchub.model import AS, NATIVE, OVER, TO, VALUE, WAS
from synchub.record import intake
from synchub.run.steps.done import Done
from synchub.run.steps.recording import record
from synchub.run.steps.stored import stored_of, told_or_looked_up
from synchub.run.work import Part, Work
from synchub.write.batch import answers, operations


def found_as(operation: dict[str, Any], row: Row | None) -> Result:
    """The answer that an operation would have had, by the row that is there now."""
    return Result("ok", operation["remote_id"], stored=row, reason=NO_ANSWER)


def record_found(
    work: Work, part: Part, waiting: pl.DataFrame, settled: list[tuple[dict[str, Any], Result]], done: Done
) -> None:
    """Record operations (`waiting`) as if they had been answered: `settled` has each with what was found."""
    if not settled:
        return
    numbers = [operation["id"] for operation, _ in settled]
    own = waiting.filter(pl.col("id").is_in(numbers)).sort("id")
    results = dict(zip(numbers, (result for _, result in settled), strict=True))
    ordered = [results[number] for number in own["id"].to_list()]
    asked = operations(own, part.stream, part.mapping.native_target, native_values, salt=work.salt)
    record(
        work,
        part,
        own,
        answers(own["id"].to_list(), ordered),
        stored_of(part, own, told_or_looked_up(part, own, asked, ordered)),
        done,
    )


def send_once_more(work: Work, part: Part, waiting: pl.DataFrame, row: Row, done: Done) -> None:
    """One write whose row (`row`) holds neither what was sent nor what was before: if what is there comes back it is the
    system's own form, otherwise it was somebody's edit. It is sent over the row as it is now: what landed, if anything did,
    has made another version of it."""
    if not isinstance(part.connector, CanWrite):
        return
    over = native_frame([row], [part.stream.version])[part.stream.version][0] if part.stream.version else None
    # Under its first idempotency key a system that knows it would only repeat its answer, and change nothing.
    anew = f"{work.salt}-again-{work.run}"
    as_it_is = waiting.with_columns(version=pl.lit(over, dtype=pl.String))
    asked = operations(as_it_is, part.stream, part.mapping.native_target, native_values, salt=anew)
    results = part.write(asked)
    there = native_frame([row], part.mapping.natives)
    if results[0].status == "conflict" and keep_what_landed(work, part, waiting, row, done):
        return
    stored = stored_of(part, waiting, told_or_looked_up(part, waiting, asked, results))
    record(work, part, waiting, answers(waiting["id"].to_list(), results), stored, done)
    meant = part.mapping.inward(there).frame
    edits = []
    for name, to, seen in () if stored.is_empty() or meant.is_empty() else _sent_and_there(part, waiting, there):
        if NATIVE + name not in stored.columns:
            continue
        others = pl.Series([waiting[WAS + name][0] or "", stored[NATIVE + name][0] or ""])
        if seen not in (to, *part.mapping.comparable(name, others).fill_null("")):
            native = there[_target(part, waiting, name)][0] or ""
            edits.append((waiting["link"][0], name, meant[VALUE + name][0] or "", native, waiting[AS + name][0]))
    _claim_edits(work, waiting, edits)


def keep_what_landed(work: Work, part: Part, waiting: pl.DataFrame, row: Row, done: Done) -> bool:
    """The row was changed since: what stands there as it was sent is our own write, and the next read tells what was
    edited. Returns whether there is any."""
    own = waiting
    fields = list(_sent_and_there(part, waiting, native_frame([row], part.mapping.natives)))
    for name, sent, seen in fields:
        if sent != seen:
            own = own.with_columns(pl.lit(None, dtype=pl.String).alias(prefix + name) for prefix in (TO, AS))
    if all(sent != seen for _, sent, seen in fields):
        return False
    found = own.to_dicts()[0]
    record_found(work, part, own, [(found, found_as(found, row))], done)
    with work.store.write() as tx:
        intake.soil(tx, own["record"])
    return True


def _sent_and_there(part: Part, waiting: pl.DataFrame, there: pl.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Of a write each field that was sent, as what it was sent and as what it is there, both comparable."""
    for name in part.mapping.outward_fields:
        if waiting[TO + name][0] is not None:
            texts = pl.Series([waiting[TO + name][0], there[_target(part, waiting, name)][0] or ""])
            sent, seen = part.mapping.comparable(name, texts).fill_null("")
            yield name, sent, seen


def _target(part: Part, waiting: pl.DataFrame, name: str) -> str:
    return waiting[OVER + name][0] or part.mapping.native_target(name)


def _claim_edits(work: Work, waiting: pl.DataFrame, edits: list[tuple[int, str, str, str, str]]) -> None:
    """A third value that did not come back was somebody's edit: it is their claim, made on what we had sent."""
    if not edits:
        return
    schema = {"link": pl.Int64, "field": pl.String, "value": pl.String, "native": pl.String, "base": pl.String}
    claims = pl.DataFrame(edits, schema=schema, orient="row").with_columns(
        record=pl.lit(None, dtype=pl.Int64), at=pl.lit(work.clock, dtype=pl.Int64), kind=pl.lit("claim")
    )
    with work.store.write() as tx:
        intake.add_claims(tx, claims, run=work.run)
        intake.soil(tx, waiting["record"])
