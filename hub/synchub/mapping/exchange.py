"""Amounts in a system's currency: bare numbers, exchanged at the rate of their day."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from synchub.mapping.amounts import convert
from synchub.mapping.forms import Spell, Spelt, empty
from synchub.model import no_rate

Rate = Callable[[str, str, str], str | None]
"""How many units of the second currency one of the first bought on an ISO date, as decimal text, or None."""

_KEYS = ("currency", "day")


def amounts_in(target: str, rate: Rate) -> Spell:
    """The way out of money to amounts in `target`. The rate is asked once a currency and day."""

    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        if values.null_count() == len(values):
            return Spelt(values, empty(len(values)))
        frame = pl.DataFrame({"value": values, "day": days}).with_columns(currency=pl.col("value").str.tail(3))
        foreign = frame.filter(pl.col("currency") != target).unique()
        exchanged = _exchanged(foreign, target, rate)
        joined = frame.join(exchanged, on=["value", *_KEYS], how="left", nulls_equal=True, maintain_order="left")
        own = pl.col("value").str.strip_suffix(f" {target}")
        result = joined.select(text=pl.when(pl.col("currency") == target).then(own).otherwise("text"), why="why")
        return Spelt(result["text"], result["why"])

    return spell


def _exchanged(foreign: pl.DataFrame, target: str, rate: Rate) -> pl.DataFrame:
    known = {
        (currency, day): rate(currency, target, day) if day else None
        for currency, day in foreign.select(_KEYS).unique().rows()
    }
    texts: list[str | None] = []
    reasons: list[str | None] = []
    for value, day, currency in foreign.select("value", "day", "currency").iter_rows():
        found = known[currency, day]
        texts.append(None if found is None else convert(value, found, target))
        reasons.append(_missing(currency, target, day) if found is None else None)
    return foreign.with_columns(text=pl.Series(texts, dtype=pl.String), why=pl.Series(reasons, dtype=pl.String))


def _missing(currency: str, target: str, day: str | None) -> str:
    if not day:
        return f"no day is known for the exchange rate from {currency} to {target}"
    return no_rate(currency, target, day)
