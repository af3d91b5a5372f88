"""What only PostgreSQL has: its types, schemas, triggers and ways to fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from servers.postgresql import PASSWORD, PostgreSQL
from servers.process import free_port
from sqlalchemy import Engine, event

from synchub.api import AuthenticationError, ConfigurationError, Key, Operation, Result, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings

TYPES = """
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN code AS TEXT CHECK (VALUE ~ '^[A-Z]+$');
CREATE TABLE things (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, uid UUID DEFAULT gen_random_uuid(), at TIMESTAMPTZ,
    tags TEXT[], counts INTEGER[], data JSONB, mood mood, code code, ratio REAL, big NUMERIC, day DATE,
    took INTERVAL, raw BYTEA,
    mail CITEXT, short CHAR(3), double INTEGER GENERATED ALWAYS AS (small * 2) STORED, small SMALLINT,
    "Odd ""Name%s:" TEXT
);
CREATE TABLE plain (id SERIAL PRIMARY KEY, name TEXT, nick TEXT UNIQUE)
"""


@pytest.fixture
def url(postgresql_database: str) -> str:
    run(postgresql_database, TYPES)
    return postgresql_database


def run(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def connect(url: str, **settings: Any) -> Sql:
    return Sql(SqlSettings(**{"url": url} | settings), LocalHost("shop", Path("/"), timezone="Europe/Berlin"))


def rows_of(connector: Sql, stream: str) -> list[dict[str, Any]]:
    return [row for page in connector.read(stream, None, ()) for row in pl.DataFrame(page.rows).to_dicts()]


def create(**values: Any) -> Operation:
    return Operation("create", None, values, "k")


def update(remote_id: str, before: dict[str, Any] | None = None, **values: Any) -> Operation:
    return Operation("update", remote_id, values, "k", before=before or {})


FULL = {
    "uid": "11111111-2222-3333-4444-555555555555",
    "at": datetime(2024, 5, 1, 10, 30, 0, 120000, tzinfo=UTC),
    "tags": ["a", 'say "hi"', "back\\slash", "{x,y}", "two\nlines", "", "NULL", None],
    "counts": [1, 2],
    "data": {"a": [1, {"b": None}], "ü": "x"},
    "mood": "good",
    "code": "ABC",
    "ratio": Decimal("0.1"),
    "big": Decimal("123456789012345678901234567890.10"),
    "day": "2024-05-01",
    "took": "01:30:00",
    "mail": "Ann@X.org",
    "small": 7,
    'Odd "Name%s:': "50% :x %s",
}
FULL_TEXT = FULL | {
    "id": "1",
    "at": "2024-05-01T10:30:00.12Z",
    "tags": '["a","say \\"hi\\"","back\\\\slash","{x,y}","two\\nlines","","NULL",null]',
    "counts": "[1,2]",
    "data": '{"a": [1, {"b": null}], "ü": "x"}',
    "ratio": "0.1",
    "big": "123456789012345678901234567890.1",
    "short": None,
    "double": "14",
    "small": "7",
}


def test_every_type_is_written_and_read_back(url: str) -> None:
    connector = connect(url)
    (result,) = connector.write("things", [create(**FULL)])
    assert result == Result("ok", "1", stored=FULL_TEXT)
    assert rows_of(connector, "things") == [FULL_TEXT]
    assert connector.lookup("things", [Key("mail", "ann@x.ORG"), Key("mood", "good")]) == [FULL_TEXT]
    (same,) = connector.write("things", [update("1", before=FULL, **FULL)])
    assert same.status == "unchanged"


def test_the_types_of_fields(url: str) -> None:
    (stream,) = [stream for stream in connect(url).streams() if stream.name == "things"]
    fields = {field.name: field for field in stream.fields}
    assert {name: field.type for name, field in fields.items() if field.type != "text"} == {
        "id": "integer",
        "at": "datetime",
        "tags": "set",
        "counts": "set",
        "data": "json",
        "mood": "enum",
        "ratio": "number",
        "big": "number",
        "day": "date",
        "double": "integer",
        "small": "integer",
    }
    assert "raw" not in fields
    assert fields["mood"].options == ("good", "bad")
    assert {name for name, field in fields.items() if not field.writable} == {"id", "double"}


@pytest.mark.parametrize("text", ['"words"', "1.5", "true", "[]", '{"a":"b"}'])
def test_json_may_be_anything(url: str, text: str) -> None:
    connector = connect(url)
    (created,) = connector.write("things", [create(data=text)])
    (updated,) = connector.write("things", [update("1", {"data": text}, data=["x"], small=1)])
    (again,) = connector.write("things", [update("1", {"data": ["x"]}, data=text)])
    assert [result.stored and result.stored["data"] for result in (updated, again)] == [
        '["x"]',
        created.stored["data"],
    ]
    assert str(created.stored["data"]).replace(" ", "") == text


def test_updates_of_every_type(url: str) -> None:
    connector = connect(url)
    connector.write("things", [create(small=1), create(small=2)])
    results = connector.write("things", [update("1", {"small": 1}, **FULL), update("2", {}, mood="bad")])
    assert results[0].stored == FULL_TEXT
    assert [row["mood"] for row in rows_of(connector, "things")] == ["good", "bad"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("code", "abc", "value for domain code violates"),
        ("mood", "sad", "The column knows only: good, bad."),
        ("small", 40_000, "The number is too large."),
        ("double", 1, "The database computes column 'double' itself."),
        ("uid", "x", "It is no text."),
        ("took", "soon", "invalid input syntax for type interval"),
        ("short", "four", "It has 4 characters; the column holds 3."),
        ("mail", "a\0b", "It holds a NUL character."),
        ("tags", ["a\0b"], "cannot contain NUL"),
        ("data", {"a": "\0"}, "unsupported Unicode escape sequence"),
        ("counts", ["x"], "invalid input syntax for type integer"),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_alone(url: str, column: str, value: Any, reason: str) -> None:
    results = connect(url).write("things", [create(**{column: value}), create(small=1), create(mood="good")])
    assert [result.status for result in results] == ["rejected", "ok", "ok"]
    assert reason in results[0].reason


def test_other_schemas_are_named(url: str) -> None:
    run(
        url,
        "CREATE SCHEMA crm; CREATE TABLE crm.people (id INTEGER PRIMARY KEY);CREATE VIEW crm.v AS SELECT 1 AS a",
    )
    connector = connect(url)
    assert [stream.name for stream in connector.streams()] == ["crm.people", "crm.v", "plain", "things"]
    assert connector.write("crm.people", [create(id=7)])[0].remote_id == "7"
    assert rows_of(connector, "crm.people") == [{"id": "7"}]
    inside = connect(url, schema="crm")
    assert [stream.name for stream in inside.streams()] == ["people", "v"]
    assert rows_of(inside, "people") == [{"id": "7"}]
    with pytest.raises(ConfigurationError) as caught:
        rows_of(connector, "crm.peple")
    assert caught.value.next_step == "Did you mean 'crm.people'?"


def test_a_partial_or_nullable_unique_index_is_no_key(url: str) -> None:
    run(
        url,
        "CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER UNIQUE, live BOOLEAN);"
        "CREATE UNIQUE INDEX ON t (a) WHERE live; CREATE UNIQUE INDEX ON t ((b + 1));",
    )
    streams = {stream.name: stream for stream in connect(url).streams()}
    assert streams["t"].key == ()
    run(url, "CREATE UNIQUE INDEX ON t (b)")
    assert {stream.name: stream for stream in connect(url).streams()}["t"].key == ("b",)


def test_what_triggers_do_is_seen_and_told(url: str) -> None:
    run(
        url,
        """CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.name = 'bad' THEN RAISE EXCEPTION 'no bad names'; END IF;
             IF NEW.name = 'drop' THEN RETURN NULL; END IF;
             NEW.name := upper(NEW.name); RETURN NEW; END $$;
           CREATE TRIGGER t BEFORE INSERT OR UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION loud();""",
    )
    results = connect(url).write("plain", [create(name=name) for name in ("ann", "bad", "bob", "drop", "cem")])
    assert [result.status for result in results] == ["ok", "rejected", "ok", "rejected", "ok"]
    assert [result.stored and result.stored["name"] for result in results] == [
        "ANN",
        None,
        "BOB",
        None,
        "CEM",
    ]
    assert results[1].reason == "no bad names"
    assert "trigger" in results[3].reason


def test_reasons_show_no_other_values(url: str) -> None:
    run(
        url,
        "ALTER TABLE plain ADD CHECK (name <> 'x'); INSERT INTO plain (name, nick) VALUES ('secret', 'a')",
    )
    results = connect(url).write("plain", [create(name="x", nick="b"), update("1", {}, id=5), create(nick="a")])
    assert [result.status for result in results] == ["rejected", "ok", "conflict"]
    assert results[0].reason == 'new row for relation "plain" violates check constraint "plain_name_check"'


def test_a_batch_of_thousands_keeps_its_order(url: str) -> None:
    operations = [create(name=f"n{number}", nick=str(number)) for number in range(5_000)]
    results = connect(url).write("plain", operations)
    assert [result.stored and result.stored["nick"] for result in results] == [str(number) for number in range(5_000)]
    assert [result.remote_id for result in results] == [str(number + 1) for number in range(5_000)]


def test_thousands_of_updates_are_one_statement(url: str) -> None:
    connector = connect(url)
    connector.write("plain", [create(name=f"n{number}") for number in range(3_000)])
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    results = connector.write("plain", [update(str(number), name=f"m{number}") for number in range(3_000, 0, -1)])
    event.remove(Engine, "before_cursor_execute", note)
    assert [result.stored and result.stored["name"] for result in results] == [f"m{n}" for n in range(3_000, 0, -1)]
    assert len([statement for statement in sent if statement.startswith("UPDATE plain")]) == 1


def test_an_update_that_the_database_refuses_stops_no_other(url: str) -> None:
    connector = connect(url)
    connector.write("plain", [create(nick=f"n{number}") for number in range(5)])
    results = connector.write("plain", [update(str(n), nick="n0" if n == 3 else f"m{n}") for n in range(2, 6)])
    assert [result.status for result in results] == ["ok", "rejected", "ok", "ok"]
    assert sorted(row["nick"] for row in rows_of(connector, "plain")) == ["m2", "m4", "m5", "n0", "n2"]


def test_rows_of_a_key_of_several_columns_are_updated(url: str) -> None:
    run(url, "CREATE TABLE pairs (one INTEGER, two TEXT, name TEXT, PRIMARY KEY (one, two))")
    run(url, "INSERT INTO pairs VALUES (1, 'a', 'x'), (1, 'b', 'x'), (2, 'a', 'x')")
    results = connect(url).write("pairs", [update('["1","b"]', name="y"), update('["2","a"]', two="c", name=None)])
    assert [(result.status, result.remote_id) for result in results] == [("ok", '["1","b"]'), ("ok", '["2","c"]')]
    assert run(url, "SELECT * FROM pairs ORDER BY one, two") == [(1, "a", "x"), (1, "b", "y"), (2, "c", None)]


def test_rows_without_values(url: str) -> None:
    results = connect(url).write("plain", [create(), create()])
    assert [(result.status, result.remote_id) for result in results] == [("ok", "1"), ("ok", "2")]


def test_a_wrong_password_is_told_without_showing_it(url: str) -> None:
    connector = connect(url.replace(PASSWORD, "hush-hush"))
    with pytest.raises(AuthenticationError, match="refused user synchub") as caught:
        connector.check()
    assert "hush" not in str(caught.value) + repr(caught.value) + repr(connector) + repr(vars(connector))
    assert PASSWORD not in repr(SqlSettings(url=url))  # type: ignore[arg-type]


def test_a_server_that_is_down_is_for_later(url: str) -> None:
    with pytest.raises(RetryLater, match="does not answer"):
        connect(f"postgresql://u:p@127.0.0.1:{free_port()}/x").check()


def test_an_unknown_database_is_a_matter_of_configuration(postgresql: PostgreSQL) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        connect(postgresql.url_of("nowhere")).check()


def test_missing_rights_are_named(url: str) -> None:
    run(
        url,
        "DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT SELECT ON plain TO reader",
    )
    connector = connect(url.replace(f"synchub:{PASSWORD}", "reader:r"))
    assert rows_of(connector, "plain") == []
    with pytest.raises(ConfigurationError, match=r"User reader .* may not do this"):
        connector.write("plain", [create(name="x")])
    run(url, "DROP OWNED BY reader; DROP ROLE reader")


def test_a_lost_connection_writes_nothing(url: str) -> None:
    """The server ends the session in the middle of the batch: by a trigger, so that no clock decides."""
    run(
        url,
        """CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
           CREATE TRIGGER t BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION die();
           INSERT INTO plain (name) VALUES ('ann')""",
    )
    with pytest.raises(RetryLater) as caught:
        connect(url).write("plain", [create(name="new"), update("1", {}, name="x")])
    assert "the next run finds out" in caught.value.not_done
    assert run(url, "SELECT name FROM plain") == [("ann",)]


@pytest.fixture
def elsewhere(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        yield connection


def test_a_row_that_somebody_holds_is_for_later(url: str, elsewhere: psycopg.Connection[Any]) -> None:
    run(url, "INSERT INTO plain (name) VALUES ('ann')")
    elsewhere.execute("UPDATE plain SET name = 'x'")
    connector = connect(url + "?options=-c%20lock_timeout%3D100")
    with pytest.raises(RetryLater, match="lock timeout"):
        connector.write("plain", [update("1", {"name": "ann"}, name="y")])


def test_a_row_is_locked_before_it_is_compared(url: str, elsewhere: psycopg.Connection[Any]) -> None:
    """A row that somebody holds can't even be found unchanged: what is compared has to be what is written."""
    run(url, "INSERT INTO plain (name) VALUES ('ann')")
    elsewhere.execute("UPDATE plain SET name = 'x'")
    connector = connect(url + "?options=-c%20lock_timeout%3D100")
    with pytest.raises(RetryLater, match="lock timeout"):
        connector.write("plain", [update("1", {"name": "ann"}, name="ann")])


