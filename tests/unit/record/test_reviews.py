"""Questions: asked by the thousand in a few statements, each once."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import Connection
from unit.record.statements import counted

from synchub.record import reviews


def ask(tx: Connection, *subjects: str, record: int | None = None, **details: Any) -> None:
    asked = pl.DataFrame(
        [{"subject": subject, "record": record, **details} for subject in subjects],
        schema_overrides={"record": pl.Int64},
    )
    reviews.ask(tx, "contact", "match", asked, run=3)


def opened(tx: Connection) -> list[tuple[int, str]]:
    return [(one["id"], one["subject"]) for one in reviews.questions(tx)]


def test_details_are_kept_as_they_were_given(tx: Connection) -> None:
    ask(tx, "1:a", record=7, reason='he said "no", Ü', could_be=["x-1", "x-2"], link=5, other=None)

    (one,) = reviews.questions(tx)
    assert one["details"] == {"reason": 'he said "no", Ü', "could_be": ["x-1", "x-2"], "link": 5, "other": None}
    assert (one["entity"], one["kind"], one["subject"], one["record"], one["run"]) == ("contact", "match", "1:a", 7, 3)


def test_the_same_is_asked_once_and_its_details_are_refreshed(tx: Connection) -> None:
    ask(tx, "1:a", "1:b", reason="then")
    ask(tx, "1:b", "1:c", reason="now")

    assert opened(tx) == [(1, "1:a"), (2, "1:b"), (3, "1:c")]
    assert [one["details"]["reason"] for one in reviews.questions(tx)] == ["then", "now", "now"]


def test_one_that_was_answered_is_not_asked_again_one_that_closed_is(tx: Connection) -> None:
    ask(tx, "1:a", "1:b", reason="then")
    reviews.answer(tx, 1, "new")
    reviews.close(tx, "contact", "match", "1:b")
    ask(tx, "1:a", "1:b", reason="then")

    assert opened(tx) == [(2, "1:b")]
    assert [one["subject"] for one in reviews.questions(tx, reviews.ANSWERED)] == ["1:a"]


def test_a_subject_that_comes_twice_is_one_question(tx: Connection) -> None:
    ask(tx, "1:a", "1:a", reason="then")

    assert opened(tx) == [(1, "1:a")]


def test_questions_that_are_over_close_only_those_of_these_records(tx: Connection) -> None:
    for number, subject in enumerate(["1:a", "1:b", "1:c"], start=1):
        ask(tx, subject, record=number, reason="then")
    reviews.close_missing(tx, "contact", "match", pl.Series(["1:a"]), records=pl.Series([1, 2]))
    assert opened(tx) == [(1, "1:a"), (3, "1:c")]

    reviews.close_missing(tx, "contact", "other", pl.Series(["1:a"]))
    reviews.close_missing(tx, "contact", "other", pl.Series(["1:a"]), records=pl.Series([1, 2, 3]))
    assert opened(tx) == [(1, "1:a"), (3, "1:c")]

    reviews.close_missing(tx, "contact", "match", pl.Series(["1:a"]))
    assert opened(tx) == [(1, "1:a")]


def test_thousands_take_a_few_statements(tx: Connection) -> None:
    subjects = [f"1:{number}" for number in range(3_000)]
    with counted(tx) as sent:
        ask(tx, *subjects, reason="then")
        ask(tx, *subjects, reason="now")
        reviews.close_missing(tx, "contact", "match", pl.Series(subjects[:-1]))

    assert len(opened(tx)) == 2_999
    assert len(sent) < 30
