"""Wide columns as one text a row, and back: what a link said or holds, what a record is.

A text says which columns it has, then their values: `b.email,n.phone,v.phone␞ann@example.com␟030 1234␟+49301234`.
`b.` stands for a native and a canonical text that are the same. What is null is left out; a lone escape is blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from synchub.model import BLANK, NATIVE, VALUE

_BOTH: Final = "b."
_NAMES, _BETWEEN, _ESCAPE = "\x1e", "\x1f", "\x1b"
_ESCAPED: Final = {_ESCAPE: f"{_ESCAPE}0", _NAMES: f"{_ESCAPE}1", _BETWEEN: f"{_ESCAPE}2"}


def pack(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The columns as one text a row."""
    kept = _named(frame.select(pl.col(column) for column in columns if frame[column].null_count() < frame.height))
    if kept.width == 0:
        return pl.Series([""], dtype=pl.String).new_from_index(0, frame.height)
    lines = _joined(kept)
    blanks = sum(int((column == BLANK).sum()) for column in kept.get_columns())
    if int(lines.str.count_matches(f"[{_ESCAPE}{_NAMES}{_BETWEEN}]").sum()) != kept.height * kept.width + blanks:
        lines = _joined(kept.select(pl.all().str.replace_many(_ESCAPED)))
    return lines


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with one column for a native and a canonical text that are the same in every row."""
    columns = {column.name: column for column in frame.get_columns()}
    for name in [name.removeprefix(NATIVE) for name in frame.columns if name.startswith(NATIVE)]:
        native, value = columns[NATIVE + name], columns.get(VALUE + name)
        if value is not None and native.equals(value, null_equal=True):
            columns[NATIVE + name] = native.alias(_BOTH + name)
            del columns[VALUE + name]
    return pl.DataFrame(list(columns.values()))


def _joined(frame: pl.DataFrame) -> pl.Series:
    values = [
        pl.when(pl.col(name) == BLANK).then(pl.lit(_ESCAPE)).otherwise(name).fill_null("") for name in frame.columns
    ]
    names = pl.lit(",".join(frame.columns) + _NAMES)
    return frame.select(names + pl.concat_str(values, separator=_BETWEEN)).to_series()


def unpack(packed: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    """The named columns of each text; what is not there is null."""
    if not columns:
        return pl.DataFrame()
    split = packed.fill_null("").str.split_exact(_NAMES, 1).struct.unnest()
    names, values = split.get_columns()
    kinds = names.unique(maintain_order=True).to_list()
    if len(kinds) == 1:
        return _opened(values, kinds[0].split(","), columns)
    parts = []
    for kind in kinds:
        places = (names == kind).arg_true()
        own = _opened(values.gather(places), kind.split(","), columns)
        parts.append(own.with_columns(pl.Series("place", places)))
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat(parts).sort("place").drop("place")


def _opened(values: pl.Series, names: Sequence[str], wanted: Sequence[str]) -> pl.DataFrame:
    """The columns `names` of texts that all have the same, as the columns that are wanted."""
    places = {}
    for place, name in enumerate(names):
        both = name.startswith(_BOTH)
        plain = name.removeprefix(_BOTH)
        places.update({prefix + plain: place for prefix in (NATIVE, VALUE)} if both else {name: place})
    fields = values.fill_null("").str.split_exact(_BETWEEN, max(len(names) - 1, 0)).struct.unnest()
    escaped = bool(values.str.contains(f"{_ESCAPE}[012]").any())
    asked = sorted({places[name] for name in wanted if name in places})
    found = fields.select(_plain(fields.columns[place], escaped) for place in asked)
    columns = dict(zip(asked, found.get_columns(), strict=True))
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    return pl.DataFrame([(columns[places[name]] if name in places else nothing).alias(name) for name in wanted])


def _plain(name: str, escaped: bool) -> pl.Expr:
    own = pl.col(name)
    value = own.str.replace_many({mark: sign for sign, mark in _ESCAPED.items()}) if escaped else own
    plain = pl.when(own == "").then(None).when(own == _ESCAPE).then(pl.lit(BLANK)).otherwise(value)
    return plain.alias(name)


def is_torn(column: str) -> str:
    """A condition of SQLite: a column holds something, and not as many values as names."""
    names, between = f"char({ord(_NAMES)})", f"char({ord(_BETWEEN)})"
    told = f"substr({column}, 1, instr({column}, {names}) - 1)"
    values = f"length({column}) - length(replace({column}, {between}, ''))"
    return (
        f"{column} <> '' AND (instr({column}, {names}) = 0 "
        f"OR {values} <> length({told}) - length(replace({told}, ',', '')))"
    )


def prefixed(prefixes: Iterable[str], fields: Iterable[str]) -> list[str]:
    """Every prefix with every field."""
    names = list(fields)
    return [prefix + name for prefix in prefixes for name in names]
