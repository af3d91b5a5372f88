"""Rows by their numbers: found, changed, and nothing of it kept in memory."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection
from unit.record.statements import reading_whole_tables

from synchub.record import bulk, marks, tables

PEOPLE = 1000


@pytest.fixture
def tx(tx: Connection) -> Connection:
    """A store with a thousand records in it."""
    numbers = {"id": range(PEOPLE), "dirty": 3, "void_before": 0, "made_run": 1}
    frame = pl.DataFrame(numbers, schema=dict.fromkeys(numbers, pl.Int64))
    bulk.insert(tx, tables.record, frame.with_columns(entity=pl.lit("contact"), golden=pl.lit("x")))
    return tx


@pytest.mark.parametrize(
    "wanted", [[], [7], range(100, 900), range(0, PEOPLE, 2)], ids=["none", "one", "in a row", "scattered"]
)
def test_rows_by_their_numbers(tx: Connection, wanted: list[int]) -> None:
    found = bulk.rows_of(tx, tables.record, "id", wanted)
    assert sorted(found["id"]) == list(wanted)
    assert found.schema == bulk.schema_of(tables.record)
    assert set(found["golden"]) <= {"x"}


def test_the_same_values_for_many_rows(tx: Connection) -> None:
    some = pl.Series([1, 2, 3], dtype=pl.Int64)
    bulk.put(tx, tables.record, some, deleted_run=5, joined_into=9)
    bulk.put(tx, tables.record, some.head(1), deleted_run=None)
    marks.take_off(tx, some.tail(1), 2)
    rows = bulk.rows_of(tx, tables.record, "id", range(5)).sort("id")
    assert rows["deleted_run"].to_list() == [None, None, 5, 5, None]
    assert rows["joined_into"].to_list() == [None, 9, 9, 9, None]
    assert rows["dirty"].to_list() == [3, 3, 3, 2, 3]


def test_a_statement_that_lists_numbers_is_not_kept(tx: Connection) -> None:
    """Each is another one: hundreds would lie in memory, in place of those that come again."""
    kept: dict[Any, Any] = {}
    tx.execution_options(compiled_cache=kept)
    for number in range(50):
        bulk.rows_of(tx, tables.record, "id", [number, number + 1])
        bulk.put(tx, tables.record, pl.Series([number], dtype=pl.Int64), deleted_run=number)
        marks.take_off(tx, pl.Series([number], dtype=pl.Int64), 2)
    marks.mark_all(tx, "contact", 1)
    assert len(kept) == 2


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_what_is_the_same_throughout_is_stored_in_every_row(tx: Connection, count: int) -> None:
    numbers = pl.int_range(5000, 5000 + count, dtype=pl.Int64, eager=True)
    alike = {"entity": pl.lit("it's"), "golden": pl.lit(""), "dirty": pl.lit(-1), "made_run": pl.lit(7)}
    nothing = pl.lit(None, dtype=pl.Int64)
    some = pl.when(pl.col("id") > 5000).then(pl.lit(9)).cast(pl.Int64)
    rows = numbers.to_frame("id").with_columns(**alike, void_before=pl.lit(0), deleted_run=nothing, joined_into=some)
    bulk.insert(tx, tables.record, rows)
    stored = bulk.rows_of(tx, tables.record, "id", numbers).sort("id")
    assert stored.rows() == rows.select(pl.col(name).cast(kind) for name, kind in stored.schema.items()).rows()


@pytest.mark.parametrize("tx", ["sqlite"], indirect=True)
def test_what_people_decided_is_looked_up_by_an_index(tx: Connection) -> None:
    """Whoever looks at some records must not read all claims that there are."""
    with reading_whole_tables() as found:
        bulk.rows_of(tx, tables.claim, "record", range(500), link=None)
    assert found == []
