"""The type date: known spellings in whole columns, the rest one by one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import polars as pl

from synchub.mapping.forms import Form, empty, evaluate
from synchub.mapping.loose_dates import any_moment, as_format

VECTOR_DIRECTIVES: Final = {
    "Y": "[0-9]{4}",
    "m": "[0-9]{2}",
    "d": "[0-9]{2}",
    "H": "[0-9]{2}",
    "M": "[0-9]{2}",
    "S": "[0-5][0-9]",
}
"""Directives that Polars and Python read alike, and the digits for which they do."""

_MIDNIGHT: Final = r"^\d{4}-\d\d-\d\d[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?$"


def date_form(format: str | None, region: str) -> Form:
    """A day. With a `format` only that and ISO 8601 are read; without, see `any_moment`."""
    if format is not None:
        return Form(
            lambda text: as_format(text, format, "date").date().isoformat(),
            lambda texts: _sure_date(texts, (format,)),
        )
    slashes = "%m/%d/%Y" if region == "US" else "%d/%m/%Y"
    return Form(
        lambda text: any_moment(text, region, "date").date().isoformat(),
        lambda texts: _sure_date(texts, ("%Y%m%d", "%d.%m.%Y", slashes)),
    )


def _sure_date(texts: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    patterns = {format: vector_pattern(format) for format in formats}
    if None in patterns.values():
        # A format that columns can't be sure of goes before ISO: then nothing is sure.
        return empty(len(texts))
    text = pl.col("t")
    known = [
        pl.when(text.str.contains(pattern)).then(text.str.to_date(format, strict=False))
        for format, pattern in patterns.items()
        if pattern is not None
    ]
    # ISO comes last: a format that reads such a text otherwise goes first.
    iso = pl.when(text.str.contains(r"^\d{4}-\d\d-\d\d$")).then(text.str.to_date("%Y-%m-%d", strict=False))
    midnight = pl.when(text.str.contains(_MIDNIGHT)).then(text.str.head(10).str.to_date("%Y-%m-%d", strict=False))
    days = evaluate(pl.coalesce(*known, iso, midnight), t=texts)
    return evaluate(pl.when(pl.col("d").dt.year() >= 1).then(pl.col("d").dt.strftime("%Y-%m-%d")), d=days)


def vector_pattern(format: str) -> str | None:
    """A pattern of the texts that Polars is sure to read as strptime would; None if there are none."""
    parts = re.split(r"%(.)", format)
    if any(part not in VECTOR_DIRECTIVES for part in parts[1::2]):
        return None
    if any(re.search(r"[\s\d%]", literal) for literal in parts[::2]):
        return None
    body = (VECTOR_DIRECTIVES[part] if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return f"^{''.join(body)}$"


def reads_whole_dates(format: str) -> bool:
    """Whether a format names day, month and year, so that a date written with it can be read back."""
    sample = datetime(2023, 11, 28, 21, 43, 56)
    try:
        return datetime.strptime(sample.strftime(format), format).date() == sample.date()
    except (ValueError, re.error):
        return False
