"""Expressions: what they come to, against SQLite where the two mean the same; and what is not let through."""

from __future__ import annotations

import re
import sqlite3

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synchub.mapping.sql import column_names, parse_scalar, translate
from synchub.mapping.terms import Refused, Term, text_term


def term(text: str) -> Term:
    tree = parse_scalar(text)
    return translate(tree, {name: text_term(name) for name in column_names(tree)})


def come_to(text: str, **columns: str | None) -> str | None:
    """What an expression comes to, as text, over one row."""
    frame = pl.DataFrame({name: pl.Series([value], dtype=pl.String) for name, value in columns.items()} or {"_": [0]})
    return frame.select(term(text).text()).item()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a || ' ' || b", "Ann Lee"),
        ("a || missing", None),
        ("concat(a, missing, b)", "AnnLee"),
        ("concat_ws(' ', a, missing, b)", "Ann Lee"),
        ("coalesce(missing, blank, b)", "Lee"),
        ("nullif(a, 'Ann')", None),
        ("nullif(n, 5)", "12"),
        ("upper(a)", "ANN"),
        ("initcap('ann lee')", "Ann Lee"),
        ("trim('  x ')", "x"),
        ("trim(BOTH 'x' FROM 'xax')", "a"),
        ("ltrim('  x ')", "x "),
        ("length(a)", "3"),
        ("substr(a, 2)", "nn"),
        ("substr(a, 1, 2)", "An"),
        ("left(a, 1)", "A"),
        ("right(a, 2)", "nn"),
        ("replace(a, 'n', 'm')", "Amm"),
        ("replace(a, '.', 'm')", "Ann"),
        ("split_part('a-b-c', '-', 2)", "b"),
        ("split_part('a-b-c', '-', 9)", None),
        ("n + 1", "13"),
        ("n * 0.1", "1.2"),
        ("n / 5", "2.4"),
        ("n / 0", None),
        ("n % 5", "2"),
        ("a + 1", None),
        ("-n", "-12"),
        ("(n + 1) * 2", "26"),
        ("round(n / 7, 2)", "1.71"),
        ("greatest(n, 20)", "20"),
        ("least(n, missing)", None),
        ("abs(-3)", "3"),
        ("floor(2.7) || ''", "2"),
        ("cast('12.7' as integer)", "12"),
        ("cast(n as text) || '!'", "12!"),
        ("case when n > 10 then 'big' else 'small' end", "big"),
        ("case n when 12 then 'twelve' end", "twelve"),
        ("case a when 'Bo' then 1 end", None),
        ("case when missing = 'x' then 1 else 2 end", "2"),
        ("if(n > 100, 'big', 'small')", "small"),
        ("n > 9", "true"),
        ("n between 10 and 12", "true"),
        ("a = 'ann'", "false"),
        ("a in ('Ann', 'Bo')", "true"),
        ("n in (1, 12)", "true"),
        ("a like 'A%'", "true"),
        ("a like '_nn'", "true"),
        ("a like 'a%'", "false"),
        ("a ilike 'a%'", "true"),
        ("'50%' like '50!%' escape '!'", "true"),
        ("'a.c' like 'abc'", "false"),
        ("contains(a, 'nn')", "true"),
        ("starts_with(a, 'A')", "true"),
        ("missing is null", "true"),
        ("blank is not null", "false"),
        ("missing = missing", None),
        ("not missing = 'x'", None),
        ("yes is true", "true"),
        ("missing is true", "false"),
        ("yes = true", "true"),
        ("true and missing = 'x'", None),
        ("false and missing = 'x'", "false"),
        ("true or missing = 'x'", "true"),
        ('"first name" || "x.y"', "Ann.7"),
    ],
)
def test_what_expressions_come_to(text: str, value: str | None) -> None:
    columns = {"a": "Ann", "b": "Lee", "n": "12", "missing": None, "blank": "", "yes": "true"}
    assert come_to(text, **columns, **{"first name": "Ann.", "x.y": "7"}) == value


