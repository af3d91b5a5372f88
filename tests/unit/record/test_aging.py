"""What leaves the store after a while, and what never does."""

from __future__ import annotations

import polars as pl
import pytest
from sqlalchemy import Connection, Table, text
from unit.record.statements import counted

from synchub.record import aging, bulk, journal, tables
from synchub.spec.job import Entity

HOUR = 3_600_000_000
PEOPLE = Entity("contact", {}, rules={"tags": ("union",), "city": ("newest",)})
MANY = aging.NEWEST + aging.AT_ONCE


def a_run(tx: Connection, *, at: int, state: str = "done", kind: str = "sync", sync: str = "people") -> int:
    """A run at that hour; its number."""
    number = journal.begin(tx, sync=sync, entity="contact", kind=kind, now=at * HOUR, holder="a test")
    if state != "running":
        journal.end(tx, number, state=state, now=at * HOUR, summary={})
    return number


def runs(tx: Connection) -> list[int]:
    return list(tx.execute(text("SELECT id FROM run ORDER BY id")).scalars())


def put(tx: Connection, table: Table, **values: int | str | None) -> None:
    """A row with these values, and anything in its other columns."""
    row = {name: values.get(name, 7 if kind == pl.Int64 else "x") for name, kind in bulk.schema_of(table).items()}
    tx.execute(table.insert().values(**row))


def test_runs_that_changed_nothing_go_but_the_newest(tx: Connection) -> None:
    numbers = [a_run(tx, at=hour) for hour in range(MANY)]
    aging.thin_out(tx, "people", quiet=MANY * HOUR, old=0)
    assert runs(tx) == numbers[aging.AT_ONCE :]
    assert a_run(tx, at=MANY) == numbers[-1] + 1


def test_a_run_that_is_young_stays(tx: Connection) -> None:
    """Also one that began while the machine's clock was ahead."""
    ahead = a_run(tx, at=1000)
    numbers = [a_run(tx, at=hour) for hour in range(MANY + 30)]
    aging.thin_out(tx, "people", quiet=(aging.AT_ONCE + 10) * HOUR, old=0)
    assert runs(tx) == [ahead, *numbers[aging.AT_ONCE + 10 :]]


def test_runs_go_by_the_hundred(tx: Connection) -> None:
    """Looking for what names them means to read whole tables."""
    numbers = [a_run(tx, at=hour) for hour in range(MANY - 1)]
    aging.thin_out(tx, "people", quiet=MANY * HOUR, old=0)
    assert runs(tx) == numbers


def test_another_sync_is_left_alone(tx: Connection) -> None:
    others = [a_run(tx, at=0, sync="firms") for _ in range(MANY)]
    own = [a_run(tx, at=0) for _ in range(MANY)]
    aging.thin_out(tx, "people", quiet=HOUR, old=0)
    assert runs(tx) == [*others, *own[aging.AT_ONCE :]]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column.name)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if column.name in ("run", "tomb") or column.name.endswith("_run")
    ],
    ids=lambda given: getattr(given, "name", given),
)
def test_a_run_that_something_names_stays(tx: Connection, table: Table, column: str) -> None:
    numbers = [a_run(tx, at=0) for _ in range(MANY)]
    nulls = dict.fromkeys(("tomb", "deleted_run", "stale_run"))
    numbered = {"first_run": -1, "made_run": -1, "run": -1}
    put(tx, table, **{**nulls, **numbered, column: numbers[3]})
    put(tx, tables.link, **{**nulls, **numbered, "id": 8, "remote_id": "y", "member": 8})
    aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    assert runs(tx) == [numbers[3], *numbers[aging.AT_ONCE :]]


def test_a_run_that_was_not_done_stays_as_long_as_history(tx: Connection) -> None:
    failed = [a_run(tx, at=0, state="failed") for _ in range(aging.AT_ONCE)]
    numbers = [a_run(tx, at=0) for _ in range(MANY)]
    aging.thin_out(tx, "people", quiet=HOUR, old=0)
    assert runs(tx) == [*failed, *numbers[aging.AT_ONCE :]]
    aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    assert runs(tx) == [failed[-1], *numbers[aging.AT_ONCE :]]


def test_the_last_run_that_was_done_stays(tx: Connection) -> None:
    """Without it the sync would count as one that never ran, and would accept new members by itself."""
    done = [a_run(tx, at=0) for _ in range(3)]
    failed = [a_run(tx, at=0, state="failed") for _ in range(MANY)]
    aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    assert runs(tx) == [done[-1], *failed[aging.AT_ONCE :]]
    assert journal.has_run(tx, "people")


def test_decisions_and_what_is_under_way_stay(tx: Connection) -> None:
    decided = a_run(tx, at=0, kind="merge")
    numbers = [a_run(tx, at=0, state="failed") for _ in range(MANY + 3)]
    under_way = numbers[:2]
    tx.execute(
        text("UPDATE run SET state = 'writing' WHERE id BETWEEN :one AND :other"),
        dict(zip(("one", "other"), under_way, strict=True)),
    )
    aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    assert runs(tx) == [decided, *under_way, *numbers[aging.AT_ONCE + 3 :]]


def test_no_run_is_looked_at_twice(tx: Connection) -> None:
    """Otherwise a busy hub would read whole tables at the end of every run."""
    numbers = [a_run(tx, at=0) for _ in range(MANY)]
    for number in numbers:
        put(tx, tables.history, id=number, run=number)
    with counted(tx) as first:
        aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    with counted(tx) as second:
        aging.thin_out(tx, "people", quiet=HOUR, old=HOUR)
    assert [sum(one.startswith("DELETE") for one in sent) for sent in (first, second)] == [2, 0]


def test_replaced_claims_go_and_the_latest_stays(tx: Connection) -> None:
    old, new = a_run(tx, at=0), a_run(tx, at=2)
    for seq, (run, field) in enumerate([(old, "city"), (old, "tags"), (new, "city"), (new, "tags"), (old, "email")]):
        put(tx, tables.claim, seq=seq, link=1, field=field, run=run)
    aging.age_out(tx, PEOPLE, before=HOUR)
    assert list(tx.execute(text("SELECT seq FROM claim ORDER BY seq")).scalars()) == [1, 2, 3, 4]


def test_journals_and_what_was_seen_in_passing_go(tx: Connection) -> None:
    old, new = a_run(tx, at=0), a_run(tx, at=2)
    states = ["done", "failed", "dropped", "open", "rejected"]
    for number, state in enumerate(states):
        put(tx, tables.operation, id=number, run=old, state=state)
        put(tx, tables.operation, id=10 + number, run=new, state=state)
    put(tx, tables.history, id=1, run=old)
    put(tx, tables.history, id=2, run=new)
    aging.age_out(tx, PEOPLE, before=HOUR)
    assert list(tx.execute(text("SELECT id FROM operation ORDER BY id")).scalars()) == [3, 4, 10, 11, 12, 13, 14]
    assert list(tx.execute(text("SELECT id FROM history")).scalars()) == [2]


def test_whole_tables_are_read_once_a_day(tx: Connection) -> None:
    day = 24 * HOUR
    for before, statements in ((day - 1, 3), (day - 1, 0), (day, 3), (HOUR, 0)):
        with counted(tx) as sent:
            aging.age_out(tx, PEOPLE, before=before)
        assert sum(one.startswith("DELETE") for one in sent) == statements
