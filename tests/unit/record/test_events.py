"""Events in the store: finding out what is to be passed on."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection

from synchub.record import bulk, events, marks, tables

SHOP, WEB = 3, 2


def passed_on(tx: Connection, count: int) -> None:
    """So many events, all passed on to the shop, and written down when they were."""
    numbers = pl.DataFrame({"id": pl.int_range(count, dtype=pl.Int64, eager=True)})
    nothing: dict[str, Any] = {"run": pl.lit(1), "member": pl.lit(WEB), "remote_id": pl.col("id").cast(pl.String)}
    both = {"record": pl.col("id"), "member": pl.lit(SHOP), "remote_id": pl.col("id").cast(pl.String)}
    event = {
        "entity": pl.lit("event"),
        "hash": pl.col("id"),
        "record": pl.lit(7),
        "body": pl.lit(""),
        "dirty": pl.lit(-1),
    }
    link = {"made": pl.lit(1), "first_run": pl.lit(1), "first_seq": pl.lit(0)}
    done = {"run": pl.lit(1), "at": pl.lit(0), "change": pl.lit(""), "kind": pl.lit("create"), "state": pl.lit("done")}
    for table, columns in (
        (tables.event, nothing | event),
        (tables.link, both | link),
        (tables.operation, both | done),
    ):
        bulk.insert(tx, table, numbers.with_columns(**columns))


def asked(tx: Connection) -> list[tuple[int, int]]:
    return events.not_passed_on(tx, "event", 1, SHOP, [SHOP]).select("id", "held").rows()


def test_what_is_to_be_passed_on(tx: Connection) -> None:
    passed_on(tx, 6)
    tx.exec_driver_sql("DELETE FROM link WHERE id IN (1, 2, 3, 4)")
    tx.exec_driver_sql("UPDATE operation SET state = 'open' WHERE id = 1")
    tx.exec_driver_sql("UPDATE operation SET state = 'rejected' WHERE id = 2")
    tx.exec_driver_sql("UPDATE event SET dirty = 2 WHERE id = 4")
    assert asked(tx) == [(1, 1), (2, 1), (3, 0)]
    assert asked_by_a_person(tx, 3) == [(1, 1), (2, 1), (3, 1)]
    marks.take_off(tx, pl.Series([1, 3]), 2, tables.event)
    assert asked(tx) == [(2, 1)]


def asked_by_a_person(tx: Connection, event: int) -> list[tuple[int, int]]:
    """The same when nobody knows whether an event was made there."""
    question = {
        "id": 1,
        "record": event,
        "run": 1,
        "entity": "event",
        "kind": "unanswered",
        "details": "{}",
        "state": "open",
    }
    tx.execute(tables.review.insert().values(**question, subject=f"{SHOP}:{event}"))
    return asked(tx)


@pytest.mark.parametrize("tx", ["sqlite"], indirect=True)
def test_to_find_it_out_costs_no_more_for_each_event_the_more_there_are(tx: Connection) -> None:
    """As many events and operations again are as many steps of SQLite's machine again, or a little more, whether the events
    were passed on or not."""

    def steps(count: int) -> int:
        passed_on(tx, count)
        tx.exec_driver_sql("DELETE FROM link WHERE id % 2 = 0")
        done: list[int] = []
        opened: Any = tx.connection.dbapi_connection
        opened.set_progress_handler(lambda: done.append(1), 100)
        assert len(asked(tx)) == count // 2
        opened.set_progress_handler(None, 0)
        for table in ("event", "link", "operation"):
            tx.exec_driver_sql(f"DELETE FROM {table}")
        return len(done)

    few = steps(300)
    assert steps(1200) < 6 * few
