"""Storing what was read and decided: links, claims, held, records. Every function takes the transaction it works in."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.model import NATIVE, VALUE, VIA
from synchub.model.heard import Heard
from synchub.record import bulk, known, marks, tables
from synchub.record.codec import pack
from synchub.record.store import take


def packed_held(frame: pl.DataFrame) -> pl.Series:
    """The held pairs of a frame as stored: its columns n.*, v.*, w.*."""
    return pack(frame, [column for column in frame.columns if column[:2] in (NATIVE, VALUE, VIA)])


def store_heard(tx: Connection, heard: Heard, *, run: int) -> None:
    """Store what known links said: one statement a kind, whatever the number of rows."""
    bulk.update(tx, tables.link, heard.links.rename({"link": "id"}))
    if not heard.held.is_empty():
        bulk.update(tx, tables.link, heard.held.select(id="link", held=packed_held(heard.held)))
    add_claims(tx, heard.claims, run=run)
    add_history(tx, heard.history, run=run)
    forget_forms(tx, heard.confirmed, "unconfirmed")
    if not heard.own_form.is_empty():
        put_forms(tx, heard.own_form.with_columns(state=pl.lit("own"), count=pl.lit(1)), run=run)


def add_claims(tx: Connection, claims: pl.DataFrame, *, run: int) -> None:
    """Claims in a settled order, so that the same reading always gives the same numbers."""
    if claims.is_empty():
        return
    first = take(tx, "claim", claims.height)
    columns = [
        column for column in bulk.schema_of(tables.claim) if column in claims.columns and column not in ("seq", "run")
    ]
    linked = claims.with_columns(record=pl.when(pl.col("link").is_null()).then("record").otherwise(None))
    bulk.insert(
        tx,
        tables.claim,
        linked.sort("link", "field").select(
            *columns, seq=pl.int_range(first, first + claims.height, dtype=pl.Int64), run=pl.lit(run, dtype=pl.Int64)
        ),
    )


def add_history(tx: Connection, seen: pl.DataFrame, *, run: int) -> None:
    """Values that are neither claims nor held: link, field, value, reason."""
    if seen.is_empty():
        return
    first = take(tx, "history", seen.height)
    numbered = seen.with_columns(
        pl.col("value").fill_null(""), id=pl.int_range(first, first + seen.height, dtype=pl.Int64), run=pl.lit(run)
    )
    bulk.insert(tx, tables.history, numbered)


def put_forms(tx: Connection, forms: pl.DataFrame, *, run: int) -> None:
    """Remember how systems treat what they are sent: link, field, state, golden, native, count."""
    for (state,), part in forms.group_by("state"):
        forget_forms(tx, part.select("link", "field"), str(state))
    bulk.insert(
        tx,
        tables.form,
        forms.select("link", "field", "state", "golden", "native", "count").with_columns(run=pl.lit(run)),
    )


def forget_forms(tx: Connection, pairs: pl.DataFrame, state: str) -> None:
    """Forget what was remembered of (link, field) pairs."""
    statement = text("DELETE FROM form WHERE link = :link AND field = :field AND state = :state")
    if not pairs.is_empty():
        tx.execute(statement, [{"link": link, "field": field, "state": state} for link, field in pairs.rows()])


def forget_own_forms(tx: Connection, member: int, fields: list[str]) -> None:
    """What a member made of values, or refused, that it was sent by another mapping, tells nothing any more."""
    statement = text(
        "DELETE FROM form WHERE field = :field AND state = 'own' "
        "AND link IN (SELECT id FROM link WHERE member = :member)"
    )
    tx.execute(statement, [{"field": field, "member": member} for field in fields])


def new_record(tx: Connection, entity: str, *, run: int) -> int:
    """Make an empty record; returns its number."""
    number = take(tx, "record", 1)
    add_records(tx, known.fresh(pl.Series([number]), entity, (), run=run))
    return number


def add_records(tx: Connection, records: pl.DataFrame) -> None:
    """Store records that are new: rows of the table."""
    bulk.insert(tx, tables.record, records)


def new_links(tx: Connection, rows: pl.DataFrame, *, member: int, run: int, clock: int) -> pl.DataFrame:
    """Link rows at first contact: remote_id, record, raw_hash, updated_at, version, n.*, v.*, w.*, d.*.

    Returns remote_id, link, record. Blank values are no claims and are not stored.
    """
    first, seq = take(tx, "link", rows.height), take(tx, "claim", rows.height)
    values = [column for column in rows.columns if column[:2] in (NATIVE, VALUE, VIA)]
    doubts = [column for column in rows.columns if column.startswith("d.")]
    said = rows.select(
        "remote_id",  # there may be nothing that is said
        *(pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in values),
        *(pl.when(pl.col(column)).then(pl.lit("true")).alias(column) for column in doubts),
    )
    links = rows.select(
        "record",
        "remote_id",
        "raw_hash",
        "updated_at",
        "version",
        id=pl.int_range(first, first + rows.height, dtype=pl.Int64),
        member=pl.lit(member, dtype=pl.Int64),
        made=pl.lit(0),
        seen_at=pl.lit(clock, dtype=pl.Int64),
        first_at=pl.when(pl.col("updated_at").is_not_null()).then(pl.min_horizontal("updated_at", pl.lit(clock))),
        first_run=pl.lit(run, dtype=pl.Int64),
        first_seq=pl.int_range(seq, seq + rows.height, dtype=pl.Int64),
        said=pack(said, [*values, *doubts]),
    )
    bulk.insert(tx, tables.link, links)
    return links.select("remote_id", link="id", record="record")


def revive(tx: Connection, links: pl.Series) -> None:
    """Links whose rows are there again."""
    bulk.put(tx, tables.link, links, tomb=None)


def bury(tx: Connection, links: pl.Series, *, run: int) -> None:
    """Tombstone links whose rows are gone. They keep their claims."""
    bulk.put(tx, tables.link, links, tomb=run)


def doubt(tx: Connection, links: pl.Series, *, run: int) -> None:
    """Links whose rows are not what is known of them: the next run looks at them, whatever its cursor shows."""
    bulk.put(tx, tables.link, links, stale_run=run)


def soil(tx: Connection, records: pl.Series) -> None:
    """Mark records that are to be looked at by the next run of every sync."""
    bulk.put(tx, tables.record, records, dirty=marks.ALL)


def store_golden(tx: Connection, golden: pl.DataFrame) -> None:
    """Store golden values: record, and a column a field."""
    fields = [column for column in golden.columns if column != "record"]
    bulk.update(tx, tables.record, golden.select(id="record", golden=pack(golden, fields)))


def add_idents(tx: Connection, found: pl.DataFrame) -> None:
    """Remember under which keys records can be found: hash, record."""
    bulk.insert(tx, tables.ident, found.select("hash", "record").unique().sort("hash", "record"), ignore=True)


def withdraw_delete(tx: Connection, records: pl.Series) -> None:
    """The records are not deleted after all."""
    bulk.put(tx, tables.record, records, deleted_run=None)


def note_deleted(tx: Connection, records: pl.Series, *, run: int) -> None:
    """The last live link of a system on these records is gone."""
    bulk.put(tx, tables.record, records, deleted_run=run)


def void_claims(tx: Connection, records: pl.Series, *, before: int) -> None:
    """Claims older than `before` count no more on these records, opt-outs excepted."""
    bulk.put(tx, tables.record, records, void_before=before)
