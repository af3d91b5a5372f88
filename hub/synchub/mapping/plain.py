"""From native text to the plain values that a connector is handed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import polars as pl

from synchub.mapping.sets import elements
from synchub.model import BLANK, FieldType


def native_value(text: str | None, type: FieldType) -> Any:
    """One native text as the plain value that a stream's field of this type takes.

    Blank and null are None. A text that is no value of the type is handed over as it is: the system has the
    last word.
    """
    if text is None or text == BLANK:
        return None
    convert = _converters().get(type)
    return text if convert is None else convert(text)


def native_values(texts: pl.Series, type: FieldType) -> list[Any]:
    """A column of native texts as plain values; see `native_value`."""
    convert = _converters().get(type)
    items = texts.to_list()
    if convert is None:
        return [text or None for text in items]
    distinct = {text: convert(text) for text in set(items) if text}
    return [_own(distinct[text]) if text else None for text in items]


def _own(value: Any) -> Any:
    # Two rows must not share one list: a connector may change what it is handed.
    return orjson.loads(orjson.dumps(value)) if isinstance(value, list | dict) else value


def _converters() -> dict[FieldType, Callable[[str], Any]]:
    return {
        "integer": _integer,
        "number": _number,
        "bool": _bool,
        "date": _date,
        "datetime": _datetime,
        "set": lambda text: elements(text, None),
        "json": _json,
    }


def _integer(text: str) -> int | str:
    number = _number(text)
    return int(number) if isinstance(number, Decimal) and number == number.to_integral_value() else text


def _number(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() and abs(number.adjusted()) < 400 else text


def _bool(text: str) -> bool | str:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


def _date(text: str) -> date | str:
    moment = _datetime(text)
    return moment.date() if isinstance(moment, datetime) else text


def _datetime(text: str) -> datetime | str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if len(text) > len("2024-05-01") and moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
