"""From what a connector delivers to columns of native text, and from native text back to plain values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

from synchub.api import ArrowStream, Row
from synchub.mapping.arrow import text_of
from synchub.mapping.forms import WHITE
from synchub.model import BLANK


def native_frame(
    rows: Sequence[Row] | ArrowStream, fields: Sequence[str], *, delivered: Collection[str] | None = None
) -> pl.DataFrame:
    """Rows as a frame with one column of text for each of `fields`, in their order.

    An exact name wins; else dots reach into nested objects, and a number between dots into a list.
    `delivered` are the native fields that the page says it delivers (None: all): a column of another field is
    null throughout. In a delivered column nothing is null: what is empty, missing or white space is "".
    """
    if isinstance(rows, ArrowStream):
        frame = pl.DataFrame(rows)
        height = frame.height
        columns = [_arrow_column(frame, name) for name in fields]
    else:
        height = len(rows)
        columns = [_dict_column(rows, name) for name in fields]
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    there = [_is_delivered(name, delivered) for name in fields]
    frame = pl.DataFrame(
        [(column if told else empty).alias(name) for name, column, told in zip(fields, columns, there, strict=True)]
    )
    return frame.with_columns(_blanked(name) for name, told in zip(fields, there, strict=True) if told)


def native_text(value: object) -> str | None:
    """One plain value as native text; None and an empty list or object as None."""
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float_text(value)
        case Decimal():
            return _decimal_text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case dict() | list() | tuple() | set() | frozenset():
            return _json_text(value)
        case bytes():
            return value.decode("utf-8", "replace")
    return str(value)


def _is_delivered(name: str, delivered: Collection[str] | None) -> bool:
    if delivered is None or name in delivered:
        return True
    parts = name.split(".")
    return any(".".join(parts[:count]) in delivered for count in range(1, len(parts)))


def _blanked(name: str) -> pl.Expr:
    text = pl.col(name)
    blank = text.is_null() | (text.str.strip_chars(WHITE) == BLANK)
    return pl.when(blank).then(pl.lit(BLANK)).otherwise(text).alias(name)


def _dict_column(rows: Sequence[Row], name: str) -> pl.Series:
    values = [row[name] if name in row else _reach(row, name) for row in rows]
    if not all(type(value) is str or value is None for value in values):
        values = [native_text(value) for value in values]
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([None if value is None else _whole(str(value)) for value in values], dtype=pl.String)


def _whole(text: str) -> str:
    """The text with a mark in place of each half of a character, as cut texts in JSON may have them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _reach(value: object, path: str) -> object:
    """What lies at the end of a dotted path. At each step the longest name that exists wins."""
    if "." not in path:
        return _step(value, path)
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        inner = _step(value, ".".join(parts[:count]))
        if inner is not None:
            rest = ".".join(parts[count:])
            found = _step(inner, rest)
            return found if found is not None else _reach(inner, rest)
    return None


def _step(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return None


def _arrow_column(frame: pl.DataFrame, name: str) -> pl.Series:
    if name in frame.columns:
        return text_of(frame[name], native_text)
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:count])
        if head in frame.columns:
            return text_of(_inside(frame[head], parts[count:]), native_text)
    return pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)


def _inside(column: pl.Series, parts: list[str]) -> pl.Series:
    for index, part in enumerate(parts):
        kind = column.dtype
        if isinstance(kind, pl.Struct) and part in {field.name for field in kind.fields}:
            column = column.struct.field(part)
        elif isinstance(kind, pl.List) and part.isdecimal():
            column = column.list.get(int(part), null_on_oob=True)
        else:
            rest = ".".join(parts[index:])
            return pl.Series([_reach(value, rest) for value in column.to_list()], dtype=pl.Object)
    return column


def _float_text(value: float) -> str | None:
    if value != value:
        return None
    if value in (float("inf"), float("-inf")):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _decimal_text(Decimal(repr(value)))


def _decimal_text(value: Decimal) -> str | None:
    if not value.is_finite():
        return None if value.is_nan() else str(value)
    text = format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text


def _json_text(value: Any) -> str | None:
    if not value:
        return None
    plain = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    try:
        return _dumped(plain)
    except orjson.JSONEncodeError:
        return _dumped(_all_whole(plain))


def _dumped(value: object) -> str:
    return orjson.dumps(
        value,
        default=_jsonable,
        option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS,
    ).decode()


def _all_whole(value: object) -> object:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_all_whole(name): _all_whole(one) for name, one in value.items()}
    return [_all_whole(one) for one in value] if isinstance(value, list | tuple) else value


def _jsonable(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return native_text(value)
