"""Rows read: a whole stream page by page, or single records by their keys."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY

from .catalogue import Source
from .values import all_spelled, all_understood, bound

PAGE = 20_000
"""Rows a page, about."""
PAGE_BYTES = 4 * 1024 * 1024
QUESTIONS = 5_000
"""Keys looked up by one statement."""

Texts = dict[str, str | None]
"""A row as native text."""


def frames(connection: sa.Connection, statement: Any, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of a select of texts, as frames. Memory is bounded by the page."""
    if connection.dialect.name == "postgresql":
        dialect: Any = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        query = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        yield from copied(connection, str(query), names)
        return
    schema = dict.fromkeys(names, pl.String)
    result = connection.execution_options(stream_results=True, yield_per=PAGE).execute(statement)
    for rows in result.partitions(PAGE):
        yield pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def copied(
    connection: sa.Connection, query: str, names: Sequence[str], given: Mapping[str, Any] | None = None
) -> Iterator[pl.DataFrame]:
    """The texts that a query of PostgreSQL returns, as frames with columns of these names; `given` are its parameters, if
    it has any. COPY is several times as fast as rows."""
    schema = dict.fromkeys(names, pl.String)
    for data in _pieces(connection, query, given):
        yield pl.read_csv(io.BytesIO(data), has_header=False, schema=schema, infer_schema=False)


def _pieces(connection: sa.Connection, query: str, given: Mapping[str, Any] | None) -> Iterator[bytes]:
    """The rows as CSV. Every value but null stands in quotes: no text looks like it."""
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", given) as copy,
    ):
        held: list[bytes] = []
        size = 0
        for block in copy:
            held.append(bytes(block))
            size += len(block)
            if size >= PAGE_BYTES:
                yield b"".join(held)
                held, size = [], 0
        if held:
            yield b"".join(held)


def by_values(
    connection: sa.Connection,
    source: Source,
    columns: Sequence[str],
    wanted: Iterable[Sequence[Any]],
    *,
    lock: bool = False,
) -> Iterator[Texts]:
    """The rows whose `columns` equal one of the wanted tuples of native text. What can't be in such a column
    is no error: no row has it. `lock` keeps others from changing the rows until the transaction ends."""
    sought = _typed(source, columns, wanted)
    for start in range(0, len(sought), QUESTIONS):
        some = sought[start : start + QUESTIONS]
        statement = sa.select(*source.texts(source.names)).where(_is_one_of(source, columns, some))
        if lock:
            statement = statement.with_for_update()
        names = source.names
        for row in connection.execute(statement).all():
            yield dict(zip(names, row, strict=True))


def by_text(connection: sa.Connection, source: Source, column: str, values: Sequence[str]) -> Iterator[Texts]:
    """The rows whose text column equals one of the values, whether in upper or in lower case."""
    sought = iter(sorted({value.lower() for value in values}))
    while some := list(islice(sought, QUESTIONS)):
        same = sa.func.lower(source.columns[column]).in_(some)
        for row in connection.execute(sa.select(*source.texts(source.names)).where(same)):
            yield dict(zip(source.names, row, strict=True))


def _typed(source: Source, columns: Sequence[str], wanted: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    parts = list(zip(*wanted, strict=True))
    fitting: list[list[Any]] = []
    lacking: set[int] = set()
    for column, values in zip(columns, parts, strict=False):
        kind = source.kinds[column]
        found, unfit = all_understood(values, kind, source.zone)
        fitting.append([bound(value, kind) for value in found] if kind.database == "sqlite" else found)
        lacking |= unfit.keys()
    return [row for place, row in enumerate(zip(*fitting, strict=True)) if place not in lacking]


def _is_one_of(source: Source, columns: Sequence[str], values: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    kind = source.kinds[columns[0]]
    if len(columns) == 1 and source.database == "postgresql" and not isinstance(kind.sql, sa.types.NullType):
        # One parameter, not thousands; unnested, since a computed array is searched from end to end.
        texts = sa.literal(all_spelled([value for (value,) in values], kind), sa.Text)
        keys = sa.func.unnest(sa.cast(texts, ARRAY(sa.Text))).table_valued("key").render_derived()
        return source.columns[columns[0]].in_(sa.select(sa.cast(sa.type_coerce(keys.c.key, sa.Text), kind.sql)))
    if len(columns) == 1:
        return source.columns[columns[0]].in_([value for (value,) in values])
    return sa.tuple_(*(source.columns[column] for column in columns)).in_(values)
