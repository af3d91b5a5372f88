"""Settling: before anything is read, every operation whose end an earlier run did not learn is settled by lookup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection

from synchub.api import CanLookup, CanWrite, Result, Row
from synchub.errors import SynchubError
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.mapping.plain import native_values
from synchub.model import AS, NATIVE, OVER, TO, VALUE, WAS
from synchub.plugins.guarded import guarded
from synchub.read.stage import SOURCE, Staged
from synchub.record import bulk, intake, journal, known, reviews, tables
from synchub.run.steps.done import Done
from synchub.run.steps.doubles import alike, as_sent, can_be_found, seek
from synchub.run.steps.recording import record
from synchub.run.steps.stored import stored_of, told_or_looked_up
from synchub.run.work import Part, Work
from synchub.write.batch import answers, operations

UNANSWERED = "unanswered"


def settle(work: Work) -> None:
    """Settle what is open of every member. A member that can't be asked takes no part in this run; one that takes none
    anyway is not asked."""
    for part in work.parts:
        if part.down:
            continue
        with work.store.read() as tx:
            waiting = journal.open_operations(tx, [part.state.id])
        if waiting.is_empty():
            continue
        try:
            _settle_part(work, part, opened(waiting, part))
        except SynchubError as problem:
            part.down = f"{problem.line} What earlier runs left open there is not settled yet."


def opened(waiting: pl.DataFrame, part: Part) -> pl.DataFrame:
    """Operations with the columns they were planned with."""
    changes = [orjson.loads(change) for change in waiting["change"].to_list()]
    columns = [prefix + name for name in part.mapping.outward_fields for prefix in (TO, AS, WAS, OVER)]
    opened = pl.DataFrame(
        {column: [change.get(column) for change in changes] for column in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    return waiting.drop("change").hstack(opened)


def _settle_part(work: Work, part: Part, waiting: pl.DataFrame) -> None:
    if not isinstance(part.connector, CanLookup):  # whatever else is open is settled by what is read
        _wait(work, part, waiting.filter(pl.col("kind") == "create"))
        return
    creates = waiting.filter(pl.col("kind") == "create")
    others = waiting.filter(pl.col("kind") != "create")
    found = part.present(others["remote_id"].drop_nulls().to_list())
    done = Done()
    verdicts: list[tuple[dict[str, Any], Row | None]] = []
    for operation in others.to_dicts():
        verdicts.append((operation, found.get(operation["remote_id"])))
    _settle_changes(work, part, waiting, verdicts, done)
    _settle_creates(work, part, creates, done)


def _wait(work: Work, part: Part, creates: pl.DataFrame) -> None:
    """Creates that the system can't be asked about stay open: a full read shows whether they landed. What is only passed on
    is never read, so a person looks."""
    if creates.is_empty():
        return
    part.state = replace(part.state, cursor=None)
    if work.entity.name != "event":
        return
    with work.store.write() as tx:
        asked = creates.select(
            "record",
            system=pl.lit(part.member.system),
            operation="id",
            subject=pl.format("{}:{}", pl.lit(part.state.id), "record"),
        )
        reviews.ask(tx, work.entity.name, UNANSWERED, asked, run=work.run)
        _close(tx, creates, journal.FAILED, "the answer never came, and the system can't be asked")


def _plan_anew(work: Work, lost: pl.DataFrame, reason: str) -> None:
    with work.store.write() as tx:
        _close(tx, lost, journal.FAILED, reason)
        intake.soil(tx, lost["record"])


def conclude(tx: Connection, work: Work, part: Part) -> None:
    """A full read has shown which of the creates that still wait for their answer landed; the others are planned anew. One
    that was sent so late that the read need not show it yet goes on waiting."""
    if not part.complete or part.down:
        return
    waiting = journal.open_operations(tx, [part.state.id]).filter(pl.col("kind") == "create")
    if waiting.is_empty():
        return
    links = known.links_of(tx, waiting["record"]).filter((pl.col("member") == part.state.id) & pl.col("tomb").is_null())
    shown = waiting.select("id", "record").join(links.select("record", "remote_id", link="id"), on="record")
    lost = waiting.join(links, on="record", how="anti")
    lost = lost.filter(_is_over(tx, part, lost, work.clock))
    landed = shown.unique("id", keep="first", maintain_order=True).drop("record")
    journal.close(
        tx, landed.with_columns(state=pl.lit(journal.DONE), reason=pl.lit("a full read showed that it landed"))
    )
    _close(tx, lost, journal.FAILED, "it was not applied")
    intake.soil(tx, lost["record"])


def _is_over(tx: Connection, part: Part, creates: pl.DataFrame, now: int) -> pl.Series:
    """Whether what was written would be seen by now. When it was sent is not known, only when it was written down, which may
    be long before; but no later than its run ended, or was found to have broken off."""
    runs = bulk.rows_of(tx, tables.run, "id", creates["run"]).select("ended", run="id")
    sent = creates.join(runs, on="run", how="left", maintain_order="left")
    return sent.select(pl.max_horizontal("at", "ended") + int(part.stream.lag * 1_000_000) <= now).to_series()


def _close(tx: Any, operations_frame: pl.DataFrame, state: str, reason: str) -> None:
    journal.close(tx, operations_frame.select("id", state=pl.lit(state), reason=pl.lit(reason)))


def _settle_changes(
    work: Work, part: Part, waiting: pl.DataFrame, verdicts: list[tuple[dict[str, Any], Row | None]], done: Done
) -> None:
    """Equal to what was sent: confirmed. Equal to before: not applied. A third value: sent once more; if the same comes
    back it is the system's own form, otherwise it was somebody's edit."""
    applied: list[tuple[dict[str, Any], Row | None]] = []
    again: list[tuple[dict[str, Any], Row | None]] = []
    missed: list[tuple[dict[str, Any], Row | None]] = []
    for operation, row in verdicts:
        if operation["kind"] in ("delete", "archive"):
            (applied if row is None else missed).append((operation, row))
        elif row is None:
            missed.append((operation, row))
        else:
            {"sent": applied, "before": missed, "third": again}[_compare(part, operation, row)].append((operation, row))
    _record(work, part, waiting, [(o, _confirmed(o, r)) for o, r in applied], done)
    with work.store.write() as tx:
        for operation, _ in missed:
            _close(tx, waiting.filter(pl.col("id") == operation["id"]), journal.FAILED, "it was not applied")
        intake.soil(tx, pl.Series([operation["record"] for operation, _ in missed], dtype=pl.Int64))
    for operation, row in again:
        _send_once_more(work, part, waiting.filter(pl.col("id") == operation["id"]), row, done)


def _confirmed(operation: dict[str, Any], row: Row | None) -> Result:
    return Result("ok", operation["remote_id"], stored=row)


def _compare(part: Part, operation: dict[str, Any], row: Row | None) -> str:
    """Whether a row holds what was sent, what was there before, or a third value in any field."""
    there = native_frame([row], part.mapping.natives) if row is not None else None
    verdict = "sent"
    for name in part.mapping.outward_fields:
        to = operation[TO + name]
        if to is None or there is None:
            continue
        target = operation.get(OVER + name) or part.mapping.native_target(name)
        texts = pl.Series([to, operation[WAS + name] or "", there[target][0] or ""])
        sent, before, now = part.mapping.comparable(name, texts).fill_null("").to_list()
        if now == sent:
            continue
        if now != before:
            return "third"
        verdict = "before"
    return verdict


def _send_once_more(work: Work, part: Part, waiting: pl.DataFrame, row: Row | None, done: Done) -> None:
    if not isinstance(part.connector, CanWrite):
        return
    # Under its first idempotency key a system that knows it would only repeat its answer, and change nothing.
    anew = f"{work.salt}-again-{work.run}"
    asked = operations(waiting, part.stream, part.mapping.native_target, native_values, salt=anew)
    with guarded(part.name):
        results = part.connector.write(part.stream.name, asked)
    stored = stored_of(part, waiting, told_or_looked_up(part, waiting, asked, results))
    third = native_frame([row], part.mapping.natives) if row is not None else None
    record(work, part, waiting, answers(waiting["id"].to_list(), results), stored, done)
    if third is None or stored.is_empty():
        return
    meant = part.mapping.inward(third).frame
    edits = []
    for name in part.mapping.outward_fields:
        sent = waiting[TO + name][0]
        if sent is None or NATIVE + name not in stored.columns:
            continue
        target = waiting[OVER + name][0] or part.mapping.native_target(name)
        texts = pl.Series([sent, waiting[WAS + name][0] or "", third[target][0] or "", stored[NATIVE + name][0] or ""])
        to, before, seen, now = part.mapping.comparable(name, texts).fill_null("").to_list()
        if seen not in (to, before, now) and not meant.is_empty():
            edits.append((waiting["link"][0], name, meant[VALUE + name][0] or "", texts[2], waiting[AS + name][0]))
    _claim_edits(work, waiting, edits)


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


def _settle_creates(work: Work, part: Part, creates: pl.DataFrame, done: Done) -> None:
    """A create is looked for by the hub's id, else by its keys. What is found is linked as our write, not as claims."""
    pairs, rows = seek(work, part, creates)
    landed, lost, taken = _landed(work, part, creates, pairs, rows)
    asked = can_be_found(work, part, lost)
    _wait(work, part, lost.filter(~asked & ~taken))
    with work.store.read() as tx:
        over = _is_over(tx, part, lost, work.seams.micros())
    _plan_anew(work, lost.filter(taken | (asked & over)), "it was not applied")
    _record(work, part, creates, landed, done)


