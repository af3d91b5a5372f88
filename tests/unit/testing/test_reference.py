"""The reference merge that simulated histories are compared with, on words of which anybody can tell what they come to."""

from __future__ import annotations

from datetime import datetime

from synchub.testing.memory import moment
from synchub.testing.simulation.hearing import NEVER, Row, Word
from synchub.testing.simulation.reference import furthest, highest, newest, union

CRM, SHOP = ("crm", "1"), ("shop", "7")


def rank(row: Row) -> tuple[int, str]:
    return (("crm", "shop").index(row[0]), row[1])


def word(row: Row, value: str, at: datetime, *, base: str = "", late: datetime | None = None) -> Word:
    return Word(row, "job_title", value, base, at, late or at, 1, False)


def test_newest_is_the_last_word_of_a_row_then_the_last_of_all() -> None:
    said = [word(CRM, "old", moment(1)), word(SHOP, "mine", moment(3)), word(CRM, "new", moment(2))]
    assert newest(said, rank) == {"mine"}
    assert newest([*said, word(CRM, "", moment(4))], rank) == {""}
    assert newest([*said, word(SHOP, "by a clock that was put back", moment(1))], rank) == {"new"}


def test_at_one_time_the_first_member_is_right() -> None:
    assert newest([word(SHOP, "b", moment(2)), word(CRM, "a", moment(2))], rank) == {"a"}
    assert newest([word(SHOP, "b", NEVER), word(CRM, "a", NEVER)], rank) == {"a"}


def test_where_times_are_not_known_exactly_either_will_do() -> None:
    said = [word(CRM, "a", moment(1), late=moment(3)), word(SHOP, "b", moment(2))]
    assert newest(said, rank) == {"a", "b"}


def test_highest_looks_at_what_is_said_now_and_furthest_at_all() -> None:
    said = [word(CRM, "9", moment(1)), word(SHOP, "5", moment(1)), word(CRM, "3", moment(2))]
    assert highest(said, rank) == {"5"}
    stages = [word(CRM, "customer", moment(1)), word(CRM, "lead", moment(2))]
    assert furthest(stages, rank) == {"customer"}


def test_of_an_element_the_last_addition_or_removal_decides() -> None:
    said = [word(CRM, '["a","b"]', moment(1)), word(SHOP, '["b"]', moment(2), base='["a","b"]')]
    assert union(said, rank) == {'["b"]'}
    assert union([*said, word(CRM, '["a","b","c"]', moment(2), base='["b"]')], rank) == {'["a","b","c"]'}


def test_a_removal_that_may_be_older_or_younger_is_not_judged() -> None:
    said = [word(CRM, '["a"]', moment(2)), word(SHOP, "", moment(1), base='["a"]', late=moment(3))]
    assert union(said, rank) is None
