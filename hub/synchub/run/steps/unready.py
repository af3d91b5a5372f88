"""What of a member is not to be written for now, because nobody can tell what stands there: rows in quarantine, rows that were
older than known, rows whose id may be somebody else's, and records that such a row could be."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from synchub.model import REMOTE
from synchub.plan.withheld import ASIDE, LATER, REUSED, STALE, UNKNOWN, UNREAD
from synchub.record import bulk, journal, retries, tables
from synchub.record.reviews import GONE, OPEN
from synchub.run.work import Part


@dataclass(frozen=True, slots=True)
class Unready:
    """Of one member: `records` for which nothing is made there, with the reason: record, reason; the remote ids of rows in
    quarantine, and of reused ones; `put_off`: records that the system did not take, to be tried again later."""

    records: pl.DataFrame
    quarantined: pl.Series
    reused: pl.Series
    put_off: pl.Series

    def mark(self, links: pl.DataFrame, run: int) -> pl.DataFrame:
        """Links with the columns doubt and unread, as planning takes them. `links`: rows of the table link."""
        return links.with_columns(
            doubt=pl.when(pl.col(REMOTE).is_in(self.reused.implode()))
            .then(pl.lit(REUSED))
            .when(pl.col("stale_run") == run)
            .then(pl.lit(STALE)),
            unread=pl.when(pl.col(REMOTE).is_in(self.quarantined.implode()))
            .then(pl.lit(UNREAD))
            .when(pl.col("record").is_in(self.put_off.implode()))
            .then(pl.lit(LATER)),
        )


def unready(tx: Connection, part: Part, now: int) -> Unready:
    """What this member is not to be written for now."""
    same_mapping = part.mapping_before == part.mapping.fingerprint
    later = retries.put_off(tx, part.state.id, now) if same_mapping else pl.Series("record", [], dtype=pl.Int64)
    query = text("SELECT remote_id, kind, state, idents FROM aside WHERE member = :member")
    schema = {REMOTE: pl.String, "kind": pl.String, "state": pl.String, "idents": pl.String}
    aside = bulk.select(tx, query, schema, member=part.state.id)
    open_ = aside.filter(pl.col("state").is_in(["open", "retry"]) & (pl.col("idents") != ""))
    hashes = open_["idents"].str.split(",").explode().drop_nulls().cast(pl.Int64)
    own = tables.review.c
    asked = tx.execute(
        tables.review.select().where(
            own.entity == part.state.entity,
            own.kind == "reused",
            own.state == OPEN,
            own.subject.startswith(f"{part.state.id}:"),
        )
    )
    return Unready(
        _blocked(tx, part, bulk.rows_of(tx, tables.ident, "hash", hashes.unique())["record"], later),
        aside.filter((pl.col("kind") == "quarantine") & (pl.col("state") != GONE))[REMOTE],
        pl.Series(REMOTE, [row.subject.partition(":")[2] for row in asked], dtype=pl.String),
        later,
    )


def _blocked(tx: Connection, part: Part, could_be: pl.Series, later: pl.Series) -> pl.DataFrame:
    """Records for which nothing is made: a row set aside could be it, or a create was sent and nobody knows whether it landed."""
    sent = journal.open_operations(tx, [part.state.id]).filter(pl.col("kind") == "create")
    if sent.is_empty() and could_be.is_empty() and later.is_empty():
        return pl.DataFrame(schema={"record": pl.Int64, "reason": pl.String})
    return pl.concat(
        [
            sent.select("record", reason=pl.lit(UNKNOWN)),
            pl.DataFrame({"record": later}).with_columns(reason=pl.lit(LATER)),
            pl.DataFrame({"record": could_be}, schema={"record": pl.Int64}).with_columns(reason=pl.lit(ASIDE)),
        ]
    ).unique("record", keep="first", maintain_order=True)
