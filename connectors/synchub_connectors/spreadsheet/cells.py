"""What stands in a cell: plain values as text, formulas made harmless, rows named by their key."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from synchub.api import ConfigurationError, Row

_FORMULA = r"=+\-@\t\r\n＝＋－＠"
_RISKY = re.compile(f"'*[{_FORMULA}]")
_NUMBER = re.compile(r"[+-]?[\d ().-]+")
_ESCAPED = f"^'('*[{_FORMULA}])"


def escaped(text: str) -> str:
    """The text as a CSV cell that no program takes for a formula. Numbers and phone numbers stay the same."""
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def unescaped(text: str) -> str:
    """The opposite of `escaped`."""
    return re.sub(_ESCAPED, r"\1", text)


def read_back(frame: pl.DataFrame) -> pl.DataFrame:
    """Cells of a CSV file as values: unescaped, null if blank. Rows without a single value are left out."""
    cleaned = frame.with_columns(pl.all().str.replace(_ESCAPED, "${1}").replace("", None))
    return cleaned.filter(pl.any_horizontal(pl.all().is_not_null()))


def native_text(value: Any) -> str:
    """A plain value as text: shortest numbers, ISO 8601 times, compact JSON. None is blank."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() | Decimal():
            return _shortest(Decimal(str(value)))
        case datetime():
            digits = "seconds" if not value.microsecond else "auto" if value.microsecond % 1000 else "milliseconds"
            return value.isoformat(timespec=digits)
        case date():
            return value.isoformat()
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=native_text)
        case _:
            return str(value)


def same(left: str, right: str) -> bool:
    """Whether two cells hold the same value: equal as text, or equal as numbers."""
    if left.strip() == right.strip():
        return True
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def key_text(row: Row, columns: Sequence[str]) -> str:
    """The text that names a row: the key's value, or a JSON array of them. Blank if any part of it is."""
    parts = [row[column] or "" for column in columns]
    if not all(parts):
        return ""
    return parts[0] if len(parts) == 1 else json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def key_parts(text: str, count: int) -> tuple[str, ...]:
    """The values that a remote id of `count` columns is made of; empty if it is not one."""
    if count == 1:
        return (text,)
    try:
        parts = json.loads(text)
    except ValueError:
        return ()
    right = isinstance(parts, list) and len(parts) == count
    return tuple(native_text(part) for part in parts) if right else ()


def column_names(cells: Sequence[str | None], *, where: str) -> tuple[str, ...]:
    """The names in a header row, trimmed. Raises ConfigurationError if one is blank or there twice."""
    names = tuple((cell or "").strip() for cell in cells)
    blank = [str(place) for place, name in enumerate(names, 1) if not name]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if not any(names):
        raise ConfigurationError(
            f"{where} has no names of columns: its header row is empty.",
            next_step="If they stand further down, say so with header_row.",
        )
    if blank:
        raise ConfigurationError(
            f"{where} has columns without a name: number {', '.join(blank)}.",
            next_step="Name every column in the header row, or set header_row if it is another row.",
        )
    if twice:
        raise ConfigurationError(
            f"{where} has more than one column named {', '.join(repr(name) for name in twice)}.",
            next_step="Give every column a name of its own.",
        )
    return names


def _shortest(number: Decimal) -> str:
    if not number.is_finite():
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
