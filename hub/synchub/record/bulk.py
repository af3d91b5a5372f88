"""Frames in and out of the store: one statement a frame, whatever its height."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from itertools import chain
from typing import Any

import orjson
import polars as pl
from sqlalchemy import BigInteger, Column, Connection, CursorResult, MetaData, Select, Table
from sqlalchemy.sql.elements import TextClause

_CHUNK = 20_000
_AT_ONCE = 100
"""Rows that one statement puts in: SQLite takes a quarter less time for them than one after the other."""
_LISTED = 400
_SPANS = 16
_SCOPE = Table("scope", MetaData(), Column("id", BigInteger, primary_key=True))


def insert(tx: Connection, table: Table, frame: pl.DataFrame, *, ignore: bool = False) -> None:
    """Insert the rows of `frame`, whose columns are columns of `table`. `ignore` passes over rows already there."""
    if frame.is_empty():
        return
    if tx.dialect.name == "postgresql" and not ignore and frame.height > 50:
        _copy(tx, table.name, frame)
        return
    columns = ", ".join(frame.columns)
    clash = " ON CONFLICT DO NOTHING" if ignore else ""
    if tx.dialect.name == "postgresql" and frame.height > 50:
        _staged(tx, table, frame)
        tx.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM staged{clash}")
        return
    mark = _mark(tx)
    alike = {
        column.name: "NULL" if column[0] is None else str(column[0])
        for column in frame.get_columns()
        if frame.height > _LISTED and _is_one(column)
    }
    marks = ", ".join(alike.get(name, mark) for name in frame.columns)
    for part in frame.drop(alike).iter_slices(_CHUNK):
        rows = part.rows()
        whole = len(rows) - len(rows) % _AT_ONCE
        for some, height in ((rows[:whole], _AT_ONCE), (rows[whole:], 1)):
            if some:
                values = ", ".join([f"({marks})"] * height)
                several = [tuple(chain.from_iterable(some[at : at + height])) for at in range(0, len(some), height)]
                tx.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES {values}{clash}", several)


def _mark(tx: Connection) -> str:
    """What stands for a value in a statement that goes to the driver as it is."""
    return "%s" if tx.dialect.name == "postgresql" else "?"


def _is_one(column: pl.Series) -> bool:
    """Whether a column is one number, or nothing, throughout: then it stands in the statement, not in each row."""
    nothing = column.null_count()
    return nothing == len(column) or (nothing == 0 and column.dtype.is_integer() and bool(column.min() == column.max()))


def update(tx: Connection, table: Table, frame: pl.DataFrame, key: str = "id") -> None:
    """Set the columns of `frame` in the rows of `table` that its column `key` names."""
    if frame.is_empty():
        return
    columns = [column for column in frame.columns if column != key]
    if tx.dialect.name == "postgresql" and frame.height > 50:
        _staged(tx, table, frame)
        changes = ", ".join(f"{column} = staged.{column}" for column in columns)
        tx.exec_driver_sql(f"UPDATE {table.name} SET {changes} FROM staged WHERE {table.name}.{key} = staged.{key}")
        return
    mark = _mark(tx)
    changes = ", ".join(f"{column} = {mark}" for column in columns)
    statement = f"UPDATE {table.name} SET {changes} WHERE {key} = {mark}"
    for part in frame.select(*columns, key).iter_slices(_CHUNK):
        tx.exec_driver_sql(statement, part.rows())


def put(tx: Connection, table: Table, numbers: pl.Series, **values: int | None) -> None:
    """Give all rows of `table` with one of the ids the same values."""
    if numbers.is_empty():
        return
    changes = ", ".join(f"{name} = {'NULL' if value is None else int(value)}" for name, value in values.items())
    unlike = " OR ".join(
        f"{name} IS NOT NULL" if value is None else f"{name} IS NULL OR {name} <> {int(value)}"
        for name, value in values.items()
    )
    tx.exec_driver_sql(f"UPDATE {table.name} SET {changes} WHERE {among(tx, 'id', numbers)} AND ({unlike})")


def select(
    tx: Connection,
    query: Select[Any] | TextClause,
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
    **parameters: Any,
) -> pl.DataFrame:
    """The rows of a query as a frame of `schema`, in its order of columns."""
    return _frame(tx.execute(query, parameters), schema)


def _frame(result: CursorResult[Any], schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    with closing(result):
        cursor: Any = result.cursor  # the driver's own tuples: nothing in them is to be converted
        frames = [pl.DataFrame(cursor.fetchmany(_CHUNK), schema=schema, orient="row")]
        while frames[-1].height == _CHUNK:  # as tuples they take ten times the room
            frames.append(pl.DataFrame(cursor.fetchmany(_CHUNK), schema=schema, orient="row"))
        return pl.concat(frames) if len(frames) > 1 else frames[0]


def rows_of(
    tx: Connection, table: Table, column: str, wanted: Iterable[int], columns: Sequence[str] = (), **same: str | None
) -> pl.DataFrame:
    """All rows of `table` whose `column` is among the numbers `wanted`, and whose other columns are as `same` says: where an
    index begins with those, or is only of such rows, it is of no use to who doesn't ask for them. All of their columns, or
    those that are named."""
    schema = {name: kind for name, kind in schema_of(table).items() if not columns or name in columns}
    names = ", ".join(f"t.{name}" for name in schema)
    numbers = pl.Series(wanted, dtype=pl.Int64)
    if numbers.is_empty():
        return pl.DataFrame(schema=schema)
    mark = _mark(tx)
    only = "".join(f" AND t.{name} {'IS NULL' if value is None else f'= {mark}'}" for name, value in same.items())
    statement = f"SELECT {names} FROM {table.name} t WHERE {among(tx, f't.{column}', numbers)}{only}"
    return _frame(tx.exec_driver_sql(statement, tuple(value for value in same.values() if value is not None)), schema)


def rows_named(
    tx: Connection, statement: str, names: pl.Series, schema: Mapping[str, pl.DataType | type[pl.DataType]]
) -> pl.DataFrame:
    """The rows of a SELECT whose last column named is one of the texts; `statement` ends with that column's name."""
    listed = names.drop_nulls().unique().to_list()
    if not listed:
        return pl.DataFrame(schema=schema)
    if tx.dialect.name == "postgresql":
        return _frame(tx.exec_driver_sql(f"{statement} = ANY(%s::text[])", (listed,)), schema)
    told = orjson.dumps(listed).decode()
    return _frame(tx.exec_driver_sql(f"{statement} IN (SELECT value FROM json_each(?))", (told,)), schema)


