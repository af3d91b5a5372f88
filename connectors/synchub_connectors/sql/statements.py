"""The three statements that change a table. Each takes changes of the same columns and returns what names
their rows afterwards, in the same order: an insert the rows, the others their remote ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, types
from sqlalchemy.dialects.postgresql import ARRAY

from .catalogue import Source
from .decide import Alike, Change, key_parts, key_text
from .values import all_spelled, bound, native_text, understood

_CHANGED_LATER = sa.text(
    """SELECT EXISTS (
           SELECT FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN (
               SELECT CAST(:name AS regclass)
               UNION SELECT relid FROM pg_partition_tree(CAST(:name AS regclass)))
       ) OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = CAST(:name AS regclass))"""
)
_SQLITE_TRIGGERS = sa.text(
    "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name COLLATE NOCASE"
)


def insert(
    connection: sa.Connection, source: Source, table: sa.Table, alike: Alike, *, names: Sequence[str]
) -> list[Sequence[str | None]]:
    """Of each new row the columns of these names, in their order; but only the key if the database can't say more."""
    columns = tuple(alike.values)
    statement = insert_arrays(source, table, columns) if source.database == "postgresql" else None
    if statement is not None:
        arrays = {
            f"c{place}": all_spelled(alike.values[column], source.kinds[column]) for place, column in enumerate(columns)
        }
        return list(connection.execute(statement.returning(*source.texts(names)), arrays).all())
    if source.database == "sqlite" and columns and connection.dialect.insert_executemany_returning:
        return _insert_each(connection, source, table, alike, names=names)
    rows = [_bound(source, row) for row in alike.rows()]
    if connection.dialect.insert_executemany_returning:
        plain = sa.insert(table).returning(*source.texts(names), sort_by_parameter_order=True)
        return list(connection.execute(plain, rows).all())
    return [_insert_one(connection, source, table, row) for row in rows]


def _insert_each(
    connection: sa.Connection, source: Source, table: sa.Table, alike: Alike, *, names: Sequence[str]
) -> list[Sequence[str | None]]:
    """Row by row, by the driver itself: SQLite is no server, and to ask it once for many rows costs ten times as much."""
    marks: dict[str, sa.ColumnElement[Any]] = {
        column: sa.literal_column(f"?{place}") for place, column in enumerate(alike.values, 1)
    }
    statement = str(sa.insert(table).values(marks).returning(*source.texts(names)).compile(dialect=connection.dialect))
    columns = [[bound(value, source.kinds[column]) for value in values] for column, values in alike.values.items()]
    driver: Any = connection.dialect.dbapi
    cursor = connection.connection.cursor()
    try:
        made = [cursor.execute(statement, row).fetchone() for row in zip(*columns, strict=True)]
    except driver.Error as error:
        raise exc.DBAPIError.instance(None, None, error, driver.Error, True, dialect=connection.dialect) from error
    finally:
        cursor.close()
    return [row for row in made if row is not None]


def tells_all(connection: sa.Connection, source: Source, table: sa.Table) -> bool:
    """Whether what INSERT … RETURNING says of a row is all that becomes of it. Triggers and rules may change
    the row afterwards."""
    if not connection.dialect.insert_executemany_returning:
        return False
    if source.database == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        return not connection.execute(_CHANGED_LATER, {"name": name}).scalar()
    if any(column.computed is not None for column in table.c):
        return False
    if source.database == "sqlite":
        return not connection.execute(_SQLITE_TRIGGERS, {"name": table.name}).scalar()
    return True  # a trigger of MariaDB can't change its own table after the insert


def _insert_one(
    connection: sa.Connection, source: Source, table: sa.Table, row: Mapping[str, Any]
) -> Sequence[str | None]:
    made = connection.execute(sa.insert(table).values(row)).inserted_primary_key
    keys = dict(zip((column.name for column in table.primary_key), made or (), strict=False))
    return [native_text((keys | dict(row)).get(name)) for name in source.key]


def update(connection: sa.Connection, source: Source, table: sa.Table, changes: Sequence[Change]) -> list[str]:
    columns = tuple(changes[0].values)
    at_once = update_arrays(source, table, columns) if source.database == "postgresql" else None
    if at_once is not None:
        connection.execute(at_once, _arrays(source, columns, changes))
        return [_name_after(source, change) for change in changes]
    keys, where = _where(source, table)
    values = {column: f"value_of_{place}__" for place, column in enumerate(columns)}
    statement = sa.update(table).where(where).values({c: sa.bindparam(name) for c, name in values.items()})
    rows = []
    for change in changes:
        row = _bound(source, change.values)
        rows.append(_key(source, keys, change) | {name: row[column] for column, name in values.items()})
    connection.execute(statement, rows)
    return [_name_after(source, change) for change in changes]