def link_shown(work: Work, staged: Mapping[str, Staged]) -> None:
    """Creates that still wait for their answer, and whose rows were read by now, are linked in the same way."""
    for part in work.parts:
        with work.store.read() as tx:
            waiting = journal.open_operations(tx, [part.state.id]).filter(pl.col("kind") == "create")
        if waiting.is_empty() or part.down:
            continue
        frames = [frame[SOURCE].drop_nulls() for frame in staged[part.name].frames()]
        rows = [orjson.loads(row) for unknown in frames for row in unknown.to_list()]
        creates = opened(waiting, part)
        pairs = pl.concat([found(work, part, creates, rows) for found in (alike, as_sent)])
        landed, _, _ = _landed(work, part, creates, pairs, rows)
        _record(work, part, creates, landed, Done())


def _landed(
    work: Work, part: Part, creates: pl.DataFrame, pairs: pl.DataFrame, rows: Sequence[Row]
) -> tuple[list[tuple[dict[str, Any], Result]], pl.DataFrame, pl.Series]:
    """Creates whose row was found and belongs to nobody yet, with that row; the others; and which of those have a link."""
    found = dict(pairs.group_by("node").agg(pl.col("other").min()).iter_rows())
    named = remote_ids(native_frame(rows, list(part.mapping.keys)), part.mapping.keys)
    with work.store.read() as tx:
        names = set(known.rows_named(tx, part.state.id, named)["remote_id"].to_list())
        links = known.links_of(tx, creates["record"])
    own = (pl.col("member") == part.state.id) & pl.col("tomb").is_null()
    records = set(links.filter(own)["record"].to_list())
    landed, missed = [], []
    for place, operation in enumerate(creates.to_dicts()):
        name = named[found[place]] if place in found else None
        if name is None or name in names or operation["record"] in records:
            missed.append(operation["id"])
        else:
            landed.append((operation, Result("ok", name, stored=rows[found[place]])))
            names.add(name)
    lost = creates.filter(pl.col("id").is_in(missed))
    return landed, lost, lost["record"].is_in(list(records))


def _record(
    work: Work, part: Part, waiting: pl.DataFrame, settled: list[tuple[dict[str, Any], Result]], done: Done
) -> None:
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
