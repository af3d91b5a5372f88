"""Settling where single records can't be looked up: what was read tells which writes without an answer took effect."""

from __future__ import annotations

import polars as pl

from synchub.api import CanLookup, Result
from synchub.merge.hear import older
from synchub.model import AS, NATIVE, REMOTE, TO, UPDATED, VALUE
from synchub.read.stage import Staged
from synchub.record import bulk, intake, journal, tables
from synchub.run.steps.done import Done
from synchub.run.steps.recording import record
from synchub.run.steps.settling import opened
from synchub.run.work import Part, Work
from synchub.write.batch import answers


def settle_by_reading(work: Work, staged: dict[str, Staged]) -> None:
    """What was sent and is read there now is our own write: nobody claims it. Whatever else was sent is planned anew; of
    a member that could not be read, what was not seen stays open."""
    for part in work.parts:
        if isinstance(part.connector, CanLookup):
            continue
        with work.store.read() as tx:
            waiting = journal.open_operations(tx, [part.state.id]).filter(pl.col("kind") != "create")
        if not waiting.is_empty():
            _settle(work, part, opened(waiting, part), staged[part.name])


def _settle(work: Work, part: Part, waiting: pl.DataFrame, staged: Staged) -> None:
    waiting = _without_overtaken(work, waiting)
    sent = waiting.filter(pl.col("kind") == "update").unique(REMOTE, keep="last", maintain_order=True)
    rows, late = _shown(work, sent, staged)
    applied = sent.head(0) if rows.is_empty() else _applied(part, sent, rows)
    if applied.height:
        stored = applied.select("id", REMOTE).join(_stored(rows), on=REMOTE, how="left", maintain_order="left")
        told = answers(applied["id"].to_list(), [Result("ok", name) for name in applied[REMOTE].to_list()])
        record(work, part, applied, told, stored.drop(REMOTE), Done())
    seen = pl.lit(not part.down) | (pl.col(REMOTE).is_in(rows[REMOTE].implode()) if rows.height else pl.lit(False))
    # A read right after the write may be a late one: only the next one tells what did not take effect.
    tells = seen & ~pl.col(REMOTE).is_in(late.implode()) & (pl.col("run") < work.last_run)
    left = waiting.join(applied, on="id", how="anti").filter(tells)
    with work.store.write() as tx:
        journal.close(tx, left.select("id", state=pl.lit(journal.FAILED), reason=pl.lit("it was not applied")))
        intake.soil(tx, waiting["record"])


def _shown(work: Work, sent: pl.DataFrame, staged: Staged) -> tuple[pl.DataFrame, pl.Series]:
    """The rows that were read of those that were sent something; and the ids of others that are older than known, which tell
    nothing before they are read so again."""
    frames = [frame.join(sent.select(REMOTE), on=REMOTE, how="semi") for frame in staged.frames()]
    rows = pl.concat(frames, how="diagonal").unique(REMOTE, keep="last") if frames else pl.DataFrame()
    if rows.is_empty():
        return rows, pl.Series(REMOTE, [], dtype=pl.String)
    with work.store.read() as tx:
        columns = (REMOTE, "updated_at", "version", "stale_run")
        links = bulk.rows_of(tx, tables.link, "id", sent["link"].drop_nulls(), columns)
    known = links.select(REMOTE, "stale_run", known_updated_at="updated_at", known_version="version")
    both = rows.join(known, on=REMOTE, how="left", maintain_order="left")
    late = both.select(older(pl.col("known_updated_at")) & pl.col("stale_run").is_null()).to_series()
    return rows.filter(~late), rows.filter(late)[REMOTE]


def _without_overtaken(work: Work, waiting: pl.DataFrame) -> pl.DataFrame:
    """Without the fields that the same row was sent again since, and answered: what stands there now tells nothing of the
    first write. An update of which nothing is left is closed."""
    with work.store.read() as tx:
        columns = ("id", "link", "state", "change")
        sent = bulk.rows_of(tx, tables.operation, "link", waiting["link"].drop_nulls(), columns)
    later = sent.join(waiting.select("link", own="id"), on="link").filter(
        (pl.col("id") > pl.col("own")) & (pl.col("state") == journal.DONE)
    )
    since: dict[int, set[str]] = {}
    for own, change in later.select("own", "change").rows():
        since.setdefault(own, set()).update(journal.changed(change))
    if not since:
        return waiting
    names = [column.removeprefix(TO) for column in waiting.columns if column.startswith(TO)]
    again = {
        name: waiting["id"].is_in([own for own, changes in since.items() if TO + name in changes]) for name in names
    }
    left = waiting.with_columns(
        pl.when(again[name]).then(None).otherwise(prefix + name).alias(prefix + name)
        for name in names
        for prefix in (TO, AS)
    )
    nothing = left.select(pl.all_horizontal(pl.lit(True), *(pl.col(TO + name).is_null() for name in names))).to_series()
    over = nothing & waiting["id"].is_in(list(since)) & (waiting["kind"] == "update")
    with work.store.write() as tx:
        reason = pl.lit("what was sent there since has taken its place")
        journal.close(tx, waiting.filter(over).select("id", state=pl.lit(journal.FAILED), reason=reason))
    return left.filter(~over)


def _applied(part: Part, sent: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The operations of which any field is read as it was sent, with no other fields in them."""
    both = sent.join(rows.select(pl.exclude("link", "record", "version")), on=REMOTE, how="left", maintain_order="left")
    for name in [name for name in part.mapping.outward_fields if NATIVE + name in both.columns]:
        to, there = (part.mapping.comparable(name, both[prefix + name].fill_null("")) for prefix in (TO, NATIVE))
        same = both[TO + name].is_not_null() & both[NATIVE + name].is_not_null() & (to == there).fill_null(False)
        sent = sent.with_columns(pl.when(pl.lit(same)).then(prefix + name).alias(prefix + name) for prefix in (TO, AS))
    sent_fields = [pl.col(column).is_not_null() for column in sent.columns if column.startswith(TO)]
    return sent.filter(pl.any_horizontal(pl.lit(False), *sent_fields))


def _stored(rows: pl.DataFrame) -> pl.DataFrame:
    """What was read, as what is stored: n.*, v.*, stored_at."""
    said = [column for column in rows.columns if column.startswith((NATIVE, VALUE))]
    return rows.select(REMOTE, *said, "raw_hash", stored_at=UPDATED)
