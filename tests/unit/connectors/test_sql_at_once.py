"""Many new rows by one call: all of them or none, in order, and what is stored is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from synchub.api import CanCreateAll
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings

TABLE = """CREATE TABLE people (id {number}, email VARCHAR(40) UNIQUE, name VARCHAR(10) DEFAULT '-',
    score NUMERIC(10,2), vip BOOLEAN, born DATE, at TIMESTAMP)"""
NUMBERS = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "SERIAL PRIMARY KEY"}


class People:
    def __init__(self, url: str, database: str, folder: Path) -> None:
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.run(TABLE.format(number=NUMBERS[database]))
        self.connector = Sql(SqlSettings(url=url), LocalHost("shop", folder, timezone="Europe/Berlin"))

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        with self._engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def create(self, **columns: list[str | None]) -> list[dict[str, Any]] | None:
        made = self.connector.create_all("people", pl.DataFrame(columns))
        return None if made is None else pl.DataFrame(made).to_dicts()

    def count(self) -> int:
        return int(self.run("SELECT count(*) FROM people")[0][0])


@pytest.fixture(params=["sqlite", "postgresql"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    url = f"sqlite:///{tmp_path}/p.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_database")
    made = People(url, request.param, tmp_path)
    yield made
    made.connector.close()


def test_it_is_a_capability(people: People) -> None:
    assert isinstance(people.connector, CanCreateAll)


def test_rows_come_back_as_stored_and_in_order(people: People) -> None:
    emails: list[str | None] = [f"p{number}@x.org" for number in range(2000)]
    made = people.create(
        email=emails,
        name=["Ann"] * 2000,
        score=["12.50", None] * 1000,
        vip=["true"] * 2000,
        born=["1990-05-01"] * 2000,
        at=["2024-05-01T10:00:00+02:00"] * 2000,
    )
    assert made is not None
    assert [row["email"] for row in made] == emails
    assert [row["id"] for row in made] == [str(number) for number in range(1, 2001)]
    told = {name: value for name, value in made[0].items() if name not in ("id", "email")}
    told["at"] = told["at"].replace(" ", "T")  # SQLite keeps the text that it is given
    assert told == {"name": "Ann", "score": "12.5", "vip": "true", "born": "1990-05-01", "at": "2024-05-01T10:00:00"}
    assert made[1]["score"] is None
    assert people.count() == 2000


@pytest.mark.parametrize(
    "columns",
    [
        {"email": ["a@x.org", "a@x.org"]},  # a unique value twice
        {"email": ["a@x.org", "b@x.org"], "born": ["1990-05-01", "1990-05-41"]},  # no such day
        {"email": ["a@x.org", "b@x.org"], "name": ["Ann", None]},  # the second is left to the column's default
        {"email": ["a@x.org", "b@x.org"], "nick": ["A", "B"]},  # no such column
    ],
)
def test_what_can_not_be_done_at_once_is_not_done_at_all(people: People, columns: dict[str, list[str | None]]) -> None:
    assert people.create(**columns) is None
    assert people.count() == 0


def test_a_column_that_nobody_fills_keeps_its_default(people: People) -> None:
    made = people.create(email=["a@x.org", "b@x.org"], name=[None, None])
    assert made is not None
    assert [row["name"] for row in made] == ["-", "-"]


def test_whatever_a_text_holds_it_is_kept(people: People) -> None:
    names: list[str | None] = ['"', "\\", "{a,b}", "", "NULL", "%s %(c0)s", "'; --", "a\nb\r", "\u202eß👋", ","]
    made = people.create(email=[f"p{number}@x.org" for number in range(len(names))], name=names)
    assert made is not None
    assert [row["name"] for row in made] == names


@pytest.mark.parametrize(
    "spelled", ["2024-05-01T10:00:00.5+02:00", "2024-05-01T08:00:00.500000Z", "20240501T080000.5Z"]
)
def test_a_time_with_a_zone_is_the_same_however_it_is_spelled(
    postgresql_database: str, tmp_path: Path, spelled: str
) -> None:
    """The last one is not sent as it is: it is understood here."""
    people = People(postgresql_database, "postgresql", tmp_path)
    people.run("ALTER TABLE people ADD seen TIMESTAMPTZ")
    made = people.create(email=["a@x.org"], seen=[spelled])
    people.connector.close()
    assert made is not None
    assert made[0]["seen"] == "2024-05-01T08:00:00.5Z"
    assert people.create(email=["b@x.org"], seen=["2024-02-31T10:00:00Z"]) is None
