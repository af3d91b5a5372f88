"""Native text: what plain values and Arrow data become, and what connectors are handed back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.mapping import native_frame, native_text, native_value, native_values
from synchub.model import FieldType


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" as it is ", " as it is "),
        (7, "7"),
        (True, "true"),
        (12.0, "12"),
        (12.5, "12.5"),
        (1e16, "10000000000000000"),
        (1e-7, "0.0000001"),
        (float("nan"), None),
        (Decimal("12.50"), "12.5"),
        (Decimal("1E+3"), "1000"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 10, 23, tzinfo=UTC), "2024-05-01T10:23:00+00:00"),
        (time(10, 23), "10:23:00"),
        (["b", "a"], '["b","a"]'),
        ({"b": 1, "a": Decimal("2.5")}, '{"a":2.5,"b":1}'),
        ([], None),
        ({}, None),
        (None, None),
        (b"caf\xc3\xa9", "café"),
    ],
)
def test_plain_values_as_text(value: object, text: str | None) -> None:
    assert native_text(value) == text


@pytest.mark.parametrize("value", [None, "", "  \t", [], float("nan"), "\ufeff"])
def test_empty_is_blank(value: object) -> None:
    assert native_frame([{"a": value}], ["a"])["a"].to_list() == [""]


def test_a_field_that_is_delivered_but_missing_in_a_row_is_blank() -> None:
    frame = native_frame([{"a": "x"}, {}], ["a"], delivered=["a"])
    assert frame["a"].to_list() == ["x", ""]


def test_a_field_that_is_not_delivered_is_absent_even_if_a_row_has_it() -> None:
    frame = native_frame([{"a": "x", "b": "y"}], ["a", "b"], delivered=["a"])
    assert frame.rows() == [("x", None)]


def test_an_exact_name_wins_over_a_nested_one() -> None:
    row = {
        "address.city": "flat",
        "address": {"city": "nested", "zip": 10115},
        "mails": [{"value": "a@b.de"}],
    }
    frame = native_frame([row], ["address.city", "address.zip", "mails.0.value", "address.none", "mails.7.value"])
    assert frame.row(0) == ("flat", "10115", "a@b.de", "", "")


def test_a_nested_field_counts_as_delivered_with_what_holds_it() -> None:
    frame = native_frame([{"address": {"city": "Bonn"}}], ["address.city", "phone.home"], delivered=["address"])
    assert frame.row(0) == ("Bonn", None)


def test_a_name_with_dots_inside_a_nested_object() -> None:
    assert native_frame([{"p": {"a.b": {"c": 1}}}], ["p.a.b.c"]).item() == "1"


def test_no_rows_give_no_rows() -> None:
    frame = native_frame([], ["a", "b"])
    assert frame.shape == (0, 2)
    assert frame.dtypes == [pl.String, pl.String]


def test_arrow_data_becomes_the_same_text_as_plain_rows() -> None:
    rows: list[dict[str, Any]] = [
        {
            "i": 7,
            "f": 12.0,
            "g": 0.1,
            "big": 1e16,
            "b": True,
            "d": date(1960, 2, 29),
            "t": datetime(2024, 5, 1, 10, 23, 0, 5),
            "u": datetime(2024, 5, 1, 10, 23, tzinfo=UTC),
            "n": Decimal("12.50"),
            "s": {"city": "Bonn", "zip": [53111]},
            "l": ["b", "a"],
            "x": None,
            "w": " ",
        },
        dict.fromkeys("ifgbdtunslxw"),
    ]
    fields = ["i", "f", "g", "big", "b", "d", "t", "u", "n", "s.city", "s.zip.0", "s", "l", "x", "w", "none"]
    plain = native_frame(rows, fields)
    arrow = native_frame(pl.DataFrame(rows, infer_schema_length=None), fields)
    assert arrow.to_dicts() == plain.to_dicts()


@given(st.lists(st.floats(allow_infinity=False) | st.integers(-(2**53), 2**53).map(float), min_size=1))
def test_floats_of_both_doors_read_back_as_themselves(values: list[float]) -> None:
    arrow = native_frame(pl.DataFrame({"a": values}), ["a"])["a"].to_list()
    plain = native_frame([{"a": value} for value in values], ["a"])["a"].to_list()
    for value, one, other in zip(values, arrow, plain, strict=True):
        if value != value:
            assert one == other == ""
        else:
            assert float(one) == float(other) == value
            assert "e" not in one.lower() or abs(value) > 1e30 or abs(value) < 1e-30


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", "text", None),
        ("", "integer", None),
        ("x", "text", "x"),
        ("12", "integer", 12),
        ("12.0", "integer", 12),
        ("12.5", "integer", "12.5"),
        ("12.50", "number", Decimal("12.50")),
        ("abc", "number", "abc"),
        ("true", "bool", True),
        ("0", "bool", False),
        ("2024-05-01", "date", date(2024, 5, 1)),
        ("01.05.2024", "date", "01.05.2024"),
        ("2024-05-01T10:23:00Z", "datetime", datetime(2024, 5, 1, 10, 23, tzinfo=UTC)),
        ('["a","b"]', "set", ["a", "b"]),
        ("a;b", "set", ["a", "b"]),
        ('{"a":1}', "json", {"a": 1}),
        ("+4930123456", "phone", "+4930123456"),
        ("110.00", "money", "110.00"),
    ],
)
def test_plain_values_for_connectors(text: str, kind: FieldType, value: object) -> None:
    assert native_value(text, kind) == value
    assert native_values(pl.Series([text, None, text], dtype=pl.String), kind) == [value, None, value]
    assert type(native_value(text, kind)) is type(value)


def test_two_rows_never_share_a_list() -> None:
    one, other = native_values(pl.Series(['["a"]', '["a"]']), "set")
    one.append("b")
    assert other == ["a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann \ud83d", "Ann \ufffd"),
        ("\udc00 Ann", "\ufffd Ann"),
        ("\ud83d\ude00", "\U0001f600"),
        ({"name": "Ann \ud83d"}, '{"name":"Ann \ufffd"}'),
        (["\ud83d", 7], '["\ufffd",7]'),
    ],
)
def test_half_a_character_spoils_no_other_row(value: object, text: str) -> None:
    """JSON may hold halves of characters, as systems make them by cutting a text; nothing can store one."""
    frame = native_frame([{"name": "Bob"}, {"name": value}], ["name"])
    assert frame["name"].to_list() == ["Bob", text]
