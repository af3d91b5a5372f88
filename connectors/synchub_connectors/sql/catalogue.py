"""What a database offers: its tables, views and named queries as streams."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc, types

from synchub.api import ConfigurationError, Field, Stream

from .kinds import Kind, as_text, kind_of
from .settings import SqlSettings

BATCH = 20_000


@dataclass(frozen=True)
class Source:
    """A stream and where it comes from.

    table    None for what can only be read            database  "postgresql", "mysql" or "sqlite"
    uniques  sets of columns that no two rows share    zone      that of times without one
    """

    name: str
    columns: Mapping[str, sa.ColumnElement[Any]]
    kinds: Mapping[str, Kind]
    key: tuple[str, ...]
    table: sa.Table | None
    stream: Stream
    database: str
    zone: ZoneInfo
    uniques: tuple[tuple[str, ...], ...] = ()

    def texts(self, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
        """The columns as native text, under their own names."""
        return [as_text(self.columns[name], self.kinds[name]).label(name) for name in names]

    @property
    def writable(self) -> frozenset[str]:
        """The columns that the database does not compute itself."""
        return frozenset(field.name for field in self.stream.fields if field.writable)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.kinds)


class Catalogue:
    """The streams of one database, looked up when asked for and then kept."""

    def __init__(self, settings: SqlSettings, zone: ZoneInfo) -> None:
        self._settings = settings
        self._zone = zone
        self._known: dict[str, Source] = {}

    def source(self, connection: sa.Connection, stream: str) -> Source:
        """The source of a stream. Raises ConfigurationError, with the nearest name, if there is none."""
        if stream not in self._known:
            if stream in self._settings.queries:
                self._known[stream] = self._query(connection, stream)
            else:
                table = _reflected(connection, stream, self._settings.schema_)
                self._known[stream] = self._source(connection, table, stream)
        return self._known[stream]

    def sources(self, connection: sa.Connection) -> list[Source]:
        """Every table, view and named query: read at once, not table by table."""
        for schema, prefix in _schemas(connection, self._settings.schema_):
            metadata = sa.MetaData()
            with _without_noise():
                metadata.reflect(connection, schema=schema, views=True, resolve_fks=False)
            for table in metadata.tables.values():
                name = f"{prefix}{table.name}"
                self._known.setdefault(name, self._source(connection, table, name))
        for name in self._settings.queries:
            self.source(connection, name)
        return [self._known[name] for name in sorted(self._known)]

    def _source(self, connection: sa.Connection, table: sa.Table, name: str) -> Source:
        database = connection.dialect.name
        kinds = {column.name: kind for column in table.c if (kind := kind_of(column.type, database))}
        uniques = _uniques(connection, table, kinds)
        key = next((columns for columns, never_null in uniques if never_null), ())
        fields = tuple(_field(column, kinds[column.name]) for column in table.c if column.name in kinds)
        stream = Stream(
            name=name,
            fields=fields,
            key=key,
            matching_keys=tuple(kinds),
            incremental=name in self._settings.cursors,
            writes=frozenset({"create", "update", "delete"}) if key else frozenset(),
            batch=BATCH,
            checks_before=bool(key),
        )
        if database == "sqlite":
            _untyped(table)
        return Source(
            name,
            dict(table.c),
            kinds,
            key,
            table if key else None,
            stream,
            database,
            self._zone,
            tuple(columns for columns, _ in uniques),
        )

    def _query(self, connection: sa.Connection, name: str) -> Source:
        text = self._settings.queries[name].replace(":", "\\:")
        # The line feed ends a comment at the end of the query.
        probe = sa.text(f"SELECT * FROM ({text}\n) AS q WHERE 1 = 0")
        names = tuple(connection.execute(probe).keys())
        twice = sorted({column for column in names if names.count(column) > 1})
        if twice:
            raise ConfigurationError(
                f"Query {name!r} has more than one column named {', '.join(twice)}.",
                next_step="Give each a name of its own with AS.",
            )
        query = sa.text(f"SELECT * FROM ({text}\n) AS q").columns(*(sa.column(column) for column in names))
        columns = dict(query.subquery("q").c)
        unknown = Kind("text", types.NullType(), connection.dialect.name)
        stream = Stream(
            name=name,
            fields=tuple(Field(column, writable=False) for column in names),
            key=(),
            matching_keys=names,
            incremental=name in self._settings.cursors,
        )
        kinds = dict.fromkeys(names, unknown)
        return Source(name, columns, kinds, (), None, stream, connection.dialect.name, self._zone)


def _reflected(connection: sa.Connection, stream: str, schema: str | None) -> sa.Table:
    tried = [(stream, schema)]
    if "." in stream:
        tried.append((stream.partition(".")[2], stream.partition(".")[0]))
    for name, where in tried:
        try:
            with _without_noise():
                return sa.Table(name, sa.MetaData(), schema=where, autoload_with=connection, resolve_fks=False)
        except exc.NoSuchTableError:
            continue
    names = [
        f"{prefix}{name}"
        for where, prefix in _schemas(connection, schema)
        for name in (
            *sa.inspect(connection).get_table_names(where),
            *sa.inspect(connection).get_view_names(where),
        )
    ]
    near = get_close_matches(stream, names, n=1)
    raise ConfigurationError(
        f"The database {connection.engine.url.database} has no table, view or query {stream!r}.",
        next_step=f"Did you mean {near[0]!r}?" if near else "`synchub streams` lists what it has.",
    )


def _schemas(connection: sa.Connection, schema: str | None) -> Iterator[tuple[str | None, str]]:
    """Every schema with tables of the user's, and what stands before the names of its streams."""
    yield schema, ""
    if schema is None and connection.dialect.name == "postgresql":
        default = sa.inspect(connection).default_schema_name
        for other in sa.inspect(connection).get_schema_names():
            if other not in (default, "information_schema") and not other.startswith("pg_"):
                yield other, f"{other}."


