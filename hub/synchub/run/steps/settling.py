"""Settling: before anything is read, every operation whose end an earlier run did not learn is settled by lookup. What went
to a system that can only be written, where twice is as good as once, is sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection

from synchub.api import CanLookup, Result, Row
from synchub.errors import SynchubError
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.merge.history import NO_ANSWER
from synchub.model import AS, OVER, TO, WAS
from synchub.read.stage import SOURCE, Staged
from synchub.record import bulk, intake, journal, known, reviews, tables
from synchub.run.steps.done import Done
from synchub.run.steps.doubles import alike, as_sent, can_be_found, seek
from synchub.run.steps.sending_again import found_as, keep_what_landed, record_found, send_once_more
from synchub.run.work import Part, Work

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
            part.down = f"{part.redact(problem.line)} What earlier runs left open there is not settled yet."


def opened(waiting: pl.DataFrame, part: Part) -> pl.DataFrame:
    """Operations with the columns they were planned with."""
    changes = [journal.changed(change) for change in waiting["change"].to_list()]
    columns = [prefix + name for name in part.mapping.outward_fields for prefix in (TO, AS, WAS, OVER)]
    opened = pl.DataFrame(
        {column: [change.get(column) for change in changes] for column in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    return waiting.drop("change", "state", "reason").hstack(opened)


def _settle_part(work: Work, part: Part, waiting: pl.DataFrame) -> None:
    if part.stream.write_only:
        _plan_anew(work, waiting, "its answer never came, so it is sent again")
        return
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
    """Creates that the system can't be asked about stay open: a full read shows whether they landed. Where events are only
    passed on nothing is read, so a person looks."""
    if creates.is_empty():
        return
    part.state = replace(part.state, cursor=None)
    if work.entity.name != "event" or part.member.direction != "out":
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
    missed: list[tuple[dict[str, Any], Row | None]] = []
    changed: list[tuple[str, dict[str, Any], Row]] = []
    for operation, row in verdicts:
        if operation["kind"] in ("delete", "archive"):
            (applied if row is None else missed).append((operation, row))
        elif row is None:
            missed.append((operation, row))
        else:
            verdict = _compare(part, operation, row)
            if verdict in ("sent", "before"):
                (applied if verdict == "sent" else missed).append((operation, row))
            else:
                changed.append((verdict, operation, row))
    record_found(work, part, waiting, [(o, found_as(o, r)) for o, r in applied], done)
    with work.store.write() as tx:
        for operation, _ in missed:
            _close(tx, waiting.filter(pl.col("id") == operation["id"]), journal.FAILED, "it was not applied")
        intake.soil(tx, pl.Series([operation["record"] for operation, _ in missed], dtype=pl.Int64))
    for verdict, operation, row in changed:
        settle = send_once_more if verdict == "third" else keep_what_landed
        settle(work, part, waiting.filter(pl.col("id") == operation["id"]), row, done)


def _compare(part: Part, operation: dict[str, Any], row: Row) -> str:
    """Whether a row holds what was sent, what was there before, a third value in any field, or the one here and the other
    there (`partly`)."""
    there = native_frame([row], part.mapping.natives)
    verdicts = set()
    for name in part.mapping.outward_fields:
        to = operation[TO + name]
        if to is None:
            continue
        target = operation.get(OVER + name) or part.mapping.native_target(name)
        texts = pl.Series([to, operation[WAS + name] or "", there[target][0] or ""])
        sent, before, now = part.mapping.comparable(name, texts).fill_null("").to_list()
        if now not in (sent, before):
            return "third"
        verdicts.add("sent" if now == sent else "before")
    return "partly" if len(verdicts) > 1 else next(iter(verdicts), "sent")


def _settle_creates(work: Work, part: Part, creates: pl.DataFrame, done: Done) -> None:
    """A create is looked for by the hub's id, else by its keys. What is found is linked as our write, not as claims."""
    pairs, rows = seek(work, part, creates)
    landed, lost, taken = _landed(work, part, creates, pairs, rows)
    asked = can_be_found(work, part, lost)
    _wait(work, part, lost.filter(~asked & ~taken))
    with work.store.read() as tx:
        over = _is_over(tx, part, lost, work.seams.micros())
    _plan_anew(work, lost.filter(taken | (asked & over)), "it was not applied")
    record_found(work, part, creates, landed, done)


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
        record_found(work, part, creates, landed, Done())


def _landed(
    work: Work, part: Part, creates: pl.DataFrame, pairs: pl.DataFrame, rows: Sequence[Row]
) -> tuple[list[tuple[dict[str, Any], Result]], pl.DataFrame, pl.Series]:
    """Creates whose row was found and belongs to nobody yet, with that row; the others; and which of those have a link."""
    found = dict(pairs.group_by("node").agg(pl.col("other").min()).iter_rows())
    named = remote_ids(native_frame(rows, list(part.mapping.keys)), part.mapping.keys)
    versions = native_frame(rows, [part.stream.version])[part.stream.version] if part.stream.version else None
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
            version = versions[found[place]] if versions is not None else None
            landed.append((operation, Result("ok", name, version, stored=rows[found[place]], reason=NO_ANSWER)))
            names.add(name)
    lost = creates.filter(pl.col("id").is_in(missed))
    return landed, lost, lost["record"].is_in(list(records))
