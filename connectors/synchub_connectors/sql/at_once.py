"""Many new rows at once: all of them, or none."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa
from sqlalchemy import exc

from .catalogue import Source
from .decide import Alike
from .faults import fault
from .statements import insert, tells_all
from .values import all_understood


def create_all(connection: sa.Connection, source: Source, table: sa.Table, rows: pl.DataFrame) -> pl.DataFrame | None:
    """The rows as stored, in the same order. None if one of them does not fit, or if the database doesn't tell all."""
    given = [name for name in rows.columns if rows[name].null_count() < rows.height]
    alike = _understood(source, table, rows.select(given))
    if alike is None or not given or not tells_all(connection, source, table):
        return None
    try:
        with connection.begin_nested() as attempt:
            made = insert(connection, source, table, alike, names=source.names)
            if len(made) != rows.height:
                attempt.rollback()
                return None
    except exc.DBAPIError as error:
        if fault(error) != "record":
            raise
        return None
    return pl.DataFrame(list(zip(*made, strict=True)), schema=dict.fromkeys(source.names, pl.String))


def _understood(source: Source, table: sa.Table, rows: pl.DataFrame) -> Alike | None:
    """The values, a column of them by its name; None if one does not fit its column, or is left to its default."""
    writable = source.writable
    values = {}
    for name in rows.columns:
        if name not in writable or (rows[name].null_count() and table.c[name].server_default is not None):
            return None
        values[name], unfit = all_understood(rows[name].to_list(), source.kinds[name], source.zone)
        if unfit:
            return None
    return Alike(range(rows.height), values)