def test_a_query_that_writes_is_stopped_by_the_server(url: str) -> None:
    run(
        url,
        "CREATE FUNCTION sly() RETURNS integer LANGUAGE sql AS 'INSERT INTO plain (name) VALUES (1) RETURNING id'",
    )
    with pytest.raises(ConfigurationError, match="may not do this: cannot execute INSERT"):
        rows_of(connect(url, queries={"q": "SELECT sly() AS a"}), "q")


def test_time_zones_of_the_server_make_no_difference(url: str) -> None:
    run(url, "INSERT INTO things (at) VALUES ('2024-05-01 12:00:00+05:30')")
    run(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET timezone TO 'Asia/Kolkata'")
    run(url, f"ALTER DATABASE {url.rpartition('/')[2]} SET datestyle TO 'German'")
    assert rows_of(connect(url), "things")[0]["at"] == "2024-05-01T06:30:00Z"


def test_late_commits_are_caught_up(url: str) -> None:
    run(
        url,
        "ALTER TABLE plain ADD at TIMESTAMPTZ;INSERT INTO plain (name, at) VALUES ('a', '2024-05-01 10:00:30Z')",
    )
    connector = connect(url, cursors={"plain": "at"})
    cursor = list(connector.read("plain", None, ()))[-1].cursor
    run(
        url,
        "INSERT INTO plain (name, at) VALUES ('late', '2024-05-01 10:00:00Z'), ('old', '2024-05-01 09:00:00Z')",
    )
    rows = [row for page in connector.read("plain", cursor, ()) for row in pl.DataFrame(page.rows).to_dicts()]
    assert [row["name"] for row in rows] == ["a", "late"]


def test_the_last_minute_is_read_again_only_until_nothing_can_be_late_any_more(url: str) -> None:
    """A table that was filled at once is not read whole for ever."""
    host = LocalHost("shop", Path("/"))
    connector = Sql(SqlSettings(url=url, cursors={"plain": "at"}), host)

    def read(cursor: Any) -> tuple[list[str], Any]:
        pages = list(connector.read("plain", cursor, ()))
        return [row["name"] for page in pages for row in pl.DataFrame(page.rows).to_dicts()], pages[-1].cursor

    run(
        url,
        "ALTER TABLE plain ADD at TIMESTAMPTZ;INSERT INTO plain (name, at) VALUES ('a', '2024-05-01 10:00:00Z'), "
        "('b', '2024-05-01 10:00:30Z')",
    )
    _, cursor = read(None)
    host.sleep(59)
    names, cursor = read(cursor)
    assert names == ["a", "b"]
    names, cursor = read(cursor)
    assert names == ["a", "b"]  # it could still have been late when this was last read
    host.sleep(1)
    names, cursor = read(cursor)
    assert names == ["a", "b"]
    names, cursor = read(cursor)
    assert names == ["b"]
    run(url, "INSERT INTO plain (name, at) VALUES ('c', '2024-05-01 10:00:50Z')")
    names, cursor = read(cursor)
    assert names == ["b", "c"]
    names, cursor = read(cursor)
    assert names == ["a", "b", "c"]


AFTERWARDS = """
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE plain SET name = upper(name) WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION shout()
"""
RULE = "CREATE RULE r AS ON INSERT TO plain DO ALSO UPDATE plain SET name = upper(name)"


@pytest.mark.parametrize("change", [AFTERWARDS, RULE])
def test_a_create_tells_what_happens_after_the_insert(url: str, change: str) -> None:
    run(url, change)
    (result,) = connect(url).write("plain", [create(name="ann")])
    assert run(url, "SELECT name FROM plain") == [("ANN",)]
    assert result.stored
    assert result.stored["name"] == "ANN"


def test_a_create_tells_what_a_trigger_of_a_partition_does(url: str) -> None:
    run(
        url,
        """CREATE TABLE parted (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
           CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10);
           CREATE FUNCTION low() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             UPDATE parted SET name = lower(name) WHERE id = NEW.id; RETURN NULL; END $$;
           CREATE TRIGGER t AFTER INSERT ON low FOR EACH ROW EXECUTE FUNCTION low()""",
    )
    (result,) = connect(url).write("parted", [create(id=1, name="Ann")])
    assert result.stored == {"id": "1", "name": "ann"}
