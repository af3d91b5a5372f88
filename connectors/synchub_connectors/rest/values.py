"""Values on their way in and out, where JSON and the hub don't mean the same by themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from synchub.api import Row
from synchub_connectors.rest.description import FieldOf, StreamOf
from synchub_connectors.rest.places import MISSING, at, put

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNIT = {"seconds": timedelta(seconds=1), "milliseconds": timedelta(milliseconds=1)}


def numbered_times(stream: StreamOf) -> dict[str, timedelta]:
    """The fields whose times are numbers since 1970, with the unit."""
    fields = {name: stream.field(name) for name in stream.fields}
    return {
        name: UNIT[field.format]
        for name, field in fields.items()
        if field.format in UNIT and field.type in ("date", "datetime")
    }


def read_times(rows: Iterable[Any], times: Mapping[str, timedelta]) -> None:
    """Put moments where the rows have numbers. What is no number stays: the mapping will say what is wrong."""
    for name, unit in times.items():
        for row in rows:
            told = at(row, name)
            if isinstance(told, int | float) and not isinstance(told, bool):
                try:
                    put(row, name, EPOCH + told * unit)
                except (OverflowError, ValueError):
                    continue


def with_empties(row: dict[str, Any], stream: StreamOf) -> Row:
    """A record that is told whole: a field that it leaves out is empty."""
    heads = (name if name in row else name.split(".")[0] for name in stream.fields)
    return {**dict.fromkeys(heads), **row}


def wire(value: Any, field: FieldOf, zone: tzinfo, *, clear: str) -> Any:
    """A plain value as JSON. Times without a zone are in `zone`."""
    match value:
        case None:
            return None if clear == "null" else ""
        case datetime():
            aware = (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
            if field.format in UNIT:
                return (aware - EPOCH) // UNIT[field.format]
            exact = "microseconds" if aware.microsecond % 1000 else "milliseconds" if aware.microsecond else "seconds"
            return aware.isoformat(timespec=exact).replace("+00:00", "Z")
        case date():
            if field.format in UNIT:
                return (datetime(value.year, value.month, value.day, tzinfo=UTC) - EPOCH) // UNIT[field.format]
            return value.isoformat()
        case Decimal():
            return _number(value)
        case list() | tuple() | set() | frozenset():
            return [wire(each, field, zone, clear=clear) for each in value]
        case _:
            return value


def _number(value: Decimal) -> int | float | str:
    """The same number; as text where JSON would not carry all of its digits."""
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def moment(value: datetime, form: str) -> Any:
    """A time as a parameter wants it."""
    utc = value.astimezone(UTC)
    match form:
        case "date":
            return utc.date().isoformat()
        case "seconds" | "milliseconds":
            return (utc - EPOCH) // UNIT[form]
        case _:
            return utc.isoformat(timespec="seconds").replace("+00:00", "Z")


def body(values: Mapping[str, Any], into: dict[str, Any], wrap: str) -> Any:
    """Values in their places in a body; dots make nested objects."""
    here = at(into, wrap)
    if not isinstance(here, dict):
        here = {}
        put(into, wrap, here)
    for name, value in values.items():
        put(here, name, value)
    return into


def identified(row: Any, stream: StreamOf) -> dict[str, Any] | None:
    """A record as an answer told it, if it is one and says which."""
    return row if isinstance(row, dict) and at(row, stream.key) not in (MISSING, None, "") else None
