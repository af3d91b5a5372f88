"""How texts are read as values of a type: whole columns where that is sure, else each distinct text once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from synchub.model import BLANK

_SHOWN: Final = 80

WHITE: Final = (
    "".join(map(chr, (*range(9, 14), *range(28, 33), 0, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C))))
    + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space as Python and as Polars understand it (they differ), NUL, and marks of no width."""


class Unreadable(ValueError):
    """A text that is no value of its type. The message goes on from the text: "is not a date"."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to read texts.

    `parse` takes one trimmed, filled text and returns the canonical text, or raises Unreadable. It is the
    truth. `sure` takes a column of trimmed texts and returns the canonical text where it is certain of what
    `parse` would say, and null elsewhere. It is there for speed alone.
    """

    parse: Callable[[str], str]
    sure: Callable[[pl.Series], pl.Series] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a column of texts was read as: canonical texts, and a sentence where one is no value.

    Both columns are as long as the input. A text with a reason has null as its value.
    """

    values: pl.Series
    reasons: pl.Series


@dataclass(frozen=True, slots=True)
class Spelt:
    """Native texts for canonical ones, and a sentence where a value has none: then its text is null."""

    texts: pl.Series
    reasons: pl.Series


Spell = Callable[[pl.Series, pl.Series], Spelt]
"""A way out: takes filled canonical texts (or null) and the ISO dates whose exchange rates count."""


def trimmed(texts: pl.Series) -> pl.Series:
    """The texts without white space and what can't be seen at their ends."""
    return texts.str.strip_chars(WHITE)


def read(form: Form, texts: pl.Series) -> Reading:
    """Read a column of texts. Blank stays blank, null stays null."""
    if not (texts != BLANK).any():
        return Reading(texts, empty(len(texts)))
    return read_trimmed(form, trimmed(texts))


def read_trimmed(form: Form, texts: pl.Series) -> Reading:
    """The same of texts that have no white space at their ends."""
    known = _known(form, texts)
    if known.null_count() == texts.null_count():
        return Reading(known, empty(len(texts)))
    rest = texts.filter(texts.is_not_null() & known.is_null()).unique().to_list()
    values: list[str | None] = []
    reasons: list[str | None] = []
    for text in rest:
        value, reason = _try(form.parse, text)
        values.append(value)
        reasons.append(reason)
    if len(texts) == 1:
        return Reading(pl.Series(values, dtype=pl.String), pl.Series(reasons, dtype=pl.String))
    parsed = lookup(texts, rest, values)
    why = lookup(texts, rest, reasons) if any(reasons) else empty(len(texts))
    return Reading(known.zip_with(known.is_not_null(), parsed), why)


def read_one(form: Form, text: str) -> str:
    """The canonical text of one text; raises Unreadable with a whole sentence."""
    text = text.strip(WHITE)
    if not text:
        return BLANK
    value, reason = _try(form.parse, text)
    if value is None:
        raise Unreadable(reason)
    return value


def lookup(texts: pl.Series, old: list[str], new: list[str | None]) -> pl.Series:
    """`new` wherever a text is found in `old`, null elsewhere."""
    if not old:
        return empty(len(texts))
    return texts.replace_strict(old, new, default=None, return_dtype=pl.String)


def evaluate(expression: pl.Expr, **columns: pl.Series) -> pl.Series:
    """One expression over named columns, as a column of the same height."""
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    return frame.select(expression.alias("result")).to_series()


def shown(text: str) -> str:
    """A text as it may stand in a sentence: quoted, on one line, not too long."""
    line = " ".join(text.split())
    return f"'{line[:_SHOWN]}…'" if len(line) > _SHOWN else f"'{line}'"


def _known(form: Form, texts: pl.Series) -> pl.Series:
    sure = empty(len(texts)) if form.sure is None else form.sure(texts)
    return texts.zip_with(texts == BLANK, sure)


def _try(parse: Callable[[str], str], text: str) -> tuple[str | None, str | None]:
    try:
        return parse(text), None
    except Unreadable as error:
        return None, f"{shown(text)} {error}"


def empty(height: int) -> pl.Series:
    """A column of texts that are all null."""
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)