def test_dots_reach_into_nested_fields() -> None:
    assert column_names(parse_scalar('address.city || "a b" || address.city')) == ("address.city", "a b")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pg_sleep(10)", "uses pg_sleep()"),
        ("load_extension('x')", "uses load_extension()"),
        ("(select 1)", "uses SUBQUERY"),
        ("select a from b", "uses SELECT"),
        ("a in (select b from c)", "uses IN"),
        ("a; drop table b", "one single expression"),
        ("drop table b", "uses DROP"),
        ("current_timestamp", "which is not allowed"),
        ("random()", "which is not allowed"),
        ("a ||", "can't be understood"),
        ("", "one single expression"),
        ("a like b", "uses LIKE with something other than a text"),
        ("left(a, b)", "uses LEFT with something other than a whole number"),
        ("left(a, 99999999)", "uses LEFT with a number above"),
        ("substr(a, 0)", "uses SUBSTR with a start below 1"),
        ("replace(a, b, c)", "uses REPLACE with something other than a text"),
        ("cast(a as date)", "casts to DATE"),
        ("regexp_replace(a, '(a+)+', 'b')", "which is not allowed"),
        ("sum(a)", "which is not allowed"),
        ("row_number() over ()", "which is not allowed"),
        ("a is b", "uses IS"),
        ("'" + "x" * 5000 + "'", "is longer than 4000 characters"),
        ("(" * 1900 + "a" + ")" * 1900, ""),
    ],
)
def test_what_is_not_let_through(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        term(text)
    assert reason in str(refusal.value)


def test_a_field_that_is_not_there_is_told() -> None:
    with pytest.raises(Refused, match="names b, which is not a field here"):
        translate(parse_scalar("a || b"), {"a": text_term("a")})


LEAVES = st.sampled_from(["n", "m", "1", "0", "2.5", "-3"])


def _arithmetic(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from(["+", "-", "*", "/"]), parts),
        st.builds("(- {})".format, parts),
        st.builds("abs({})".format, parts),
        st.builds("coalesce({}, {})".format, parts, parts),
        st.builds("nullif({}, {})".format, parts, parts),
    )


NUMERIC = st.recursive(LEAVES, _arithmetic, max_leaves=6)
COMPARED = st.builds("({} {} {})".format, NUMERIC, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), NUMERIC)
LOGIC = st.recursive(
    st.one_of(
        COMPARED,
        st.builds("({} between {} and {})".format, NUMERIC, NUMERIC, NUMERIC),
        st.builds("({} is null)".format, NUMERIC),
    ),
    lambda parts: st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from(["and", "or"]), parts),
        st.builds("(not {})".format, parts),
    ),
    max_leaves=5,
)
CHOICES = st.builds(
    "(case when {} then {} when {} then {} else {} end)".format, LOGIC, NUMERIC, LOGIC, NUMERIC, NUMERIC
)
VALUES = st.one_of(st.none(), st.integers(-4, 4).map(float), st.sampled_from([0.5, 2.5]))


def _number(text: str) -> pl.Expr:
    """An expression over n and m, which are declared to be numbers, as a number."""
    columns = {name: Term(text_term(name).number(), "number") for name in ("n", "m")}
    return translate(parse_scalar(text), columns).number()


@settings(deadline=None, max_examples=150)
@given(st.one_of(NUMERIC, LOGIC, CHOICES), st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5))
def test_numbers_and_logic_agree_with_sqlite(text: str, rows: list[tuple[float | None, float | None]]) -> None:
    frame = pl.DataFrame(
        {
            "n": pl.Series([None if n is None else repr(n) for n, _ in rows], dtype=pl.String),
            "m": pl.Series([None if m is None else repr(m) for _, m in rows], dtype=pl.String),
        }
    )
    found = frame.select(_number(text)).to_series()
    found = found.new_from_index(0, len(rows)) if len(found) == 1 else found
    database = sqlite3.connect(":memory:")
    # SQLite divides whole numbers without remainder; written with a point they are none.
    floats = re.sub(r"(?<![.\d])(\d+)(?![.\d])", r"\1.0", text)
    for (n, m), got in zip(rows, found, strict=True):
        [expected] = database.execute(f"select {floats} from (select ? as n, ? as m)", (n, m)).fetchone()
        if expected is None or got is None:
            assert got == expected, text
        else:
            assert got == pytest.approx(float(expected), rel=1e-9, abs=1e-9), text
    database.close()
