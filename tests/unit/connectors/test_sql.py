"""Databases: what holds for every one of them, tried on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from synchub.api import ConfigurationError, Key, Operation, Page, Result
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings

Rows = list[dict[str, Any]]

TABLES = {
    "sqlite": """
        CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(40) UNIQUE,
            name VARCHAR(10) NOT NULL DEFAULT '-', score NUMERIC(10,2), vip BOOLEAN, born DATE,
            changed_at TIMESTAMP, note TEXT, seats INTEGER CHECK (seats < 9));
        CREATE TABLE places (shop VARCHAR(10), nr INTEGER, city VARCHAR(20), PRIMARY KEY (shop, nr));
        CREATE TABLE codes (code VARCHAR(10) NOT NULL UNIQUE, label VARCHAR(10));
        CREATE TABLE loose (label VARCHAR(10));
        CREATE VIEW vips AS SELECT id, name FROM people WHERE vip""",
    "postgresql": """
        CREATE TABLE people (id SERIAL PRIMARY KEY, email VARCHAR(40) UNIQUE,
            name VARCHAR(10) NOT NULL DEFAULT '-', score NUMERIC(10,2), vip BOOLEAN, born DATE,
            changed_at TIMESTAMP, note TEXT, seats INTEGER CHECK (seats < 9));
        CREATE TABLE places (shop VARCHAR(10), nr INTEGER, city VARCHAR(20), PRIMARY KEY (shop, nr));
        CREATE TABLE codes (code VARCHAR(10) NOT NULL UNIQUE, label VARCHAR(10));
        CREATE TABLE loose (label VARCHAR(10));
        CREATE VIEW vips AS SELECT id, name FROM people WHERE vip""",
    "mariadb": """
        CREATE TABLE people (id INTEGER AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) UNIQUE,
            name VARCHAR(10) NOT NULL DEFAULT '-', score NUMERIC(10,2), vip BOOLEAN, born DATE,
            changed_at DATETIME, note TEXT, seats INTEGER CHECK (seats < 9));
        CREATE TABLE places (shop VARCHAR(10), nr INTEGER, city VARCHAR(20), PRIMARY KEY (shop, nr));
        CREATE TABLE codes (code VARCHAR(10) NOT NULL UNIQUE, label VARCHAR(10));
        CREATE TABLE loose (label VARCHAR(10));
        CREATE VIEW vips AS SELECT id, name FROM people WHERE vip""",
}

ANN = {
    "id": "1",
    "email": "ann@x.org",
    "name": "Ann",
    "score": "12.5",
    "vip": "true",
    "born": "1990-05-01",
    "changed_at": "2024-05-01T10:00:00",
    "note": 'say "hi",\nÜ',
    "seats": "3",
}
BOB = dict.fromkeys(ANN, None) | {"id": "2", "name": "Bob", "note": ""}


class Shop:
    """A database with some tables, a way into it past the connector, and connectors on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)

    def run(self, *statements: str, **values: Any) -> list[tuple[Any, ...]]:
        with self._engine.begin() as connection:
            for statement in statements:
                result = connection.execute(sa.text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def fill(self, statement: str, rows: Rows) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text(statement), rows)

    def connect(self, **settings: Any) -> Sql:
        host = LocalHost("shop", self.folder, timezone="Europe/Berlin")
        return Sql(SqlSettings(**{"url": self.url} | settings), host)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shop.db"
    else:
        url = request.getfixturevalue(f"{request.param}_database")
    made = Shop(url, tmp_path)
    made.run(*TABLES[request.param].split(";"))
    insert = "INSERT INTO people (email, name, score, vip, born, changed_at, note, seats) VALUES "
    made.run(
        insert + "(:email, 'Ann', 12.50, :yes, '1990-05-01', '2024-05-01 10:00:00', :note, 3)",
        email="ann@x.org",
        yes=True,
        note=ANN["note"],
    )
    made.run(insert + "(NULL, 'Bob', NULL, NULL, NULL, NULL, '', NULL)")
    return made


