"""Stores of earlier versions: what is in them stays when they are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from synchub.record import store, tables

BEFORE = 4
"""The last version that kept its numbers beside the rows."""
SINCE = {("event", "dirty"): -1}
"""Columns that came later, and what is in them where nobody had said anything."""
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
        columns = [column for column in own.columns if (name, column.name) not in SINCE]
        for number in (7, 5):
            values = {c.name: number if "BIGINT" in str(c.type) else f"{c.name} {number}" for c in columns}
            tx.execute(own.insert().values(**values))
    return tx


def rows(tx: Connection) -> dict[str, set[tuple[object, ...]]]:
    found = {}
    for name in REBUILT:
        columns = [column for column in tables.metadata.tables[name].columns if (name, column.name) not in SINCE]
        found[name] = {tuple(row) for row in tx.execute(select(*columns)).all()}
    return found


def test_nothing_is_lost(earlier: Connection) -> None:
    before = rows(earlier)
    assert {len(found) for found in before.values()} == {2}

    assert store.migrate(earlier, 1) == ["0005_numbers", "0006_events", "0007_event_marks", "0008_living"]

    assert rows(earlier) == before
    assert store.version(earlier) == store.migrations()[-1][0]
    for (name, column), value in SINCE.items():
        assert set(earlier.execute(select(tables.metadata.tables[name].c[column])).scalars()) == {value}


@contextmanager
def database(file: Path) -> Iterator[Connection]:
    with closing(store.connect(f"sqlite:///{file}", file.parent)) as opened, opened.write() as tx:
        tx.execute(text("CREATE TABLE migration (number BIGINT PRIMARY KEY, name TEXT, applied_at BIGINT)"))
        yield tx


def run_scripts(tx: Connection, last: int) -> None:
    """Those for any database, as if SQLite were like the others."""
    for number, _, only, script in store.migrations():
        for statement in script.split(";\n") if not only and number <= last else ():
            tx.execute(text(statement)) if statement.strip() else None


def indexes(tx: Connection) -> set[str]:
    listed = "SELECT name || ': ' || sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    return set(tx.execute(text(listed)).scalars())


def test_what_is_looked_up_by_anywhere_is_there_in_sqlite(tmp_path: Path) -> None:
    with database(tmp_path / "others.db") as tx:
        run_scripts(tx, store.migrations()[-1][0])
        others = indexes(tx)
    with database(tmp_path / "hub.db") as tx:
        run_scripts(tx, BEFORE)
        tx.execute(text(f"INSERT INTO migration VALUES ({BEFORE}, 'before', 0)"))
        store.migrate(tx, 1)
        assert indexes(tx) == others
    assert len(others) > 10
