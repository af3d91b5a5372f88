"""Which records and events are to be looked at again, and by whom: every sync of an entity has a mark of its own.

The marks of a record or an event are the bits of one number, `dirty`. A sync takes only its own mark off: what it has
dealt with, another sync of the same entity has yet to see.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import polars as pl
from sqlalchemy import Connection, Table, select, text

from synchub.record import bulk, tables

_AT_ONCE = 50_000
"""Records that one statement changes: SQLite holds all pages in memory that a statement changes, as they were before."""
ALL = -1
"""Every bit: for every sync there is, or will be."""


def of_syncs(tx: Connection, entity: str, syncs: Sequence[str]) -> dict[str, int]:
    """The mark of each sync of an entity. One that was handed out is never given to another sync."""
    name, own = f"marks of {entity}", tables.meta.c
    stored = tx.execute(select(own.value).where(own.name == name)).scalar()
    known: list[str] = orjson.loads(stored) if stored else []
    listed = [*known, *(sync for sync in syncs if sync not in known)]
    if listed != known:
        values = {"name": name, "value": orjson.dumps(listed).decode()}
        put = "INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        tx.execute(text(put), values)
    return {sync: 1 << listed.index(sync) for sync in syncs}


def marked(tx: Connection, entity: str, mark: int) -> pl.Series:
    """The records of an entity that bear a mark, in order."""
    query = text(
        "SELECT id FROM record WHERE entity = :entity AND dirty <> 0 AND (dirty & :mark) <> 0 AND joined_into IS NULL ORDER BY id"
    )
    return bulk.select(tx, query, {"id": pl.Int64}, entity=entity, mark=mark)["id"]


def mark_all(tx: Connection, entity: str, mark: int) -> None:
    """Put a mark on all records and events of an entity."""
    for table in (tables.record, tables.event):
        statement = text(f"UPDATE {table.name} SET dirty = dirty | :mark WHERE entity = :entity")
        tx.execute(statement, {"entity": entity, "mark": mark})


def take_off(tx: Connection, records: pl.Series, others: int, table: Table = tables.record) -> None:
    """Leave only the marks `others` on records, or on events."""
    ordered = records.sort()
    for start in range(0, len(ordered), _AT_ONCE):
        some = bulk.among(tx, "id", ordered.slice(start, _AT_ONCE))
        tx.exec_driver_sql(f"UPDATE {table.name} SET dirty = dirty & {others:d} WHERE {some}")
