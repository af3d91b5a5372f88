"""What whole columns are sure of is what one text is read as, and a canonical text is read as itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synchub.mapping.amounts import integer_form, money_form, number_form
from synchub.mapping.dates import date_form
from synchub.mapping.forms import Form, Unreadable, read, trimmed
from synchub.mapping.moments import datetime_form
from synchub.mapping.phones import phone_form
from synchub.mapping.places import country_form, language_form
from synchub.mapping.sets import json_form, ref_form, set_form
from synchub.mapping.texts import bool_form, email_form, enum_form, text_form, url_form

FORMS: dict[str, Form] = {
    "text": text_form(),
    "email": email_form(),
    "url": url_form(),
    "bool": bool_form(),
    "enum": enum_form(("lead", "marketing_qualified", "customer")),
    "number DE": number_form("DE"),
    "number US": number_form("US"),
    "integer": integer_form("DE"),
    "money EUR": money_form("EUR", "DE"),
    "money JPY": money_form("JPY", "US"),
    "money KWD": money_form("KWD", "KW"),
    "date DE": date_form(None, "DE"),
    "date US": date_form(None, "US"),
    "date dotted": date_form("%d.%m.%Y", "DE"),
    "date day and month swapped": date_form("%Y-%d-%m", "DE"),
    "date short year": date_form("%d.%m.%y", "DE"),
    "datetime Berlin": datetime_form(None, "Europe/Berlin", "DE"),
    "datetime New York": datetime_form(None, "America/New_York", "US"),
    "datetime UTC": datetime_form(None, "UTC", "DE"),
    "datetime format": datetime_form("%d.%m.%Y %H:%M", "Europe/Berlin", "DE"),
    "datetime glued": datetime_form("%Y%m%dT%H%M%S", "Europe/Berlin", "DE"),
    "datetime Z": datetime_form("%Y-%m-%dT%H:%M:%SZ", "Europe/Berlin", "DE"),
    "phone DE": phone_form("DE"),
    "phone US": phone_form("US"),
    "country": country_form(),
    "language": language_form(),
    "set": set_form(None, {}),
    "set |": set_form("|", {}),
    "json": json_form(),
    "ref email": ref_form("email", email_form()),
    "ref id": ref_form("id", text_form()),
}

EXAMPLES = int(os.environ.get("SYNCHUB_EXAMPLES", "20"))
"""How many lists of texts each form is tried with; raise it to look harder."""

DAYS = st.dates()
MOMENTS = st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30))]))
NEAR = st.datetimes(datetime(2024, 3, 30), datetime(2024, 11, 5))
SPELT_DAYS = st.sampled_from(
    ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%d-%m", "%d.%m.%y", "%d %B %Y", "%Y/%m/%d"]
)
SPELT_MOMENTS = st.sampled_from(
    [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%d.%m.%Y %H:%M",
        "%Y%m%dT%H%M%S",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S.%f%z",
    ]
)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"[+-]?[0-9]{1,9}([.,' ][0-9]{1,3}){0,3}", fullmatch=True),
)
AMOUNTS = st.tuples(
    st.sampled_from(["", "EUR ", "€", "$", "-", "US$ "]),
    NUMBERS,
    st.sampled_from(["", " EUR", " JPY", "€", " KWD", " XYZ"]),
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"[A-Za-z0-9._ -]{0,6}@?[A-Za-z0-9.-]{0,8}", fullmatch=True),
    st.from_regex(r"(https?://|HTTP://)?[a-zA-Z0-9.-]{1,12}(:[0-9]{1,5})?(/[a-zA-Z0-9._~%/+-]{0,8})?", fullmatch=True),
    st.sampled_from(
        [
            "true",
            "YES",
            "nein",
            "1.0",
            "Lead",
            "marketing qualified",
            "Deutschland",
            "de_DE",
            "DE",
            "a;b",
            '["b","a"]',
        ]
    ),
    st.tuples(DAYS, SPELT_DAYS).map(lambda pair: pair[0].strftime(pair[1])),
    st.tuples(st.one_of(MOMENTS, NEAR), SPELT_MOMENTS).map(lambda pair: pair[0].strftime(pair[1])),
    MOMENTS.map(lambda moment: moment.isoformat()),
    st.from_regex(
        r"[0-3][0-9]{3}-[0-9]{2}-[0-9]{2}"
        r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
        fullmatch=True,
    ),
    st.from_regex(r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}", fullmatch=True),
    NUMBERS,
    AMOUNTS.map("".join),
    st.from_regex(r"(\+|00|0)?[0-9 ()/-]{3,14}", fullmatch=True),
)


def parsed(form: Form, text: str) -> str | None:
    try:
        return form.parse(text)
    except Unreadable:
        return None


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.sure is not None])
@settings(max_examples=EXAMPLES, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30))
def test_columns_say_what_single_texts_say(name: str, texts: list[str]) -> None:
    form = FORMS[name]
    column = trimmed(pl.Series(texts))
    assert form.sure is not None
    for text, sure in zip(column, form.sure(column), strict=True):
        if text and sure is not None:
            assert sure == parsed(form, text), text


@pytest.mark.parametrize("name", [name for name in FORMS if name != "date day and month swapped"])
@settings(max_examples=EXAMPLES, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=10))
def test_reading_what_was_read_changes_nothing(name: str, texts: list[str]) -> None:
    form = FORMS[name]
    once = read(form, pl.Series(texts)).values
    again = read(form, once)
    assert again.values.to_list() == once.to_list()
    assert again.reasons.null_count() == len(texts)


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=10))
def test_each_text_has_a_value_or_a_reason(name: str, texts: list[str]) -> None:
    reading = read(FORMS[name], pl.Series(texts))
    assert (reading.values.is_null() == reading.reasons.is_not_null()).all()
