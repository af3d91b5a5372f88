"""Columns of Arrow data as columns of native text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

_EXACT = 1e15
"""Below this a float without a fraction is written as a whole number."""


def text_of(column: pl.Series, one: Callable[[object], str | None]) -> pl.Series:
    """A column of any Arrow type as native text; `one` spells the single values that columns can't."""
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind == pl.Boolean or kind.is_integer():
        return column.cast(pl.String)
    if kind.is_float():
        return _floats(column, one)
    if kind == pl.Date:
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(kind, pl.Datetime):
        return _moments(column, kind)
    if isinstance(kind, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if kind == pl.Null:
        return column.cast(pl.String)
    return pl.Series([one(value) for value in column.to_list()], dtype=pl.String)


def _floats(column: pl.Series, one: Callable[[object], str | None]) -> pl.Series:
    value = pl.col("x")
    whole = (value == value.floor()) & (value.abs() < _EXACT)
    text = value.cast(pl.String)
    frame = column.to_frame("x").select(
        "x",
        text=pl.when(whole)
        .then(value.cast(pl.Int64, strict=False).cast(pl.String))
        .when(value.is_nan())
        .then(pl.lit(None, dtype=pl.String))
        .otherwise(text),
    )
    odd = frame["text"].str.contains("e", literal=True).fill_null(False)
    if not odd.any():
        return frame["text"]
    spelt = pl.Series([one(number) for number in frame["x"].to_list()], dtype=pl.String)
    return frame["text"].zip_with(~odd, spelt)


def _moments(column: pl.Series, kind: pl.Datetime) -> pl.Series:
    naive = column if kind.time_zone is None else column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    value = pl.col("x")
    fraction = pl.when(value.dt.microsecond() == 0).then(pl.lit("")).otherwise(value.dt.strftime("%.6f"))
    text = value.dt.strftime("%Y-%m-%dT%H:%M:%S") + fraction
    suffix = "" if kind.time_zone is None else "+00:00"
    return naive.to_frame("x").select((text + suffix).alias("x")).to_series()
