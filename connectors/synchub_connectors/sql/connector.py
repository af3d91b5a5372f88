"""The SQL connector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import ClassVar
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa
from pydantic import BaseModel

from synchub.api import (
    ArrowStream,
    ConfigurationError,
    Connector,
    Cursor,
    Host,
    Key,
    Operation,
    Page,
    Result,
    Row,
    Stream,
)

from .at_once import create_all
from .catalogue import Catalogue, Source
from .cursors import is_reached, latest, mark_of, next_mark, since
from .decide import key_parts
from .rows import Texts, by_text, by_values, frames
from .server import open_engine, reading, writing
from .settings import SqlSettings
from .writing import write


class Sql(Connector):
    """Tables and views of a database, and named queries. Rows are native text.

    A table with a primary key, or a unique one that is never null, can be written. Everything that a call
    writes is one transaction, committed before the call returns.
    """

    Config: ClassVar[type[BaseModel]] = SqlSettings

    def __init__(self, config: SqlSettings, host: Host) -> None:
        self._settings, self._host = config, host
        self._catalogue = Catalogue(config, ZoneInfo(host.timezone))
        url = config.url.get_secret_value()
        self._engine = open_engine(url, folder=host.folder, connect_timeout=config.connect_timeout)

    def check(self) -> None:
        """Connect, and run every named query for no rows."""
        with reading(self._engine) as connection:
            connection.execute(sa.select(1))
            for stream in (*self._settings.queries, *self._settings.cursors):
                self._source(connection, stream)

    def streams(self) -> Sequence[Stream]:
        with reading(self._engine) as connection:
            return [source.stream for source in self._catalogue.sources(connection)]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """All rows as they are at one moment; with a cursor only those that changed at its value or later. If no row has
        its value or a later one, it says nothing, and all are read."""
        with reading(self._engine) as connection:
            source = self._source(connection, stream)
            column = self._settings.cursors.get(stream)
            wanted = {*fields, *source.key, column} if fields else set(source.names)
            names = tuple(name for name in source.names if name in wanted)
            statement = sa.select(*source.texts(names))
            before = mark_of(cursor, column)
            if before is not None and not is_reached(connection, source, before):
                before = None
            if before is not None:
                statement = statement.where(since(source, before))
            mark = None
            if column is not None:
                mark = next_mark(before, column, latest(connection, source, column), self._host.now())
            for frame in frames(connection, statement, names):
                yield Page(rows=frame, fields=names)
        yield Page(rows=[], fields=names, cursor=asdict(mark) if mark else None, complete=before is None)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        """Rows by any column. For text, upper and lower case are the same; the key has to be exact."""
        found: dict[tuple[str | None, ...], Texts] = {}
        with reading(self._engine) as connection:
            source = self._source(connection, stream)
            for row in _answers(connection, source, keys):
                found[tuple(row.values())] = row
        return list(found.values())

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        """Write in one transaction. A row that the database refuses stops no other."""
        with writing(self._engine) as connection:
            source = self._source(connection, stream)
            return write(connection, source, _table(source), operations)

    def create_all(self, stream: str, rows: ArrowStream) -> ArrowStream | None:
        """New rows by few statements, in one transaction."""
        with writing(self._engine) as connection:
            source = self._source(connection, stream)
            return create_all(connection, source, _table(source), pl.DataFrame(rows))

    def close(self) -> None:
        self._engine.dispose()

    def _source(self, connection: sa.Connection, stream: str) -> Source:
        source = self._catalogue.source(connection, stream)
        column = self._settings.cursors.get(stream)
        if column is not None and column not in source.kinds:
            raise ConfigurationError(
                f"{stream} has no column {column!r}, which cursors names.",
                next_step=f"Its columns are: {', '.join(source.names)}.",
            )
        return source


def _table(source: Source) -> sa.Table:
    if source.table is None:
        raise ConfigurationError(
            f"{source.name} can only be read: it is a view or a query, or a table without a unique key.",
            not_done="Nothing was written to it.",
            next_step='Give the table a primary key, or set direction = "in" for this member.',
        )
    return source.table


def _answers(connection: sa.Connection, source: Source, keys: Sequence[Key]) -> Iterator[Texts]:
    asked: dict[str, list[str]] = {}
    for key in keys:
        asked.setdefault(key.field, []).append(key.value)
    for name, values in asked.items():
        columns = (name,) if name in source.kinds else tuple(name.split(","))
        if not set(columns) <= set(source.kinds):
            continue
        if len(columns) == 1 and columns != source.key and source.kinds[name].type == "text":
            yield from by_text(connection, source, name, values)
        else:
            parts = (found for value in values if (found := key_parts(value, columns)))
            yield from by_values(connection, source, columns, parts)
