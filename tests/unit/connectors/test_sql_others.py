"""What only SQLite and MariaDB have, and addresses that lead nowhere."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from servers.mariadb import PASSWORD, MariaDB
from servers.process import free_port

from synchub.api import AuthenticationError, ConfigurationError, Key, Operation, Result, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings


def connect(url: str, folder: Path = Path("/"), **settings: Any) -> Sql:
    return Sql(SqlSettings(**{"url": url} | settings), LocalHost("shop", folder, timezone="Europe/Berlin"))


def rows_of(connector: Sql, stream: str) -> list[dict[str, Any]]:
    return [row for page in connector.read(stream, None, ()) for row in pl.DataFrame(page.rows).to_dicts()]


def create(**values: Any) -> Operation:
    return Operation("create", None, values, "k")


def update(remote_id: str, before: dict[str, Any] | None = None, **values: Any) -> Operation:
    return Operation("update", remote_id, values, "k", before=before or {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    _run(
        tmp_path / "shop.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n NUMERIC, r REAL, d DATE, at DATETIME, ok BOOLEAN, any)",
    )
    return tmp_path / "shop.db"


def _run(file: Path, statement: str, *values: Any) -> list[Any]:
    connection = sqlite3.connect(file)
    try:
        with connection:
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def test_sqlite_columns_may_hold_anything(file: Path) -> None:
    rows = [
        (1, 2.0, 1e300, "2024-05-01", "2024-05-01T10:00:00Z", 1, b"\x01\xff"),
        (2, "n/a", 0.1, "soon", 1714557600, "maybe", 12345678901234567890),
        (3, 10**15, -2.0, None, "", 0, "=x"),
    ]
    for row in rows:
        _run(file, "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", *map(_storable, row))
    read = rows_of(connect(f"sqlite:///{file}"), "t")
    assert [list(row.values()) for row in read] == [
        ["1", "2", "1.0e+300", "2024-05-01", "2024-05-01T10:00:00Z", "true", "01FF"],
        ["2", "n/a", "0.1", "soon", "1714557600", "maybe", "1.23456789012346e+19"],
        ["3", "1000000000000000", "-2", None, "", "false", "=x"],
    ]


def _storable(value: Any) -> Any:
    return float(value) if isinstance(value, int) and value > 2**63 else value


def test_sqlite_is_written_in_its_usual_forms(file: Path) -> None:
    connector = connect(f"sqlite:///{file}")
    moment = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)
    (result,) = connector.write("t", [create(n=Decimal("1.50"), r=2, d="2024-05-01", at=moment, ok=True, any="x")])
    assert result.remote_id == "1"
    assert _run(file, "SELECT n, r, d, at, ok, any FROM t") == [(1.5, 2.0, "2024-05-01", "2024-05-01 10:00:00", 1, "x")]
    assert connector.lookup("t", [Key("at", "2024-05-01 10:00:00"), Key("ok", "true")]) == [result.stored]


def test_a_relative_sqlite_file_starts_at_the_folder_of_the_hub(file: Path) -> None:
    connect("sqlite:///shop.db", file.parent).check()
    with pytest.raises(ConfigurationError, match=r"no database file 'nowhere\.db'"):
        connect("sqlite:///nowhere.db", file.parent)
    assert not (file.parent / "nowhere.db").exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "nonsense", "oracle://u:hush@h/x", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        connect(url)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("id,name\n" * 200)
    with pytest.raises(ConfigurationError, match="file is not a database"):
        rows_of(connect("sqlite:///x.db", tmp_path), "t")


def test_a_locked_sqlite_file_is_for_later(file: Path) -> None:
    connector = connect(f"sqlite:///{file}?timeout=0.01")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(RetryLater, match="locked"):
            connector.write("t", [create(any="x")])
    finally:
        other.close()


def test_a_read_only_sqlite_file_is_told(file: Path) -> None:
    connector = connect(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(ConfigurationError, match="may not do this"):
        connector.write("t", [create(any="x")])


def test_sqlite_creates_tell_what_reads_tell(file: Path) -> None:
    connector = connect(f"sqlite:///{file}")
    values = {"n": Decimal("2.50"), "r": 3, "d": date(2024, 5, 1), "ok": True, "any": "x"}
    results = connector.write("t", [create(**values), create(n=Decimal(7), r=Decimal("1e3"))])
    assert [result.stored for result in results] == rows_of(connector, "t")


def test_sqlite_creates_tell_what_happens_after_the_insert(file: Path) -> None:
    _run(file, "CREATE TRIGGER g AFTER INSERT ON T BEGIN UPDATE t SET any = upper(any) WHERE id = NEW.id; END")
    (result,) = connect(f"sqlite:///{file}").write("t", [create(any="ann")])
    assert result.stored
    assert result.stored["any"] == "ANN"


@pytest.fixture
def maria(mariadb: MariaDB) -> str:
    url = mariadb.new_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            """CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(3) NULL, wall DATETIME,
               ok TINYINT(1), size ENUM('s', 'm'), data JSON, n DECIMAL(12,4), f DOUBLE, big BIGINT UNSIGNED,
               raw BLOB, name VARCHAR(5))"""
        )
    return url


def test_mariadb_types(maria: str) -> None:
    connector = connect(maria)
    moment = datetime(2024, 5, 1, 8, 0, 0, 250000, tzinfo=UTC)
    values = {
        "at": moment,
        "wall": moment,
        "ok": False,
        "size": "m",
        "data": {"a": 1},
        "n": Decimal("100.0000"),
        "f": Decimal("0.1"),
        "big": 2**64 - 1,
        "name": "Zoë%s",
    }
    stored = {
        "id": "1",
        "at": "2024-05-01T08:00:00.250Z",
        "wall": "2024-05-01T10:00:00",
        "ok": "false",
        "size": "m",
        "data": '{"a":1}',
        "n": "100",
        "f": "0.1",
        "big": "18446744073709551615",
        "name": "Zoë%s",
    }
    assert connector.write("t", [create(**values)]) == [Result("ok", "1", stored=stored)]
    assert rows_of(connector, "t") == [stored]
    (same,) = connector.write("t", [update("1", stored, at=moment, n=Decimal(100))])
    assert same.status == "unchanged"
    results = connector.write("t", [create(size="xl"), create(name="longer"), create(data="{"), create(ok=True)])
    assert [result.status for result in results] == ["rejected", "rejected", "rejected", "ok"]


def test_mariadb_creates_tell_what_reads_tell(mariadb: MariaDB) -> None:
    connector = connect(url := mariadb.new_database())
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            """CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n DECIMAL(8,2), f DOUBLE, c CHAR(5),
               at DATETIME, seen TIMESTAMP NULL, ok BOOLEAN, twice DECIMAL(9,2) AS (n * 2),
               d INT DEFAULT 7)"""
        )
        connection.exec_driver_sql("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.c = upper(NEW.c)")
        connection.exec_driver_sql("CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, n DECIMAL(8,2), c CHAR(5))")
        connection.exec_driver_sql("CREATE TRIGGER h BEFORE INSERT ON u FOR EACH ROW SET NEW.c = upper(NEW.c)")
    at = datetime(2024, 5, 1, 10, tzinfo=UTC)
    full = create(n=Decimal("1.255"), f=0.5, c="a ", at=at, seen=at, ok=True)
    for table, operations in {
        "t": [full, create(c="b")],
        "u": [create(n=Decimal("1.255"), c="a "), create()],
    }.items():
        results = connector.write(table, operations)
        assert [result.stored for result in results] == rows_of(connector, table)


def test_mariadb_refuses_a_wrong_password(mariadb: MariaDB) -> None:
    with pytest.raises(AuthenticationError, match="refused user synchub") as caught:
        connect(mariadb.new_database().replace(PASSWORD, "hush")).check()
    assert "hush" not in str(caught.value)


def test_mariadb_that_is_down_or_lacks_the_database(mariadb: MariaDB) -> None:
    with pytest.raises(RetryLater, match="does not answer"):
        connect(f"mysql://u:p@127.0.0.1:{free_port()}/x").check()
    with pytest.raises(ConfigurationError, match="Unknown database 'nowhere'"):
        connect(mariadb.url_of("nowhere")).check()
