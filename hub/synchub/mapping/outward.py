"""Canonical values become native texts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from synchub.mapping.fields import CompiledField
from synchub.mapping.forms import empty, evaluate
from synchub.mapping.spelling import Spelling
from synchub.model import BLANK

AS = "as."
"""`as.F`: the canonical text that what is sent stands for."""
TO = "to."
"""`to.F`: the native text to send. "" clears the field, null sends nothing."""
WHY_NOT = "x."
"""`x.F`: why a value has no outward form; null where it has one."""
DAY = "day."
"""`day.F`: the ISO date whose exchange rate counts for money field F."""


def map_outward(golden: pl.DataFrame, fields: Sequence[tuple[CompiledField, Spelling]]) -> pl.DataFrame:
    """Golden values, a column a field, as as.F, to.F and x.F for each outward field; as high as the input."""
    columns: list[pl.Series] = []
    for field, spelling in fields:
        stands_for, value = _values(golden, field, spelling)
        filled = value.zip_with(value != BLANK, empty(golden.height))
        spelt = spelling.spell(filled, _days(golden, field.name))
        sent = value.zip_with(value == BLANK, spelt.texts)
        columns += [
            stands_for.alias(AS + field.name),
            sent.alias(TO + field.name),
            spelt.reasons.alias(WHY_NOT + field.name),
        ]
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=golden.height)


def _values(golden: pl.DataFrame, field: CompiledField, spelling: Spelling) -> tuple[pl.Series, pl.Series]:
    """What stands for golden, and what is to be spelt; they differ for references alone."""
    if field.mapping.join:
        joined = _joined(golden, field.mapping.join)
        return joined, joined
    value = golden[field.name] if field.name in golden.columns else empty(golden.height)
    if not spelling.prefix:
        return value, value
    bare = value.str.strip_prefix(spelling.prefix)
    named = pl.when(pl.col("b") == BLANK).then("b").otherwise(pl.lit(spelling.prefix) + pl.col("b"))
    return evaluate(named, b=bare), bare


def _joined(golden: pl.DataFrame, parts: Sequence[str]) -> pl.Series:
    known = [pl.col(part) for part in parts if part in golden.columns]
    if not known:
        return empty(golden.height)
    filled = [pl.when(part != BLANK).then(part) for part in known]
    nothing_said = pl.all_horizontal([part.is_null() for part in known])
    joined = pl.concat_str(filled, separator=" ", ignore_nulls=True)
    return golden.select(pl.when(~nothing_said).then(joined)).to_series()


def _days(golden: pl.DataFrame, name: str) -> pl.Series:
    return golden[DAY + name] if DAY + name in golden.columns else empty(golden.height)
