"""Reading on from a cursor: a column of which higher values mean later changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from synchub.api import Cursor

from .catalogue import Source
from .kinds import as_text
from .values import Unfit, native_text, understood

OVERLAP = timedelta(minutes=1)
"""Read again before the last value of a cursor that is a time: rows committed late bear an earlier one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a read has come.

    column   the cursor column
    after    its highest value, as native text; None while no row has any
    seen     when that was the highest value for the first time, as ISO text
    settled  a read a minute or more after that found no higher one: what was being committed then has been read
    """

    column: str
    after: str | None
    seen: str
    settled: bool = False


def mark_of(cursor: Cursor | None, column: str | None) -> Mark | None:
    """The mark of an earlier read, if it is one of this column and has a value."""
    if not cursor or column is None or cursor.get("column") != column or not cursor.get("after"):
        return None
    return Mark(column, str(cursor["after"]), str(cursor.get("seen") or ""), cursor.get("settled") is True)


def next_mark(before: Mark | None, column: str, after: str | None, now: datetime) -> Mark:
    """How far a read has come that found `after` as the highest value, and went on from `before`, if that is given."""
    if before is None or after not in (None, before.after):
        return Mark(column, after, now.isoformat())
    return Mark(column, before.after, before.seen or now.isoformat(), before.settled or _is_over(before.seen, now))


def _is_over(seen: str, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(seen) >= OVERLAP
    except (ValueError, TypeError):
        return False


def since(source: Source, mark: Mark) -> sa.ColumnElement[bool]:
    """The condition for rows that changed at the mark's value or later, and for those that don't say."""
    try:
        edge = _edge(source, mark, back=timedelta() if mark.settled else OVERLAP)
    except Unfit:
        return sa.true()  # the column has changed its type: read everything
    return sa.or_(source.columns[mark.column] >= edge, source.columns[mark.column].is_(None))


def is_reached(connection: sa.Connection, source: Source, mark: Mark) -> bool:
    """Whether any row has come as far as the mark. If none has, the table was restored, or a wrong value was put right:
    what changed since can't be told by it."""
    try:
        edge = _edge(source, mark)
    except Unfit:
        return False
    some = sa.select(sa.exists().where(source.columns[mark.column] >= edge))
    return bool(connection.execute(some).scalar())


def latest(connection: sa.Connection, source: Source, column: str) -> str | None:
    """The highest value of a column, as native text."""
    highest = sa.select(sa.func.max(source.columns[column]).label("latest")).subquery()
    return connection.execute(sa.select(as_text(highest.c.latest, source.kinds[column]))).scalar()


def _edge(source: Source, mark: Mark, *, back: timedelta = timedelta()) -> Any:
    """A value of a cursor column to compare with; a time `back` before it, where rows may be committed late."""
    kind = source.kinds[mark.column]
    after = str(mark.after)
    value = understood(after, kind, source.zone)
    if isinstance(value, datetime) and kind.database != "sqlite":
        value -= back
    if kind.database == "postgresql":
        return sa.cast(sa.literal(native_text(value), sa.Text), kind.sql)
    return sa.literal(after if kind.database == "sqlite" else value, sa.types.NullType())