def read_all(connector: Sql, stream: str, cursor: Any = None, fields: tuple[str, ...] = ()) -> tuple[Rows, Page]:
    pages = list(connector.read(stream, cursor, fields))
    return [row for page in pages for row in pl.DataFrame(page.rows).to_dicts()], pages[-1]


def create(**values: Any) -> Operation:
    return Operation("create", None, values, "k")


def update(remote_id: str, before: dict[str, Any] | None = None, **values: Any) -> Operation:
    return Operation("update", remote_id, values, "k", before=before or {})


def delete(remote_id: str, **before: Any) -> Operation:
    return Operation("delete", remote_id, {}, "k", before=before)


def as_read(shop: Shop, row: dict[str, Any]) -> dict[str, Any]:
    """SQLite gives times back as they were written there."""
    if shop.url.startswith("sqlite") and row.get("changed_at"):
        return row | {"changed_at": row["changed_at"].replace("T", " ")}
    return row


def test_rows_are_read_as_native_text(shop: Shop) -> None:
    rows, last = read_all(shop.connect(), "people")
    assert rows == [as_read(shop, ANN), BOB]
    assert (last.complete, last.cursor) == (True, None)


def test_only_the_wanted_columns_and_the_key_are_delivered(shop: Shop) -> None:
    rows, last = read_all(shop.connect(), "people", fields=("name", "gone"))
    assert rows == [{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bob"}]
    assert last.fields == ("id", "name")


def test_an_empty_table_is_complete(shop: Shop) -> None:
    rows, last = read_all(shop.connect(), "places")
    assert (rows, last.complete) == ([], True)


def test_streams(shop: Shop) -> None:
    streams = {stream.name: stream for stream in shop.connect().streams()}
    assert sorted(streams) == ["codes", "loose", "people", "places", "vips"]
    people = streams["people"]
    types = {field.name: field.type for field in people.fields}
    assert types == {
        "id": "integer",
        "email": "text",
        "name": "text",
        "score": "number",
        "vip": "bool",
        "born": "date",
        "changed_at": "datetime",
        "note": "text",
        "seats": "integer",
    }
    assert people.writes == {"create", "update", "delete"}
    assert {name: stream.key for name, stream in streams.items()} == {
        "codes": ("code",),
        "loose": (),
        "people": ("id",),
        "places": ("shop", "nr"),
        "vips": (),
    }
    assert {name for name, stream in streams.items() if not stream.writes} == {"loose", "vips"}
    required = {field.name for field in streams["places"].fields if field.required}
    assert required in ({"shop", "nr"}, set())


def test_a_view_is_read_but_not_written(shop: Shop) -> None:
    connector = shop.connect()
    assert read_all(connector, "vips")[0] == [{"id": "1", "name": "Ann"}]
    with pytest.raises(ConfigurationError, match="vips can only be read"):
        connector.write("vips", [update("1", name="x")])


def test_an_unknown_table_names_the_nearest(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="no table, view or query 'poeple'") as caught:
        read_all(shop.connect(), "poeple")
    assert caught.value.next_step == "Did you mean 'people'?"


def test_writes_are_done_and_told_as_stored(shop: Shop) -> None:
    connector = shop.connect()
    moment = datetime(2024, 6, 1, 8, 30, tzinfo=UTC)
    results = connector.write(
        "people",
        [
            create(email="cem@x.org", name="Cem", score=Decimal("1.50"), vip=False, born=date(2000, 1, 2)),
            update("1", {"name": "Ann", "score": 12.5}, name="Anna", changed_at=moment, vip=False, note=None),
            delete("2"),
            create(email="dee@x.org", name="Dee"),
        ],
    )
    assert [result.status for result in results] == ["ok"] * 4
    assert [result.remote_id for result in results] == ["3", "1", "2", "4"]
    anna = ANN | {"name": "Anna", "changed_at": "2024-06-01T10:30:00", "vip": "false", "note": None}
    cem = dict.fromkeys(ANN, None) | {
        "id": "3",
        "email": "cem@x.org",
        "name": "Cem",
        "score": "1.5",
        "vip": "false",
        "born": "2000-01-02",
    }
    assert results[1].stored == as_read(shop, anna)
    assert results[0].stored == cem
    rows = {row["id"]: row for row in read_all(connector, "people")[0]}
    assert rows["1"] == as_read(shop, anna)
    assert rows["3"] == cem
    assert sorted(rows) == ["1", "3", "4"]


def test_a_row_changed_since_it_was_read_is_a_conflict(shop: Shop) -> None:
    shop.run("UPDATE people SET name = 'Anna' WHERE id = 1")
    results = shop.connect().write(
        "people",
        [
            update("1", {"name": "Ann"}, name="x"),
            update("2", {"name": "Bob", "vip": None, "note": ""}, name="Rob"),
            update("9", {"name": "Nobody"}, name="x"),
            delete("9"),
            delete("1", name="Ann"),
            update("x", name="x"),
        ],
    )
    assert [result.status for result in results] == [
        "conflict",
        "ok",
        "conflict",
        "unchanged",
        "conflict",
        "conflict",
    ]
    assert results[0].stored == as_read(shop, ANN | {"name": "Anna"})
    assert shop.run("SELECT name FROM people ORDER BY id") == [("Anna",), ("Rob",)]


def test_what_is_so_already_is_not_written(shop: Shop) -> None:
    moment = datetime(2024, 5, 1, 8, tzinfo=UTC)
    (result,) = shop.connect().write(
        "people",
        [update("1", score=Decimal("12.50"), vip=True, changed_at=moment, born="1990-05-01")],
    )
    assert result == Result("unchanged", "1", stored=as_read(shop, ANN))


def test_one_bad_row_stops_no_other(shop: Shop) -> None:
    operations = [create(email=f"p{number}@x.org", name="x", seats=number % 4) for number in range(200)]
    operations[17] = create(email="bad@x.org", seats=12)
    operations[60] = create(email="bad@x.org", name=None)
    operations[99] = create(email="ann@x.org", name="twin")
    operations[150] = create(email="p7@x.org", name="twin")
    operations += [update("2", seats=50), update("1", seats=4), update("1", id=2)]
    connector = shop.connect()
    results = connector.write("people", operations)
    bad = {place: result for place, result in enumerate(results) if result.status != "ok"}
    assert {place: result.status for place, result in bad.items()} == {
        17: "rejected",
        60: "rejected",
        99: "conflict",
        150: "conflict",
        200: "rejected",
        202: "rejected",
    }
    assert all(result.reason for result in bad.values())
    assert (bad[99].remote_id, bad[150].remote_id) == ("1", results[7].remote_id)
    assert bad[99].stored is not None
    assert bad[99].stored["name"] == "Ann"
    assert shop.run("SELECT count(*) FROM people") == [(198,)]
    remote_ids = [result.remote_id for result in results[:17]]
    emails = {row["id"]: row["email"] for row in read_all(connector, "people")[0]}
    assert [emails[str(remote_id)] for remote_id in remote_ids] == [f"p{number}@x.org" for number in range(17)]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("nope", "x", "There is no column 'nope'."),
        ("seats", "many", "It is no integer."),
        ("seats", Decimal("1.5"), "It is no whole number."),
        ("seats", 10**30, "The number is too large."),
        ("born", "soon", "It is no date."),
        ("vip", "perhaps", "It is neither true nor false."),
        ("score", Decimal("NaN"), "It is no number."),
        ("note", "\ud800", "It holds half a character."),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_alone(shop: Shop, column: str, value: Any, reason: str) -> None:
    results = shop.connect().write("people", [update("1", {}, **{column: value}), update("2", name="Rob")])
    assert results[0] == Result("rejected", "1", reason=reason, field=column)
    assert results[1].status == "ok"


def test_operations_on_one_row_follow_each_other(shop: Shop) -> None:
    results = shop.connect().write(
        "people",
        [update("1", name="A"), update("1", {"name": "A"}, name="B"), delete("1", name="B"), delete("1")],
    )
    assert [result.status for result in results] == ["ok", "ok", "ok", "unchanged"]
    assert shop.run("SELECT name FROM people") == [("Bob",)]


def test_a_unique_value_given_up_can_be_taken(shop: Shop) -> None:
    results = shop.connect().write("people", [create(email="ann@x.org", name="New"), delete("1")])
    assert [result.status for result in results] == ["ok", "ok"]


def test_a_key_of_several_columns(shop: Shop) -> None:
    connector = shop.connect()
    results = connector.write("places", [create(shop="a", nr=1, city="Ulm"), create(shop="b", nr=1, city="Bonn")])
    assert [result.remote_id for result in results] == ['["a","1"]', '["b","1"]']
    results = connector.write(
        "places",
        [update('["b", 1]', city="Köln"), update('["a","1"]', nr=7), delete("no"), create(shop="b", nr=1)],
    )
    assert [(result.status, result.remote_id) for result in results] == [
        ("ok", '["b","1"]'),
        ("ok", '["a","7"]'),
        ("unchanged", "no"),
        ("conflict", '["b","1"]'),
    ]
    assert connector.lookup("places", [Key("shop,nr", '["a","7"]')]) == [{"shop": "a", "nr": "7", "city": "Ulm"}]


def test_a_text_key_without_a_primary_key(shop: Shop) -> None:
    connector = shop.connect()
    results = connector.write("codes", [create(code="x'); --", label="%(a)s"), create(code=":b")])
    assert [result.remote_id for result in results] == ["x'); --", ":b"]
    assert connector.lookup("codes", [Key("code", "x'); --")]) == [{"code": "x'); --", "label": "%(a)s"}]


def test_lookup_by_any_column(shop: Shop) -> None:
    connector = shop.connect()
    keys = [
        Key("email", "ANN@x.org"),
        Key("id", "1"),
        Key("id", "x"),
        Key("born", "1990-05-01"),
        Key("nope", "1"),
    ]
    assert connector.lookup("people", keys) == [as_read(shop, ANN)]
    assert connector.lookup("people", [Key("email", f"u{number}@x.org") for number in range(5_000)]) == []


def test_a_cursor_reads_what_changed_since(shop: Shop) -> None:
    connector = shop.connect(cursors={"people": "changed_at"})
    rows, last = read_all(connector, "people")
    assert (len(rows), last.complete) == (2, True)
    shop.run("UPDATE people SET changed_at = '2024-05-02 11:00:00', name = 'Rob' WHERE id = 2")
    shop.run("INSERT INTO people (name, changed_at) VALUES ('Old', '2024-04-01 00:00:00')")
    rows, after = read_all(connector, "people", last.cursor)
    assert ([row["name"] for row in rows], after.complete) == (["Ann", "Rob"], False)
    rows, again = read_all(connector, "people", after.cursor)
    assert ([row["name"] for row in rows], again.cursor) == (["Rob"], after.cursor)


def test_a_cursor_that_no_row_has_reached_starts_a_full_read(shop: Shop) -> None:
    connector = shop.connect(cursors={"people": "changed_at"})
    shop.run("UPDATE people SET changed_at = '2924-05-01 10:00:00' WHERE id = 1")
    ahead = read_all(connector, "people")[1].cursor
    shop.run("UPDATE people SET changed_at = '2024-05-02 10:00:00' WHERE id = 1")
    rows, last = read_all(connector, "people", ahead)
    assert (len(rows), last.complete) == (2, True)
    assert "2024-05-02" in str(last.cursor)


def test_a_number_can_be_the_cursor(shop: Shop) -> None:
    connector = shop.connect(cursors={"people": "id"})
    cursor = read_all(connector, "people")[1].cursor
    shop.run("INSERT INTO people (name) VALUES ('Cem')")
    assert [row["name"] for row in read_all(connector, "people", cursor)[0]] == ["Bob", "Cem"]
    other = shop.connect(cursors={"people": "seats"})
    assert read_all(other, "people", cursor)[1].complete


def test_named_queries_are_streams(shop: Shop) -> None:
    query = "SELECT p.id AS nr, upper(name) AS loud, ':x 100%' AS odd FROM people p WHERE name LIKE 'A%' -- note;"
    connector = shop.connect(queries={"loud": query})
    connector.check()
    assert read_all(connector, "loud")[0] == [{"nr": "1", "loud": "ANN", "odd": ":x 100%"}]
    assert connector.lookup("loud", [Key("loud", "ann")]) == [{"nr": "1", "loud": "ANN", "odd": ":x 100%"}]
    (stream,) = [stream for stream in connector.streams() if stream.name == "loud"]
    assert (stream.writes, stream.key) == (frozenset(), ())
    with pytest.raises(ConfigurationError, match="can only be read"):
        connector.write("loud", [create(nr="1")])


def test_a_query_with_a_mistake_is_told(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="did not understand"):
        shop.connect(queries={"q": "SELECT nothing FROM people"}).check()
    if not shop.url.startswith("sqlite"):  # it gives the second one another name
        with pytest.raises(ConfigurationError, match=r"more than one column named id|Duplicate column name"):
            shop.connect(queries={"q": "SELECT p.id, p.id FROM people p"}).check()


def test_a_cursor_column_has_to_exist(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="no column 'nope'"):
        shop.connect(cursors={"people": "nope"}).check()


def test_nothing_is_written_while_reading(shop: Shop) -> None:
    """The read-only transaction is the database's own lock, should a query get past the parser."""
    connector = shop.connect()
    with pytest.raises(ConfigurationError):
        list(_reading(connector, "DELETE FROM people"))
    assert shop.run("SELECT count(*) FROM people") == [(2,)]


def _reading(connector: Sql, statement: str) -> Iterator[None]:
    from synchub_connectors.sql.server import reading

    with reading(connector._engine) as connection:
        connection.execute(sa.text(statement))
        yield


def test_a_read_sees_one_moment(shop: Shop) -> None:
    rows = [{"name": f"p{number}", "note": "x" * 200} for number in range(50_000)]
    shop.fill("INSERT INTO people (name, note) VALUES (:name, :note)", rows)
    pages = shop.connect().read("people", None, ())
    first = len(next(pages).rows)  # type: ignore[arg-type]
    assert first < 50_002
    if not shop.url.startswith("sqlite"):  # there a reader keeps writers out
        shop.run("DELETE FROM people WHERE id > 100")
    assert first + sum(len(page.rows) for page in pages) == 50_002  # type: ignore[arg-type]


def test_a_read_may_be_left_in_the_middle(shop: Shop) -> None:
    rows = [{"name": f"p{number}", "note": "x" * 200} for number in range(50_000)]
    shop.fill("INSERT INTO people (name, note) VALUES (:name, :note)", rows)
    pages = shop.connect().read("people", None, ())
    next(pages)
    pages.close()  # type: ignore[attr-defined]
    shop.run("DROP VIEW vips", "DROP TABLE people")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM people",
        "SELECT 1; DROP TABLE people",
        "SELECT * FROM a FOR SHARE",
        "WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x",
        "SELECT * INTO b FROM a",
        "",
        "not sql ((",
        "SELECT * FROM a FOR UPDATE",
    ],
)
def test_a_query_has_to_be_one_select(query: str) -> None:
    with pytest.raises(ValueError, match="query 'q'"):
        SqlSettings(url="sqlite:///x.db", queries={"q": query})  # type: ignore[arg-type]
