"""Statements that go to a store: counted, and how SQLite would find what they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

_LARGE = {"record", "link", "claim", "history", "operation", "event", "ident", "form"}
"""Tables that grow with the people in them, or with time."""
_SMALL_PART = "USING INDEX form_unconfirmed"
"""All of what is in an index that has few rows."""


@contextmanager
def told_of_each(place: Connection | type[Engine], note: Callable[..., None]) -> Iterator[None]:
    """`note` is called with each statement before it is sent, and with what comes with it."""
    event.listen(place, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(place, "before_cursor_execute", note)


@contextmanager
def counted(place: Connection | type[Engine]) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, to one store or to any; one that is sent with many rows is one."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    with told_of_each(place, note):
        yield sent


@contextmanager
def reading_whole_tables() -> Iterator[list[str]]:
    """The statements, sent to any SQLite meanwhile, that read a large table from its beginning to its end, or an index of it."""
    found: list[str] = []

    def note(connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if not re.match("SELECT|INSERT|UPDATE|DELETE|WITH", statement) or statement.endswith("LIMIT 1"):
            return
        cursor = connection.connection.dbapi_connection.cursor()
        plan = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given[0] if many else given or ()).fetchall()
        scans = [match[1] for *_, step in plan if _SMALL_PART not in step and (match := re.match(r"SCAN (\w+)", step))]
        if any(name in _LARGE or re.search(rf"\b({'|'.join(_LARGE)}) (AS )?{name}\b", statement) for name in scans):
            found.append(statement)

    with told_of_each(Engine, note):
        yield found
