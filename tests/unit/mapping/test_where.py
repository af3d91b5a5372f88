"""Filters on golden fields."""

from __future__ import annotations

import polars as pl
import pytest
from unit.mapping.making import CONTACT

from synchub.errors import ConfigurationError
from synchub.mapping import compile_where, where_problems

GOLDEN = pl.DataFrame(
    {
        "email": ["ann@example.com", "bo@example.org", "", None],
        "lead_score": ["60", "9", "", None],
        "opted_out": ["true", "false", "", None],
        "birthday": ["1980-05-01", "2001-01-01", "", None],
        "revenue": ["100.00 EUR", "9.50 USD", "", None],
        "tags": ['["big","vip"]', '["vip gold"]', "", None],
        "country": ["DE", "AT", "", None],
    }
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lead_score >= 50", [True, False, False, False]),
        ("opted_out", [True, False, False, False]),
        ("not opted_out", [False, True, False, False]),
        ("opted_out = false", [False, True, False, False]),
        ("coalesce(opted_out, false) = false", [False, True, True, True]),
        ("birthday >= '2000-01-01'", [False, True, False, False]),
        ("revenue > 10", [True, False, False, False]),
        ("contains(tags, 'vip')", [True, False, False, False]),
        ("tags like '%\"vip\"%'", [True, False, False, False]),
        ("country in ('DE', 'CH') and lead_score > 5", [True, False, False, False]),
        ("email is null", [False, False, True, True]),
        ("email like '%.org' or lead_score = 60", [True, True, False, False]),
        ("city = 'Bonn'", [False, False, False, False]),
        ("city is null", [True, True, True, True]),
        ("1 = 1", [True, True, True, True]),
        ("null = 1", [False, False, False, False]),
    ],
)
def test_which_records_a_filter_holds_for(text: str, holds: list[bool]) -> None:
    assert where_problems(text, CONTACT) == []
    assert compile_where(text, CONTACT)(GOLDEN).to_list() == holds


def test_no_records_give_no_answers() -> None:
    assert compile_where("lead_score > 1", CONTACT)(GOLDEN.head(0)).to_list() == []
    assert compile_where("1 = 1", CONTACT)(GOLDEN.head(0)).to_list() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "leadscore >= 50",
            "the filter names leadscore, which is no field of contact; did you mean lead_score?",
        ),
        ("email", "the filter is not a condition: it must be true or false"),
        ("lead_score >=", "the filter can't be understood"),
        ("exists (select 1)", "which is not allowed"),
    ],
)
def test_what_is_wrong_with_a_filter(text: str, problem: str) -> None:
    [told] = where_problems(text, CONTACT)
    assert problem in told
    with pytest.raises(ConfigurationError):
        compile_where(text, CONTACT)