def delete(connection: sa.Connection, source: Source, table: sa.Table, changes: Sequence[Change]) -> list[str]:
    keys, where = _where(source, table)
    connection.execute(sa.delete(table).where(where), [_key(source, keys, change) for change in changes])
    return [change.remote_id or "" for change in changes]


def insert_arrays(source: Source, table: sa.Table, columns: Sequence[str]) -> sa.Insert | None:
    """INSERT … SELECT from one array of texts a column: three times as fast as a list of VALUES, and it keeps
    the order. None if PostgreSQL has to be asked to find the type of a column by itself."""
    if not columns or any(isinstance(source.kinds[column].sql, types.NullType) for column in columns):
        return None
    names = [f"c{place}" for place in range(len(columns))]
    arrays = [sa.cast(sa.bindparam(name, type_=sa.Text), ARRAY(sa.Text)) for name in names]
    rows = sa.func.unnest(*arrays).table_valued(*names, with_ordinality="place", name="r").render_derived()
    values = [
        sa.cast(sa.type_coerce(rows.c[name], sa.Text), source.kinds[column].sql)
        for name, column in zip(names, columns, strict=True)
    ]
    selected = sa.select(*values).order_by(rows.c.place)
    return sa.insert(table).from_select(list(columns), selected)


def update_arrays(source: Source, table: sa.Table, columns: Sequence[str]) -> sa.Update | None:
    """UPDATE … FROM one array of texts a column, those of the key first: one statement, however many rows. None as in
    `insert_arrays`."""
    listed = [*source.key, *columns]
    if any(isinstance(source.kinds[column].sql, types.NullType) for column in listed):
        return None
    names = [f"c{place}" for place in range(len(listed))]
    arrays = [sa.cast(sa.bindparam(name, type_=sa.Text), ARRAY(sa.Text)) for name in names]
    rows = sa.func.unnest(*arrays).table_valued(*names, name="r").render_derived()
    values = [
        sa.cast(sa.type_coerce(rows.c[name], sa.Text), source.kinds[column].sql)
        for name, column in zip(names, listed, strict=True)
    ]
    same = [table.c[column] == value for column, value in zip(source.key, values, strict=False)]
    return sa.update(table).where(*same).values(dict(zip(columns, values[len(source.key) :], strict=True)))


def _arrays(source: Source, columns: Sequence[str], changes: Sequence[Change]) -> dict[str, str]:
    """The parameters of `update_arrays`."""
    keys = zip(*(key_parts(change.remote_id or "", source.key) or () for change in changes), strict=True)
    named = [
        all_spelled([understood(part, source.kinds[column], source.zone) for part in parts], source.kinds[column])
        for column, parts in zip(source.key, keys, strict=True)
    ]
    given = [all_spelled([change.values[column] for change in changes], source.kinds[column]) for column in columns]
    return {f"c{place}": texts for place, texts in enumerate([*named, *given])}


def _bound(source: Source, values: Mapping[str, Any]) -> dict[str, Any]:
    return {column: bound(value, source.kinds[column]) for column, value in values.items()}


def _where(source: Source, table: sa.Table) -> tuple[tuple[str, ...], sa.ColumnElement[bool]]:
    """The condition that names one row, and the names of its parameters."""
    keys = tuple(f"key_of_{place}__" for place in range(len(source.key)))
    same = [table.c[column] == sa.bindparam(name) for column, name in zip(source.key, keys, strict=True)]
    return keys, sa.and_(*same)


def _key(source: Source, keys: Sequence[str], change: Change) -> dict[str, Any]:
    parts = key_parts(change.remote_id or "", source.key) or ()
    return {
        name: bound(understood(part, source.kinds[column], source.zone), source.kinds[column])
        for name, column, part in zip(keys, source.key, parts, strict=True)
    }


def _name_after(source: Source, change: Change) -> str:
    """The remote id after an update, which may change the key."""
    parts = key_parts(change.remote_id or "", source.key) or ()
    row = dict(zip(source.key, parts, strict=True))
    row |= {column: native_text(change.values[column]) for column in source.key if column in change.values}
    return key_text(row, source.key)
