"""Writes that a system could not take for now: when each is tried again, and when it waits for a person instead."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, select

from synchub.record import bulk, reviews, tables

WRITE = "write"
"""The kind of such a row among what is set aside."""
_MINUTE = 60 * 1_000_000
PAUSES = (0, 0, 15, 30, 60, 120, 240, 480, 960)
"""Minutes to wait after each try that failed. After the last one a person has to say that it is worth another."""


def set_aside(tx: Connection, member: int, failed: pl.DataFrame, *, run: int, now: int) -> None:
    """Put off what was not taken: record, kind, reason, raw (what was to be sent, as JSON)."""
    if failed.is_empty():
        return
    rows = failed.select(
        remote_id=pl.col("record").cast(pl.String),
        member=pl.lit(member, dtype=pl.Int64),
        kind=pl.lit(WRITE),
        field=pl.lit(None, dtype=pl.String),
        value=pl.lit(None, dtype=pl.String),
        reason="reason",
        cause=pl.format("{} not taken: {}", "kind", "reason"),
        raw="raw",
        idents=pl.lit(""),
    )
    reviews.set_aside(tx, rows.unique("remote_id", keep="last", maintain_order=True), run=run)
    own = tables.aside.c
    query = select(own.id, own.tries, own.remote_id).where(own.member == member, own.kind == WRITE)
    tried = bulk.select(tx, query, {"id": pl.Int64, "tries": pl.Int64, "remote_id": pl.String})
    again = tried.join(rows.select("remote_id"), on="remote_id", how="semi")
    pauses = {tries: minutes * _MINUTE for tries, minutes in enumerate(PAUSES, start=1)}
    at = pl.col("tries").replace_strict(pauses, default=None, return_dtype=pl.Int64) + now
    bulk.update(tx, tables.aside, again.select("id", retry_at=at))


def put_off(tx: Connection, member: int, now: int) -> pl.Series:
    """The records that a member is not to be written for now."""
    waiting = reviews.asides(tx, member, (WRITE,), ("open", "discarded"))
    later = waiting.filter(pl.col("retry_at").is_null() | (pl.col("retry_at") > now) | (pl.col("state") == "discarded"))
    return later["remote_id"].cast(pl.Int64)


def taken(tx: Connection, member: int, records: pl.Series) -> None:
    """What was not taken before was taken now."""
    reviews.take_back(tx, member, [records.cast(pl.String)], (WRITE,))