def among(tx: Connection, column: str, numbers: pl.Series) -> str:
    """A condition that holds where `column` is one of the numbers. It is good until the next one is made. What it stands in
    goes to the driver as it is: SQLAlchemy would keep hundreds of such statements, and none is ever the same again."""
    distinct = numbers.unique().sort()
    if len(distinct) <= _LISTED:
        return f"{column} IN ({', '.join(map(str, distinct.to_list()))})"
    starts = distinct.filter(distinct.diff().fill_null(0) != 1)
    if len(starts) <= _SPANS:  # what was made at once was numbered in a row
        ends = distinct.filter(distinct.diff(-1).fill_null(0) != -1)
        return f"({' OR '.join(f'{column} BETWEEN {one} AND {last}' for one, last in zip(starts, ends, strict=True))})"
    _scope(tx, distinct)
    return f"{column} IN (SELECT id FROM scope)"


def _scope(tx: Connection, numbers: pl.Series) -> None:
    sqlite = tx.dialect.name == "sqlite"
    kind = "INTEGER" if sqlite else "BIGINT"  # in SQLite this one is no index of its own
    tx.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS scope (id {kind} PRIMARY KEY)")
    tx.exec_driver_sql("DELETE FROM scope")
    if sqlite:  # one text is a fifth of the time of one row after another
        listed = orjson.dumps(numbers.to_list()).decode()
        tx.exec_driver_sql("INSERT INTO scope SELECT value FROM json_each(?)", (listed,))
        return
    insert(tx, _SCOPE, pl.DataFrame({"id": numbers}))
    tx.exec_driver_sql("ANALYZE scope")


def schema_of(table: Table) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The frame schema of a table: numbers are Int64, texts are String."""
    return {column.name: pl.Int64 if isinstance(column.type, BigInteger) else pl.String for column in table.columns}


def _copy(tx: Connection, name: str, frame: pl.DataFrame) -> None:
    """PostgreSQL's COPY. CSV tells null (nothing) from the empty text (two quotes), which is what we need."""
    cursor = tx.connection.cursor()
    with cursor.copy(f"COPY {name} ({', '.join(frame.columns)}) FROM STDIN (FORMAT csv)") as copy:
        for part in frame.iter_slices(_CHUNK):
            buffer = io.BytesIO()
            part.write_csv(buffer, include_header=False, quote_style="non_numeric")
            copy.write(buffer.getvalue())


def _staged(tx: Connection, table: Table, frame: pl.DataFrame) -> None:
    columns = ", ".join(
        f"{name} {'BIGINT' if isinstance(table.c[name].type, BigInteger) else 'TEXT'}" for name in frame.columns
    )
    tx.exec_driver_sql("DROP TABLE IF EXISTS staged")
    tx.exec_driver_sql(f"CREATE TEMPORARY TABLE staged ({columns})")
    _copy(tx, "staged", frame)
