"""Values on their way to a column: understood by what the column holds, bound, and spelled out."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import types

from .kinds import Kind

# Values of these types need no second look: most columns are of one type throughout.
_EXACT = {"bool": bool, "date": date}
_DIGITS = re.compile(r"-?\d{1,40}")


class Unfit(ValueError):
    """A value that a column can't hold; the text says why."""


def understood(value: Any, kind: Kind, zone: ZoneInfo) -> Any:
    """A plain value, or native text, as the value it stands for: to be compared, or to be bound. Raises
    Unfit.

    Times come out aware where the column's are, else as the wall clock in `zone`.
    """
    if value is None:
        return value
    try:
        return _understood(value, kind, zone)
    except Unfit:
        raise
    except (ValueError, InvalidOperation, TypeError, AttributeError, OverflowError):
        raise Unfit(f"It is no {kind.type}.") from None


def all_understood(values: Sequence[Any], kind: Kind, zone: ZoneInfo) -> tuple[list[Any], dict[int, Unfit]]:
    """A column of values at once, each as `understood` would have it; and those that are unfit, by their
    place."""
    if kind.plain and {str, type(None)}.issuperset(map(type, values)):
        texts = [value for value in values if value]
        joined = "".join(texts)
        fits = kind.length is None or max(map(len, texts), default=0) <= kind.length
        if fits and "\0" not in joined and _is_sound(joined):
            return list(values), {}
    if (exact := _EXACT.get(kind.type)) and {exact, type(None)}.issuperset(map(type, values)):
        return list(values), {}
    are_decimals = kind.type == "number" and {Decimal, type(None)}.issuperset(map(type, values))
    if are_decimals and all(map(Decimal.is_finite, filter(None, values))):
        return list(values), {}
    found: list[Any] = []
    unfit = {}
    for place, value in enumerate(values):
        try:
            found.append(understood(value, kind, zone))
        except Unfit as error:
            found.append(None)
            unfit[place] = error
    return found, unfit


def _is_sound(text: str) -> bool:
    """Whether a text holds no half of a character."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _understood(value: Any, kind: Kind, zone: ZoneInfo) -> Any:
    match kind.type:
        case "bool":
            return value if isinstance(value, bool) else _truth(value)
        case "integer":
            number = int(value) if isinstance(value, int | str) and _DIGITS.fullmatch(str(value)) else _whole(value)
            if not -kind.largest <= number < kind.largest:
                raise Unfit("The number is too large.")
            return number
        case "number":
            amount = value if isinstance(value, Decimal) else Decimal(str(value))
            if not amount.is_finite():
                raise Unfit("It is no number.")
            return amount
        case "datetime":
            return _moment(value, aware=kind.aware, zone=zone)
        case "date":
            return value.date() if isinstance(value, datetime) else _day(value)
        case "json" | "set":
            return json.loads(value) if isinstance(value, str) else json.loads(json.dumps(value, default=str))
        case _:
            return _text(value, kind)


def _truth(value: Any) -> bool:
    known = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    text = str(value).lower()
    if text not in known:
        raise Unfit("It is neither true nor false.")
    return known[text]


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise Unfit("It is no whole number.")
    return int(number)


def _moment(value: Any, *, aware: bool, zone: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        moment = value
    else:
        moment = datetime.fromisoformat(value if isinstance(value, str) else value.isoformat())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment if aware else moment.astimezone(zone).replace(tzinfo=None)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def _text(value: Any, kind: Kind) -> Any:
    if isinstance(kind.sql, types.Uuid):
        return uuid.UUID(str(value))
    text = value if isinstance(value, str) else native_text(value)
    if kind.length is not None and len(text) > kind.length:
        raise Unfit(f"It has {len(text)} characters; the column holds {kind.length}.")
    if kind.database == "postgresql" and "\0" in text:
        raise Unfit("It holds a NUL character.")
    if kind.options and text not in kind.options:
        raise Unfit(f"The column knows only: {', '.join(kind.options)}.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("It holds half a character.") from None
    return text


def bound(value: Any, kind: Kind) -> Any:
    """An understood value as the driver wants it. SQLite has no types of its own for most."""
    if value is None or kind.database != "sqlite":
        return value
    match value:
        case _ if kind.type == "json":
            return _json(value)
        case bool():
            return int(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            return value


def all_spelled(values: Sequence[Any], kind: Kind) -> str:
    """Understood values as an array of texts, as PostgreSQL spells it."""
    return array(values if kind.plain else spelled(values, kind))


def spelled(values: Sequence[Any], kind: Kind) -> list[str | None]:
    """Understood values of no plain text, each as PostgreSQL spells it."""
    if kind.type == "json":
        return [None if value is None else _json(value) for value in values]
    if kind.type == "set":
        return [None if value is None else array([_item(item) for item in value]) for value in values]
    return [None if value is None else str(value) for value in values]


def array(texts: Sequence[str | None]) -> str:
    """An array of texts as PostgreSQL spells it: three times as fast as the driver does it, and there are
    many."""
    joined = "".join([text for text in texts if text])
    if '"' in joined or "\\" in joined:
        texts = [text and text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    if texts and None not in texts:
        return '{"' + '","'.join(cast(Sequence[str], texts)) + '"}'
    return "{" + ",".join(["NULL" if text is None else f'"{text}"' for text in texts]) + "}"


def native_text(value: Any) -> str:
    """A plain value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict | tuple):
        return _json(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _item(value: Any) -> str | None:
    return None if value is None else native_text(value)
