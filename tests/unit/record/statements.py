"""Statements that go to a store: counted, and how SQLite would find what they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

_LARGE = {"record", "link", "claim", "history", "operation", "event", "ident", "form"}
"""Tables that grow with the people in them, or with time."""
_SMALL_PART = "USING INDEX form_unconfirmed"
"""All of what is in an index that has few rows."""


@contextmanager
def counted(tx: Connection) -> Iterator[list[str]]:
    """The statements that are sent to the store meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(tx, "before_cursor_execute", note)
    yield sent
    event.remove(tx, "before_cursor_execute", note)


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

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)
