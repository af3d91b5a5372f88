"""Wide columns as one text a row, and back: what a link said or holds, what a record is, what an operation changes.

A text says which columns it has, then their values: `b.email,n.phone,v.phone␞ann@example.com␟030 1234␟+49301234`.
`b.` stands for a native and a canonical text that are the same, `s.` for what is sent and what it stands for, where these are.
What is null is left out; a lone escape is blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from synchub.model import AS, BLANK, NATIVE, TO, VALUE

_BOTH: Final = {"b.": (NATIVE, VALUE), "s.": (TO, AS)}
_NAMES, _BETWEEN, _ESCAPE = "\x1e", "\x1f", "\x1b"
_FEW: Final = 40
"""Up to so many texts of one kind are opened one by one: a handful of them is not worth a frame."""
_PLACE: Final = " place"
_ESCAPED: Final = {_ESCAPE: f"{_ESCAPE}0", _NAMES: f"{_ESCAPE}1", _BETWEEN: f"{_ESCAPE}2"}
_SIGNS: Final = {mark: sign for sign, mark in _ESCAPED.items()}
_MARKED: Final = re.compile(f"{_ESCAPE}[012]")


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
    """The frame with one column for two that go together and are the same in every row."""
    columns = {column.name: column for column in frame.get_columns()}
    for both, (one, other) in _BOTH.items():
        for name in [name.removeprefix(one) for name in frame.columns if name.startswith(one)]:
            text, value = columns[one + name], columns.get(other + name)
            if value is not None and text.equals(value, null_equal=True):
                columns[one + name] = text.alias(both + name)
                del columns[other + name]
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
    texts = packed.fill_null("")
    if len(texts) <= _FEW:
        return _one_by_one(texts, columns)
    split = texts.str.split_exact(_NAMES, 1).struct.unnest()
    names, values = split.get_columns()
    kinds = names.value_counts().rows()
    if len(kinds) == 1:
        return _opened(values, kinds[0][0].split(","), columns)
    many = [kind for kind, count in kinds if count > _FEW]
    places = [(kind, (names == kind).arg_true()) for kind in many]
    parts = [
        _opened(values.gather(own), kind.split(","), columns).with_columns(own.alias(_PLACE)) for kind, own in places
    ]
    rest = (~names.is_in(many)).arg_true()
    parts.append(_one_by_one(texts.gather(rest), columns).with_columns(rest.alias(_PLACE)))
    return pl.concat(parts).sort(_PLACE).drop(_PLACE)


def opened(text: str) -> dict[str, str | None]:
    """All columns of one text."""
    names, parts = _parts(text)
    return {name: parts[place] for name, place in _places(names.split(",")).items()} if names else {}


def _one_by_one(packed: pl.Series, wanted: Sequence[str]) -> pl.DataFrame:
    """The same for a few texts, or for those of which nearly every one has columns of its own."""
    known: dict[str, list[int | None]] = {}
    rows = []
    for text in packed.to_list():
        names, parts = _parts(text)
        if names not in known:
            places = _places(names.split(","))
            known[names] = [places.get(name) for name in wanted]
        rows.append([parts[place] if place is not None and place < len(parts) else None for place in known[names]])
    return pl.DataFrame(rows, schema=dict.fromkeys(wanted, pl.String), orient="row")


def _parts(text: str) -> tuple[str, list[str | None]]:
    """What a text says that it has, and the values."""
    names, _, values = text.partition(_NAMES)
    return names, [_meant(part) for part in values.split(_BETWEEN)]


def _meant(part: str) -> str | None:
    if part == "":
        return None
    if _ESCAPE not in part:
        return part
    return BLANK if part == _ESCAPE else _MARKED.sub(lambda found: _SIGNS[found[0]], part)


def _places(names: Sequence[str]) -> dict[str, int]:
    """Which value each column is: `b.` and `s.` stand for two columns."""
    places = {}
    for place, name in enumerate(names):
        both = _BOTH.get(name[:2])
        places.update({prefix + name[2:]: place for prefix in both} if both else {name: place})
    return places


def _opened(values: pl.Series, names: Sequence[str], wanted: Sequence[str]) -> pl.DataFrame:
    """The columns `names` of texts that all have the same, as the columns that are wanted."""
    places = _places(names)
    fields = values.fill_null("").str.split_exact(_BETWEEN, max(len(names) - 1, 0)).struct.unnest()
    escaped = bool(values.str.contains(f"{_ESCAPE}[012]").any())
    asked = sorted({places[name] for name in wanted if name in places})
    found = fields.select(_plain(fields.columns[place], escaped) for place in asked)
    columns = dict(zip(asked, found.get_columns(), strict=True))
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    return pl.DataFrame([(columns[places[name]] if name in places else nothing).alias(name) for name in wanted])


def _plain(name: str, escaped: bool) -> pl.Expr:
    own = pl.col(name)
    value = own.str.replace_many(_SIGNS) if escaped else own
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
