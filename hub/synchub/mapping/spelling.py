"""How canonical values are spelt for a system: each type's way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import polars as pl

from synchub.mapping.dates import VECTOR_DIRECTIVES
from synchub.mapping.exchange import Rate, amounts_in
from synchub.mapping.forms import Spell, Spelt, empty, evaluate, lookup, shown
from synchub.mapping.kinds import DEFAULT_BY
from synchub.mapping.moments import moments_of
from synchub.mapping.sets import SEPARATORS
from synchub.model import FieldType
from synchub.spec.entities import FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.mapping import FieldMapping

Step = Callable[[pl.Expr], pl.Expr]

_JOINED: Final = SEPARATORS[0]


@dataclass(frozen=True, slots=True)
class Spelling:
    """A field's way out. `prefix` is what a reference's canonical text begins with."""

    spell: Spell
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a field is written to.

    type   the native field's type, None if unknown
    names  canonical value (of a set: element) to the native value that the mapping gives it
    back   undoes the transforms, last first
    """

    type: FieldType | None
    names: Mapping[str, str]
    back: tuple[Step, ...]


def spelling_of(
    declaration: FieldDeclaration, mapping: FieldMapping, target: Target, *, settings: HubSettings, rate: Rate
) -> Spelling:
    """The way out of one field."""
    inner = _type_spelling(declaration, mapping, target, settings=settings, rate=rate)
    if target.names and declaration.type != "set":
        inner = _renamed(inner, target.names, closed=declaration.type == "enum")

    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        spelt = inner(values, days)
        texts = spelt.texts
        for step in target.back:
            texts = evaluate(step(pl.col("t")), t=texts)
        return Spelt(texts, spelt.reasons)

    prefix = f"{mapping.by or DEFAULT_BY}:" if declaration.type == "ref" else ""
    return Spelling(spell, prefix)


def _type_spelling(
    declaration: FieldDeclaration, mapping: FieldMapping, target: Target, *, settings: HubSettings, rate: Rate
) -> Spell:
    if mapping.join:
        return _as_it_is
    match declaration.type:
        case "date" if mapping.format:
            return _dates(mapping.format)
        case "datetime" if mapping.format:
            return _moments(mapping.format, "UTC" if mapping.format.endswith("Z") else settings.timezone)
        case "money":
            return amounts_in(mapping.currency or settings.currency, rate)
        case "bool" if target.type in ("integer", "number"):
            return _digits
        case "set" if mapping.separator is not None or target.type == "text":
            return _joined(mapping.separator, target.names)
        case "set" if target.names:
            return _array(target.names)
    return _as_it_is


def _as_it_is(values: pl.Series, days: pl.Series) -> Spelt:
    return Spelt(values, empty(len(values)))


def _digits(values: pl.Series, days: pl.Series) -> Spelt:
    return Spelt(lookup(values, ["true", "false"], ["1", "0"]), empty(len(values)))


def _dates(format: str) -> Spell:
    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        moments = values.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
        return Spelt(_written(moments, format), empty(len(values)))

    return spell


def _moments(format: str, zone: str) -> Spell:
    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        return Spelt(_written(moments_of(values).dt.convert_time_zone(zone), format), empty(len(values)))

    return spell


def _written(moments: pl.Series, format: str) -> pl.Series:
    if all(part[:1] in VECTOR_DIRECTIVES for part in format.split("%")[1:]):
        return moments.dt.strftime(format)
    # The letters that Python and Polars write otherwise are rare, and so are different days.
    distinct = moments.drop_nulls().unique()
    if distinct.is_empty():
        return empty(len(moments))
    texts = [_one_written(moment, format) for moment in distinct.to_list()]
    return moments.replace_strict(distinct, texts, default=None, return_dtype=pl.String)


def _one_written(moment: datetime, format: str) -> str:
    # Python leaves years before 1000 short, and could not read them back.
    return moment.strftime(format.replace("%Y", f"{moment.year:04}"))


def _joined(separator: str | None, names: Mapping[str, str]) -> Spell:
    mark = separator or _JOINED

    def one(text: str) -> tuple[str | None, str | None]:
        items = _elements(text, names)
        for item in items:
            if mark in item:
                return None, f"{shown(item)} contains {shown(mark)}, which parts the elements there"
        # Read back, a comma in a lone element would part it; a separator behind it says that it doesn't.
        lone = separator is None and len(items) == 1 and any(other in items[0] for other in SEPARATORS)
        return mark.join(items) + (mark if lone else ""), None

    return _each(one)


def _array(names: Mapping[str, str]) -> Spell:
    return _each(lambda text: (orjson.dumps(_elements(text, names)).decode(), None))


def _elements(text: str, names: Mapping[str, str]) -> list[str]:
    return sorted({names.get(item, item) for item in orjson.loads(text)})


def _each(one: Callable[[str], tuple[str | None, str | None]]) -> Spell:
    """A way out that looks at every different value once."""

    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        distinct = values.drop_nulls().unique().to_list()
        spelt = [one(text) for text in distinct]
        return Spelt(
            lookup(values, distinct, [text for text, _ in spelt]),
            lookup(values, distinct, [reason for _, reason in spelt]),
        )

    return spell


def _renamed(inner: Spell, names: Mapping[str, str], *, closed: bool) -> Spell:
    """Values by the mapping's own names.

    A value without a name: an enum's (`closed`) can't be sent; one of another type goes as it is, unless it
    would be read there as the name of another value.
    """
    taken = [native.strip().lower() for native in names.values()]

    def spell(values: pl.Series, days: pl.Series) -> Spelt:
        named = lookup(values, list(names), list(names.values()))
        rest = inner(values, days)
        barred = pl.lit(closed) | pl.col("rest").str.to_lowercase().is_in(taken)
        frame = pl.DataFrame({"value": values, "named": named, "rest": rest.texts, "why": rest.reasons}).select(
            text=pl.when(pl.col("named").is_not_null()).then("named").when(~barred).then("rest"),
            why=pl.when(pl.col("named").is_not_null() | pl.col("value").is_null())
            .then(pl.lit(None, dtype=pl.String))
            .when(barred)
            .then(pl.format("the mapping's values have no native value for '{}'", "value"))
            .otherwise("why"),
        )
        return Spelt(frame["text"], frame["why"])

    return spell
