"""Stores of earlier versions: what is in them stays when they are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from synchub.record import store, tables

BEFORE = 4
"""The last version that kept its numbers beside the rows."""
REBUILT = ("record", "link", "claim", "ident", "operation", "event")


@pytest.fixture
def earlier(tx: Connection) -> Connection:
    """A store as that version left it, with two rows in each table that is rebuilt."""
    for table in tables.metadata.tables:
        tx.execute(text(f"DROP TABLE {table}"))
    tx.execute(text("DELETE FROM migration"))
    for number, name, only, script in store.migrations():
        for statement in script.split(";\n") if number <= BEFORE and not only else ():
            tx.execute(text(statement)) if statement.strip() else None
        if number <= BEFORE:
            tx.execute(text(f"INSERT INTO migration VALUES ({number}, '{name}', 0)"))
    for name in REBUILT:
        own = tables.metadata.tables[name]
        for number in (7, 5):
            values = {c.name: number if "BIGINT" in str(c.type) else f"{c.name} {number}" for c in own.columns}
            tx.execute(own.insert().values(**values))
    return tx


def rows(tx: Connection) -> dict[str, set[tuple[object, ...]]]:
    return {name: {tuple(row) for row in tx.execute(tables.metadata.tables[name].select()).all()} for name in REBUILT}


def test_nothing_is_lost(earlier: Connection) -> None:
    before = rows(earlier)
    assert {len(found) for found in before.values()} == {2}

    assert store.migrate(earlier, 1) == ["0005_numbers", "0006_events"]

    assert rows(earlier) == before
    assert store.version(earlier) == store.migrations()[-1][0]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Connection]:
    with closing(store.connect(f"sqlite:///{tmp_path / 'hub.db'}", tmp_path)) as opened, opened.write() as tx:
        yield tx


def test_what_earlier_versions_looked_up_by_is_there(database: Connection) -> None:
    def indexes() -> set[str]:
        listed = "SELECT name || ': ' || sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        return set(database.execute(text(listed)).scalars())

    database.execute(text("CREATE TABLE migration (number BIGINT PRIMARY KEY, name TEXT, applied_at BIGINT)"))
    for _, _, only, script in store.migrations():
        for statement in script.split(";\n") if not only else ():
            database.execute(text(statement)) if statement.strip() else None
    before = indexes()
    database.execute(text(f"INSERT INTO migration VALUES ({BEFORE}, 'before', 0)"))

    store.migrate(database, 1)

    assert indexes() == before
    assert len(before) > 10
