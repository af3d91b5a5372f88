"""Each type: many spellings, one value; what is none is told in words."""

from __future__ import annotations

import polars as pl
import pytest

from synchub.mapping.amounts import convert, integer_form, money_form, number_form
from synchub.mapping.dates import date_form
from synchub.mapping.forms import Form, Unreadable, read, read_one
from synchub.mapping.moments import datetime_form
from synchub.mapping.places import country_form, language_form
from synchub.mapping.sets import json_form, ref_form, set_form
from synchub.mapping.texts import bool_form, email_form, enum_form, text_form, url_form

STAGES = enum_form(("subscriber", "lead", "marketing_qualified"))
BERLIN = datetime_form(None, "Europe/Berlin", "DE")

SAME: list[tuple[Form, str, str]] = [
    (text_form(), "  Ann\u00a0", "Ann"),
    (text_form(), "a\x00b", "ab"),
    (email_form(), " Ann@Example.COM ", "ann@example.com"),
    (email_form(), "Ann Lee <Ann@Example.com>", "ann@example.com"),
    (email_form(), '"Lee, Ann" <ann@example.com>', "ann@example.com"),
    (email_form(), "mailto:ann@example.com", "ann@example.com"),
    (email_form(), "jörg@müller.de", "jörg@müller.de"),
    (url_form(), "Example.com/Path?Q=1", "https://example.com/Path?Q=1"),
    (url_form(), "HTTP://Example.COM", "http://example.com"),
    (url_form(), "https://example.com/", "https://example.com"),
    (url_form(), "//example.com", "https://example.com"),
    (url_form(), "https://user@Example.com:8443/x", "https://user@example.com:8443/x"),
    (bool_form(), "Ja", "true"),
    (bool_form(), "0.0", "false"),
    (bool_form(), "OFF", "false"),
    (STAGES, "Marketing Qualified", "marketing_qualified"),
    (STAGES, "marketing-qualified", "marketing_qualified"),
    (number_form("DE"), "1.234,50", "1234.5"),
    (number_form("DE"), "1,5", "1.5"),
    (number_form("DE"), "1,234", "1.234"),
    (number_form("US"), "1,234", "1234"),
    (number_form("DE"), "1,234,567", "1234567"),
    (number_form("DE"), "1.234.567", "1234567"),
    (number_form("DE"), "1'234.50", "1234.5"),
    (number_form("DE"), "1 234,5", "1234.5"),
    (number_form("DE"), "1e3", "1000"),
    (number_form("DE"), "-0.0", "0"),
    (number_form("DE"), "007.50", "7.5"),
    (integer_form("DE"), "12.0", "12"),
    (money_form("EUR", "DE"), "1.234,50 €", "1234.50 EUR"),
    (money_form("EUR", "DE"), "$1,234.50", "1234.50 USD"),
    (money_form("EUR", "DE"), "EUR 12", "12.00 EUR"),
    (money_form("EUR", "DE"), "12.5", "12.50 EUR"),
    (money_form("EUR", "DE"), "-12 usd", "-12.00 USD"),
    (money_form("EUR", "DE"), "12.345 EUR", "12.345 EUR"),
    (money_form("EUR", "DE"), "1000 JPY", "1000 JPY"),
    (money_form("CAD", "CA"), "$5", "5.00 CAD"),
    (money_form("NOK", "NO"), "kr 5", "5.00 NOK"),
    (money_form("EUR", "KW"), "1 KWD", "1.000 KWD"),
    (date_form(None, "DE"), "19560409", "1956-04-09"),
    (date_form(None, "DE"), "1.5.2024", "2024-05-01"),
    (date_form(None, "DE"), "01/02/2024", "2024-02-01"),
    (date_form(None, "US"), "01/02/2024", "2024-01-02"),
    (date_form(None, "US"), "01.02.2024", "2024-02-01"),
    (date_form(None, "US"), "13/02/2024", "2024-02-13"),
    (date_form(None, "DE"), "02/13/2024", "2024-02-13"),
    (date_form(None, "DE"), "5. März 2024", "2024-03-05"),
    (date_form(None, "DE"), "May 5th, 2024", "2024-05-05"),
    (date_form(None, "DE"), "Thu 2024-05-02", "2024-05-02"),
    (date_form(None, "DE"), "2024-05-01T00:00:00Z", "2024-05-01"),
    (date_form(None, "DE"), "1714521600000", "2024-05-01"),
    (date_form("%d.%m.%Y", "DE"), "01.05.2024", "2024-05-01"),
    (date_form("%d.%m.%Y", "DE"), "2024-05-01", "2024-05-01"),
    (date_form("%d.%m.%y", "DE"), "01.05.24", "2024-05-01"),
    (BERLIN, "2024-05-01 10:23", "2024-05-01T08:23:00Z"),
    (BERLIN, "2024-01-01", "2023-12-31T23:00:00Z"),
    (BERLIN, "2024-05-01T10:23:00.5+02:00", "2024-05-01T08:23:00.500000Z"),
    (BERLIN, "1714557600000", "2024-05-01T10:00:00Z"),
    (BERLIN, "20240501T102300Z", "2024-05-01T10:23:00Z"),
    (BERLIN, "Wed, 1 May 2024 10:23:00 -0500", "2024-05-01T15:23:00Z"),
    (BERLIN, "2024-05-01 10:23 UTC", "2024-05-01T10:23:00Z"),
    (BERLIN, "01.05.2024 10:23 PM", "2024-05-01T20:23:00Z"),
    (BERLIN, "2024-03-31 02:30", "2024-03-31T01:30:00Z"),
    (BERLIN, "2024-10-27 02:30", "2024-10-27T00:30:00Z"),
    (datetime_form("%d.%m.%Y %H:%M", "Europe/Berlin", "DE"), "01.05.2024 10:23", "2024-05-01T08:23:00Z"),
    (datetime_form("%Y-%m-%dT%H:%M:%SZ", "Asia/Tokyo", "JP"), "2024-05-01T10:23:00Z", "2024-05-01T10:23:00Z"),
    (country_form(), "Germany", "DE"),
    (country_form(), "österreich", "AT"),
    (country_form(), "usa", "US"),
    (country_form(), "UK", "GB"),
    (country_form(), "Vereinigtes Königreich", "GB"),
    (country_form(), "South Korea", "KR"),
    (country_form(), "Côte d'Ivoire", "CI"),
    (country_form(), "deu", "DE"),
    (language_form(), "DE_de", "de-DE"),
    (language_form(), "German", "de"),
    (language_form(), "Französisch", "fr"),
    (language_form(), "français", "fr"),
    (language_form(), "zh-hans-cn", "zh-Hans-CN"),
    (language_form(), "ger", "de"),
    (language_form(), "en_US.UTF-8", "en-US"),
    (set_form(None, {}), "b; a,c ;b", '["a,c","b"]'),
    (set_form(None, {}), "b,a", '["a","b"]'),
    (set_form(None, {}), '["b", "a", 1]', '["1","a","b"]'),
    (set_form("|", {}), "a,b|c", '["a,b","c"]'),
    (set_form(None, {}), ";", ""),
    (set_form(None, {"vip": "VIP"}), "Vip, x", '["VIP","x"]'),
    (json_form(), '{"b": 1, "a": [1, 2]}', '{"a":[1,2],"b":1}'),
    (ref_form("email", email_form()), "Ann@Example.com", "email:ann@example.com"),
    (ref_form("email", email_form()), "email:ann@example.com", "email:ann@example.com"),
    (ref_form("id", text_form()), " 17 ", "id:17"),
]