def _uniques(
    connection: sa.Connection, table: sa.Table, kinds: Mapping[str, Kind]
) -> list[tuple[tuple[str, ...], bool]]:
    """The sets of columns that no two rows share, the primary key first; and whether they are never null."""
    if connection.dialect.name == "sqlite":
        sets = _sqlite_uniques(connection, table)
    else:
        constraints: list[Any] = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
        whole = [index for index in table.indexes if index.unique and _is_whole(index)]
        sets = [tuple(each.columns) for each in sorted((*constraints, *whole), key=lambda each: str(each.name))]
    found = [(tuple(table.primary_key.columns), True)]
    found += [(columns, not any(column.nullable for column in columns)) for columns in sets]
    return [
        (tuple(column.name for column in columns), never_null)
        for columns, never_null in found
        if columns and all(column.name in kinds for column in columns)
    ]


def _is_whole(index: sa.Index) -> bool:
    """Whether an index is of columns only, not of expressions, and of all rows, not of some."""
    only_some = index.dialect_kwargs.get("postgresql_where")
    return only_some is None and len(index.expressions) == len(index.columns)


def _sqlite_uniques(connection: sa.Connection, table: sa.Table) -> list[tuple[sa.Column[Any], ...]]:
    """SQLAlchemy finds those of SQLite by the text of CREATE TABLE, and not all."""
    found: dict[str, list[str | None]] = {}
    pragma = sa.text(
        """SELECT l.name, i.name FROM pragma_index_list(:table) l, pragma_index_info(l.name) i
           WHERE l."unique" AND NOT l.partial AND l.origin <> 'pk' ORDER BY l.name, i.seqno"""
    )
    for index, column in connection.execute(pragma, {"table": table.name}):
        found.setdefault(index, []).append(column)
    return [tuple(table.c[name] for name in names if name) for names in found.values() if all(names)]


def _field(column: sa.Column[Any], kind: Kind) -> Field:
    given = column.server_default is not None or column.identity is not None
    counted = column.primary_key and column.table.autoincrement_column is column
    return Field(
        column.name,
        kind.type,
        writable=column.computed is None and not (column.identity is not None and column.identity.always),
        required=not column.nullable and not given and not counted,
        options=kind.options,
    )


def _untyped(table: sa.Table) -> None:
    """SQLAlchemy reads and writes dates, times and numbers of SQLite in forms of its own; others use
    others."""
    for column in table.c:
        if not isinstance(column.type, types.Integer | types.String) or isinstance(column.type, types.Enum):
            column.type = types.NullType()
        if column.primary_key:
            column.nullable = False


@contextmanager
def _without_noise() -> Iterator[None]:
    """A type or an index that SQLAlchemy doesn't know is no concern of the user's: it is read as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)
        yield
