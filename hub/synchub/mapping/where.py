"""`where`: a filter on golden fields, in the same SQL as `expr`.

    number, integer   numbers                       money    the amount as a number, whatever its currency
    bool              true or false                 set      contains(tags, 'vip') asks for an element
    date, datetime    ISO text: birthday >= '2000-01-01' compares as it should; everything else is text

A field without a value is NULL, and a filter that comes to NULL doesn't hold.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import polars as pl

from synchub.errors import ConfigurationError
from synchub.mapping.terms import Refused, Term, filled
from synchub.spec.entities import FieldDeclaration
from synchub.spec.job import Entity

Filter = Callable[[pl.DataFrame], pl.Series]


def compile_where(text: str, entity: Entity) -> Filter:
    """A function from golden values (a column of canonical text a field) to booleans without nulls.

    A field that the frame doesn't have counts as one without a value. Raises ConfigurationError.
    """
    try:
        names, condition = _translated(text, entity)
    except Refused as problem:
        raise ConfigurationError(f"the filter '{text}' {problem}", next_step="mend `where`") from None

    def holds(golden: pl.DataFrame) -> pl.Series:
        missing = [name for name in names if name not in golden.columns]
        known = golden.with_columns([pl.lit(None, dtype=pl.String).alias(name) for name in missing])
        # A filter without fields has the height of a single value.
        met = known.select(pl.when(condition).then(True).otherwise(False).alias("holds")).to_series()
        return met if len(met) == golden.height else met.new_from_index(0, golden.height)

    return holds


def where_problems(text: str, entity: Entity) -> list[str]:
    """What is wrong with a filter, one sentence each."""
    try:
        _translated(text, entity)
    except Refused as problem:
        return [f"the filter {problem}"]
    return []


def _translated(text: str, entity: Entity) -> tuple[tuple[str, ...], pl.Expr]:
    from synchub.mapping.sql import column_names, parse_scalar, translate  # slow to load, seldom needed

    tree = parse_scalar(text)
    names = column_names(tree)
    for name in names:
        if name not in entity.fields:
            close = get_close_matches(name, entity.fields, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise Refused(f"names {name}, which is no field of {entity.name}{hint}")
    term = translate(tree, {name: _term(entity.fields[name]) for name in names})
    if term.kind != "bool":
        raise Refused("is not a condition: it must be true or false")
    return names, term.expr


def _term(field: FieldDeclaration) -> Term:
    text = filled(field.name)
    match field.type:
        case "number" | "integer":
            return Term(text.cast(pl.Float64, strict=False), "number")
        case "money":
            return Term(text.str.split(" ").list.first().cast(pl.Float64, strict=False), "number")
        case "bool":
            return Term(text == "true", "bool")
    return Term(text, "text")