@pytest.mark.parametrize(("form", "text", "value"), SAME, ids=[f"{text} -> {value}" for _, text, value in SAME])
def test_the_same_value_written_otherwise(form: Form, text: str, value: str) -> None:
    assert read_one(form, text) == value
    assert read(form, pl.Series([text, text])).values.to_list() == [value, value]


WRONG: list[tuple[Form, str, str]] = [
    (email_form(), "ann@localhost", "is not an e-mail address"),
    (email_form(), "a@b.de; c@d.de", "is not an e-mail address"),
    (email_form(), "a@b@c.de", "is not an e-mail address"),
    (email_form(), "a@b..de", "is not an e-mail address"),
    (url_form(), "no address", "is not a web address"),
    (url_form(), "javascript:alert(1)", "is not a web address"),
    (url_form(), "nohost", "is not a web address"),
    (url_form(), "https://", "is not a web address"),
    (bool_form(), "maybe", "is neither true nor false"),
    (STAGES, "vip", "is not one of subscriber, lead, marketing_qualified"),
    (number_form("DE"), "12 apples", "is not a number"),
    (number_form("DE"), "nan", "is not a number"),
    (number_form("DE"), "1_000", "is not a number"),
    (number_form("DE"), "1e999999999", "is not a number"),
    (number_form("DE"), "1.23.4", "is not a number"),
    (number_form("DE"), "9" * 200, "is not a number"),
    (integer_form("DE"), "12.5", "is not a whole number"),
    (money_form("EUR", "DE"), "12 XYZ", "is not an amount of money"),
    (money_form("EUR", "DE"), "kr 5", "does not say which crown it means"),
    (date_form(None, "DE"), "31.02.2024", "is not a date"),
    (date_form(None, "DE"), "2024-13-01", "is not a date"),
    (date_form(None, "DE"), "19081419", "is not a date"),
    (date_form(None, "DE"), "0000-00-00", "is not a date"),
    (date_form(None, "DE"), "May 2024", "is not a date"),
    (date_form(None, "DE"), "10:30", "is not a date"),
    (date_form(None, "DE"), "Monday", "is not a date"),
    (date_form(None, "DE"), "01.02.24", "is not a date"),
    (BERLIN, "Wed, 1 May 24 10:23:00 +0200", "is not a date and time"),
    (date_form(None, "DE"), "240501", "is not a date"),
    (date_form(None, "DE"), "2024", "is not a date"),
    (date_form("%d.%m.%Y", "DE"), "05/13/2024", "is not a date written as %d.%m.%Y"),
    (BERLIN, "2024-05-01T25:00", "is not a date and time"),
    (BERLIN, "2024-05-01 10:00 XYZ", "is not a date and time"),
    (BERLIN, "soon", "is not a date and time"),
    (country_form(), "Atlantis", "is not a country"),
    (language_form(), "Klingonisch", "is not a language"),
    (json_form(), "{", "is not JSON"),
]


@pytest.mark.parametrize(("form", "text", "reason"), WRONG, ids=[f"{text[:20]} {reason}" for _, text, reason in WRONG])
def test_what_is_no_value_is_told(form: Form, text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as told:
        read_one(form, text)
    assert reason in str(told.value)
    assert read(form, pl.Series([text, text])).reasons.to_list() == [str(told.value)] * 2
    assert str(told.value).startswith("'")


def test_a_reason_stays_on_one_short_line() -> None:
    with pytest.raises(Unreadable) as told:
        read_one(bool_form(), "a\nb" * 200)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 130


@pytest.mark.parametrize(
    ("amount", "rate", "target", "text"),
    [
        ("100.00 EUR", "1.1", "USD", "110.00"),
        ("0.05 EUR", "1.1", "USD", "0.06"),
        ("0.05 EUR", "0.9", "USD", "0.04"),
        ("-1.00 EUR", "160.5", "JPY", "-160"),
        ("1 EUR", "0.3", "KWD", "0.300"),
        ("0.00 EUR", "1.1", "USD", "0.00"),
    ],
)
def test_exchange_is_exact_to_the_coin(amount: str, rate: str, target: str, text: str) -> None:
    assert convert(amount, rate, target) == text
