"""What the hub knows, as tables for other programs."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine

from synchub.errors import ConfigurationError
from synchub.spec.options import Silent
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

FIELDS = ("email", "first_name", "job_title", "opted_out", "tags", "revenue", "birthday")
TABLES = {"contact", "contact_links", "contact_claims", "contact_history"}
"""The tables of a hub without events."""


def _hub(people: int = 2) -> MemoryHub:
    """Ann is in the CRM and in the shop, others in the CRM alone; the shop was given them."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS)
    crm.create(at=0, email="ann@example.org", first_name="Ann", opted_out=True, tags=["b", "a"], birthday="1990-05-01")
    shop.create(at=1, email="ann@example.org", job_title="=cmd()", revenue="12.50 EUR")
    for number in range(people - 1):
        crm.create(at=0, email=f"p{number}@example.org")
    hub = MemoryHub([crm, shop])
    hub.sync(10, allow={"creates": people})
    crm.edit("1", at=12, job_title="CEO")
    hub.sync(20)
    return hub


def test_files_hold_typed_columns(tmp_path: Path) -> None:
    with _hub() as hub:
        report = hub.hub.export(str(tmp_path / "out"), "parquet", Silent())
    assert report.tables == {"contact": 2, "contact_links": 4, "contact_claims": 10, "contact_history": 0}
    ann = pl.read_parquet(tmp_path / "out/contact/*.parquet").row(0, named=True)
    told = {name: ann[name] for name in ("hub_id", "opted_out", "tags", "revenue", "revenue_currency", "phone")}
    assert told == {
        "hub_id": "memory-1",
        "opted_out": True,
        "tags": ["a", "b"],
        "revenue": 12.5,
        "revenue_currency": "EUR",
        "phone": None,
    }
    claims = pl.read_parquet(tmp_path / "out/contact_claims/*.parquet").filter(pl.col("field") == "job_title")
    assert claims.select("value", "system", "said_at").rows() == [
        ("=cmd()", "shop", datetime(2024, 5, 1, 9, 1, tzinfo=UTC)),
        ("CEO", "crm", datetime(2024, 5, 1, 9, 12, tzinfo=UTC)),
    ]
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with _hub() as hub:
        for form in ("parquet", "arrow"):
            hub.hub.export(str(tmp_path / "out"), form, Silent())
    assert {table.name for table in (tmp_path / "out").iterdir() if table.is_dir()} == TABLES
    assert [file.suffix for file in (tmp_path / "out/contact").iterdir()] == [".arrow"]
    assert pl.read_ipc(tmp_path / "out/contact/*.arrow").height == 2
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_no_folder_of_somebody_else_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    with _hub() as hub, pytest.raises(ConfigurationError, match="is no export of synchub"):
        hub.hub.export(str(tmp_path / "photos"), "parquet", Silent())
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["cat.jpg"]


def test_what_can_not_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with _hub() as hub, pytest.raises(ConfigurationError, match="can't be written"):
        hub.hub.export(str(tmp_path / "file" / "out"), "parquet", Silent())
    assert (tmp_path / "file").is_file()


def test_a_file_of_sqlite(tmp_path: Path) -> None:
    with _hub() as hub:
        for _ in range(2):
            report = hub.hub.export(f"sqlite:///{tmp_path}/tables.db", "parquet", Silent())
    assert report.tables["synchub_contact"] == 2
    with sqlite3.connect(tmp_path / "tables.db") as there:
        rows = there.execute("SELECT email, opted_out, tags, birthday FROM synchub_contact").fetchall()
        times = there.execute("SELECT DISTINCT said_at FROM synchub_contact_claims WHERE value = 'CEO'").fetchall()
    assert rows[0] == ("ann@example.org", 1, '["a","b"]', "1990-05-01")
    assert times == [("2024-05-01 09:12:00.000000",)]


