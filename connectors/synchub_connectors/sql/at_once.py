"""Many new rows at once: all of them, or none."""

from __future__ import annotations

from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlalchemy import exc

from .catalogue import Source
from .decide import Alike
from .faults import fault
from .kinds import Kind
from .rows import copied
from .statements import insert, insert_arrays, tells_all
from .values import all_understood, array, spelled

_CERTAIN: Final = {
    "date": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "number": r"^-?\d{1,18}(\.\d{1,18})?$",
    "integer": r"^-?\d{1,18}$",
    "bool": r"^(true|false)$",
    "datetime": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$",
}
"""Texts that PostgreSQL understands as we do, or refuses. Of times that is so where the column knows of zones."""


def create_all(connection: sa.Connection, source: Source, table: sa.Table, rows: pl.DataFrame) -> pl.DataFrame | None:
    """The rows as stored, in the same order. None if one of them does not fit, or if the database doesn't tell all."""
    given = rows.select(name for name in rows.columns if rows[name].null_count() < rows.height)
    fits = all(name in source.writable and not _left_to_default(table, given[name]) for name in given.columns)
    if not given.width or not fits or not tells_all(connection, source, table):
        return None
    if source.database == "postgresql":
        return _by_arrays(connection, source, table, given)
    return _by_values(connection, source, table, given)


def _left_to_default(table: sa.Table, column: pl.Series) -> bool:
    return bool(column.null_count()) and table.c[column.name].server_default is not None


def _by_values(connection: sa.Connection, source: Source, table: sa.Table, rows: pl.DataFrame) -> pl.DataFrame | None:
    values = {}
    for name in rows.columns:
        values[name], unfit = all_understood(rows[name].to_list(), source.kinds[name], source.zone)
        if unfit:
            return None
    try:
        with connection.begin_nested() as attempt:
            made = insert(connection, source, table, Alike(range(rows.height), values), names=source.names)
            if len(made) != rows.height:
                attempt.rollback()
                return None
    except exc.DBAPIError as error:
        if fault(error) != "record":
            raise
        return None
    return pl.DataFrame(list(zip(*made, strict=True)), schema=dict.fromkeys(source.names, pl.String))


def _by_arrays(connection: sa.Connection, source: Source, table: sa.Table, rows: pl.DataFrame) -> pl.DataFrame | None:
    """One statement with an array a column, whose answer comes as text all in one: no value is touched on its way."""
    statement = insert_arrays(source, table, rows.columns)
    arrays = {}
    for place, name in enumerate(rows.columns):
        texts = _texts(rows[name], source.kinds[name], source)
        if texts is None:
            return None
        arrays[f"c{place}"] = array(texts)
    if statement is None:
        return None
    told = statement.returning(*source.texts(source.names)).compile(dialect=connection.dialect)
    attempt = connection.begin_nested()
    try:
        answer = list(copied(connection, str(told), source.names, {**told.params, **arrays}))
    except connection.dialect.dbapi.Error:  # type: ignore[union-attr]  # whose fault it is shows one by one
        attempt.rollback()
        return None
    made = pl.concat([pl.DataFrame(schema=dict.fromkeys(source.names, pl.String)), *answer])
    if made.height != rows.height:
        attempt.rollback()
        return None
    attempt.commit()
    return made


def _texts(column: pl.Series, kind: Kind, source: Source) -> list[str | None] | None:
    """A column as texts that PostgreSQL understands; None if one of them does not fit."""
    certain = None if kind.type == "datetime" and not kind.aware else _CERTAIN.get(kind.type)
    if certain is not None and column.str.contains(certain).all():
        return column.to_list()
    values, unfit = all_understood(column.to_list(), kind, source.zone)
    if unfit:
        return None
    return values if kind.plain else spelled(values, kind)
