"""Statements that go to a store, counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event


@contextmanager
def counted(tx: Connection) -> Iterator[list[str]]:
    """The statements that are sent to the store meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(tx, "before_cursor_execute", note)
    yield sent
    event.remove(tx, "before_cursor_execute", note)