def test_a_database_of_others(postgresql_database: str) -> None:
    """With so many people that they travel by COPY; and twice, since the second export finds its own tables there."""
    url = postgresql_database
    with _hub(people=70) as hub:
        for _ in range(2):
            hub.hub.export(url, "parquet", Silent())
    with psycopg.connect(url.replace("+psycopg", "")) as there:
        rows = there.execute(
            "SELECT email, opted_out, tags, birthday::text, revenue FROM synchub_contact ORDER BY hub_id <> 'memory-1'"
        ).fetchall()
        said = there.execute("SELECT said_at FROM synchub_contact_claims WHERE value = 'CEO'").fetchall()
    assert (len(rows), rows[0]) == (70, ("ann@example.org", True, '["a","b"]', "1990-05-01", 12.5))
    assert said == [(datetime(2024, 5, 1, 9, 12, tzinfo=UTC),)]


class Looking(Silent):
    """Somebody who looks at what is there, again and again while an export goes on."""

    def __init__(self, url: str) -> None:
        self.there = psycopg.connect(url, autocommit=True)
        self.there.execute("SET lock_timeout = '2s'")
        self.seen: list[tuple[str | None, ...]] = []

    def look(self) -> None:
        self.seen.append(self.there.execute("SELECT string_agg(email, ',' ORDER BY email) FROM mine").fetchone() or ())

    def advance(self, step: str, count: int = 1) -> None:
        self.look()


def test_whoever_reads_meanwhile_sees_all_of_the_one_before(postgresql_database: str) -> None:
    """Through a view of their own, too: the tables stay the same ones."""
    url = postgresql_database.replace("+psycopg", "")
    with _hub() as hub:
        hub.hub.export(postgresql_database, "parquet", Silent())
        with psycopg.connect(url) as there:
            there.execute("CREATE VIEW mine AS SELECT email FROM synchub_contact")
        hub.systems[0].create(at=25, email="zoe@example.org")
        hub.sync(30)
        looking = Looking(url)
        hub.hub.export(postgresql_database, "parquet", looking)
        assert set(looking.seen) == {("ann@example.org,p0@example.org",)}
        assert len(looking.seen) >= 4
        looking.look()
        assert looking.seen[-1] == ("ann@example.org,p0@example.org,zoe@example.org",)
        looking.there.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_fields_come_and_go_and_the_tables_stay(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db" if kind == "sqlite" else request.getfixturevalue("postgresql_database")

    def told(statement: str) -> list[tuple[object, ...]]:
        with create_engine(url, poolclass=NullPool).begin() as there:
            found = there.exec_driver_sql(statement)
            return [tuple(row) for row in found] if found.returns_rows else []

    with _hub() as hub:
        hub.hub.export(url, "parquet", Silent())
        told("ALTER TABLE synchub_contact DROP COLUMN job_title")
        told("ALTER TABLE synchub_contact ADD COLUMN gone_by_now TEXT")
        told("CREATE VIEW mine AS SELECT email, gone_by_now FROM synchub_contact")
        hub.hub.export(url, "parquet", Silent())
        assert told("SELECT email, job_title FROM synchub_contact WHERE job_title IS NOT NULL") == [
            ("ann@example.org", "CEO")
        ]
        assert sorted(told("SELECT * FROM mine")) == [("ann@example.org", None), ("p0@example.org", None)]


def test_a_field_that_has_another_type_by_now_makes_its_table_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    with _hub() as hub:
        hub.hub.export(url, "parquet", Silent())
        with sqlite3.connect(tmp_path / "t.db") as there:
            there.execute("ALTER TABLE synchub_contact DROP COLUMN email")
            there.execute("ALTER TABLE synchub_contact ADD COLUMN email BIGINT")
            there.execute("ALTER TABLE synchub_contact ADD COLUMN old TEXT")
        hub.hub.export(url, "parquet", Silent())
    with sqlite3.connect(tmp_path / "t.db") as there:
        kinds = {row[1]: row[2] for row in there.execute("PRAGMA table_info(synchub_contact)")}
    assert kinds["email"] == "TEXT"
    assert "old" not in kinds


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("mysql://reports@db/warehouse", "no database that can be exported to"),
        ("postgresql://reports:hidden@127.0.0.1:1/x", "can't be written"),
    ],
)
def test_a_database_that_is_none(target: str, told: str) -> None:
    with _hub() as hub, pytest.raises(ConfigurationError, match=told) as raised:
        hub.hub.export(target, "parquet", Silent())
    assert "hidden" not in str(raised.value)
