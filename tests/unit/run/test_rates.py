"""Rates of a day: only a few columns of the bundled table are read, and they say what the whole table says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from currency_converter import CurrencyConverter

from synchub.run.rates import EuropeanCentralBank

WHOLE = CurrencyConverter(
    fallback_on_missing_rate=True,
    fallback_on_missing_rate_method="last_known",
    fallback_on_wrong_date=True,
    decimal=True,
)


@pytest.mark.parametrize("pair", [("USD", "EUR"), ("EUR", "JPY"), ("GBP", "CHF"), ("EUR", "EUR"), ("HRK", "TRY")])
@pytest.mark.parametrize("day", ["1998-01-01", "2004-02-29", "2024-05-04", "2024-12-25", "2031-01-01"])
def test_a_rate_is_that_of_the_whole_table(pair: tuple[str, str], day: str) -> None:
    source, target = pair
    expected = WHOLE.convert(1, source, target, date=date.fromisoformat(day))
    assert EuropeanCentralBank().rate(source, target, day) == format(Decimal(expected), "f")


@pytest.mark.parametrize("pair", [("XXX", "EUR"), ("EUR", ""), ("Date", "EUR")])
def test_nobody_knows_the_rate_of_what_is_no_currency(pair: tuple[str, str]) -> None:
    assert EuropeanCentralBank().rate(*pair, "2024-05-04") is None
