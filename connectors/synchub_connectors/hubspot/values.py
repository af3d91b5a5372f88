"""Values on their way in and out: HubSpot knows only text. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from synchub.api import FieldType

from .markup import html_of, text_of

_MILLISECONDS = re.compile(r"-?\d{9,}")


def moment(text: str) -> datetime:
    """A time as HubSpot writes it: ISO 8601, or milliseconds since 1970. Raises ValueError."""
    if _MILLISECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _day(text: str) -> date:
    return moment(text).date() if _MILLISECONDS.fullmatch(text) else date.fromisoformat(text[:10])


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_READ: Mapping[FieldType, Callable[[str], Any]] = {
    "number": Decimal,
    "bool": _flag,
    "date": _day,
    "datetime": moment,
    "set": lambda text: [part for part in text.split(";") if part],
}


def readers(types: Mapping[str, FieldType], rich: Iterable[str]) -> dict[str, Callable[[str], Any]]:
    """How to read the properties that are not simply text; `rich` ones hold HTML."""
    special = {name: _READ[type_] for name, type_ in types.items() if type_ in _READ}
    return special | {name: text_of for name in rich if name in types}


def read(text: str | None, reader: Callable[[str], Any] | None) -> Any:
    """A value from the wire. What can't be read stays as it is: the mapping will say what is wrong."""
    if text is None or text == "":
        return None
    if reader is None:
        return text
    try:
        return reader(text)
    except (ValueError, KeyError, InvalidOperation, OverflowError, OSError):
        return text


def write(value: Any, zone: tzinfo, *, rich: bool = False) -> str:
    """A plain value for the wire; "" clears. Times without a zone are in `zone`.

    `rich`: the property shows HTML, so the text is escaped.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=zone)
            return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case list() | tuple() | set() | frozenset():
            return ";".join(str(part) for part in value)
        case _:
            return html_of(str(value)) if rich else str(value)
