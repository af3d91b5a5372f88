"""A scene of the sql connector: a table of SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from synchub.api import Row
from synchub.testing.conformance import Scene, Skipped
from synchub_connectors.sql.connector import Sql


class Table(Scene):
    """A table of people with a number, a unique address and the time of the last change."""

    connector = Sql
    stream = "people"
    mapping: ClassVar[Mapping[str, str]] = {"email": "email", "full_name": "name", "notes": "note"}
    text = "note"
    plugin = "synchub_connectors"
    many = 60
    kinds = "id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, note TEXT, changed_at TEXT"

    def __init__(self, folder: Path, url: str = "") -> None:
        super().__init__(folder)
        self.url = url or f"sqlite:///{folder / 'people.db'}"
        self.engine = sa.create_engine(self.url)
        with self.engine.begin() as connection:
            if not url:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql(f"CREATE TABLE people ({self.kinds})")

    def settings(self) -> Mapping[str, Any]:
        return {"url": self.url, "cursors": {"people": "changed_at"}}

    def plant(self, values: Row) -> str:
        if any("\x00" in str(value) for value in values.values()):
            raise Skipped("people type no null byte")
        given = {**values, "changed_at": self.stamp()}
        (made,) = self.run(sa.insert(self.table(given)).values(given).returning(sa.column("id")))
        return str(made["id"])

    def change(self, name: str, values: Row) -> None:
        given = {**values, "changed_at": self.stamp()}
        self.run(sa.update(self.table(given)).where(sa.column("id") == int(name)).values(given))

    def remove(self, name: str) -> None:
        self.run(sa.delete(self.table({})).where(sa.column("id") == int(name)))

    def rows(self) -> Mapping[str, Row]:
        found = self.run(sa.text("SELECT id, email, name, note FROM people"))
        return {str(row["id"]): dict(row) for row in found}

    def stamp(self) -> str:
        """The time there, as somebody's program writes it down."""
        return self.now().isoformat(sep=" ")

    def cut(self) -> None:
        raise Skipped("a file has no line that could break")

    def close(self) -> None:
        self.engine.dispose()

    def table(self, given: Row) -> Any:
        return sa.table("people", *(sa.column(name) for name in ("id", *given)))

    def run(self, statement: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(statement)
            return list(result.mappings()) if result.returns_rows else []
