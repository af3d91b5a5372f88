"""What a column holds: how its values are read as text, understood, and bound."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql

from synchub.api import FieldType


class Unfit(ValueError):
    """A value that a column can't hold; the text says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A column's kind.

    length   the most characters, if there is a limit        aware   whether times carry a zone
    largest  the first whole number that is too large        options the values of an enumeration
    plain    whether it is text and nothing more
    """

    type: FieldType
    sql: types.TypeEngine[Any]
    database: str
    length: int | None = None
    largest: int = 2**63
    aware: bool = False
    options: tuple[str, ...] = ()
    plain: bool = False

    def holds(self, text: str) -> bool:
        """Whether a column of plain text can hold this for certain. Else it is looked at more closely."""
        return text.isascii() and "\0" not in text and (self.length is None or len(text) <= self.length)


def kind_of(sql: types.TypeEngine[Any], database: str) -> Kind | None:
    """The kind of a column of this type in a "postgresql", "mysql" or "sqlite" database; None for binary
    data."""
    match sql:
        case types.LargeBinary() | types.BINARY() | types.VARBINARY() | mysql.BIT() | postgresql.BYTEA():
            return None
        case types.Boolean():
            return Kind("bool", sql, database)
        case mysql.TINYINT() if sql.display_width == 1:
            return Kind("bool", sql, database)
        case types.Integer():
            return Kind("integer", sql, database, largest=_largest(sql, database))
        case types.Numeric() | types.Float():
            return Kind("number", sql, database)
        case types.DateTime():
            aware = bool(sql.timezone) or (database == "mysql" and isinstance(sql, types.TIMESTAMP))
            return Kind("datetime", sql, database, aware=aware)
        case types.Date():
            return Kind("date", sql, database)
        case types.JSON():
            return Kind("json", sql, database)
        case types.ARRAY():
            return Kind("set", sql, database)
        case types.Enum():
            return Kind("enum", sql, database, options=tuple(sql.enums))
        case types.String():
            length = None if database == "sqlite" else sql.length
            return Kind("text", sql, database, length=length, plain=True)
        case _:
            return Kind("text", sql, database)


def as_text(column: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    """An expression that gives the column's native text: shortest numbers, true and false, ISO 8601 times.

    The database does the conversion, so that no value is touched on its way from there to a frame.
    """
    if kind.type in ("text", "enum") and isinstance(kind.sql, types.String) and kind.database != "sqlite":
        return sa.type_coerce(column, sa.Text)
    match kind.database:
        case "postgresql":
            return _postgresql_text(column, kind)
        case "mysql":
            return _mysql_text(column, kind)
        case _:
            return _sqlite_text(column, kind)


def _postgresql_text(column: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    text = sa.cast(column, sa.Text)
    match kind.type:
        case "number" if isinstance(kind.sql, types.Numeric) and not isinstance(kind.sql, types.Float):
            return sa.cast(sa.func.trim_scale(column), sa.Text)
        case "datetime" if kind.aware:
            return sa.func.replace(sa.func.replace(text, " ", "T"), "+00", "Z")
        case "datetime":
            return sa.func.replace(text, " ", "T")
        case "set":
            return sa.cast(sa.func.array_to_json(column), sa.Text)
        case _:
            return text


def _mysql_text(column: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    text = sa.cast(column, sa.CHAR)
    match kind.type:
        case "bool":
            return sa.case((column.is_(None), sa.null()), (column == 0, "false"), else_="true")
        case "number" if getattr(kind.sql, "scale", None):
            whole = sa.func.regexp_replace(text, "0+$", "")
            return sa.func.regexp_replace(whole, "[.]$", "")
        case "datetime":
            moment = sa.func.replace(sa.func.regexp_replace(text, "[.]0+$", ""), " ", "T")
            return sa.func.concat(moment, "Z") if kind.aware else moment
        case _:
            return text


def _sqlite_text(column: sa.ColumnElement[Any], kind: Kind) -> sa.ColumnElement[Any]:
    # A column of SQLite may hold anything, whatever its type.
    text = sa.cast(column, sa.Text)
    held = sa.func.typeof(column)
    whole = sa.cast(sa.cast(column, sa.Integer), sa.Text)
    is_whole = sa.and_(held == "real", column == sa.cast(column, sa.Integer), sa.func.abs(column) < 10**15)
    plain = sa.case((held == "blob", sa.func.hex(column)), (is_whole, whole), else_=text)
    if kind.type == "bool":
        return sa.case((text == "1", "true"), (text == "0", "false"), else_=plain)
    return plain


def understood(value: Any, kind: Kind, zone: ZoneInfo) -> Any:
    """A plain value, or native text, as the value it stands for: to be compared, or to be bound. Raises Unfit.

    Times come out aware where the column's are, else as the wall clock in `zone`.
    """
    if value is None or (kind.plain and type(value) is str and kind.holds(value)):
        return value
    try:
        return _understood(value, kind, zone)
    except Unfit:
        raise
    except (ValueError, InvalidOperation, TypeError, AttributeError, OverflowError):
        raise Unfit(f"It is no {kind.type}.") from None


def _understood(value: Any, kind: Kind, zone: ZoneInfo) -> Any:
    match kind.type:
        case "bool":
            return value if isinstance(value, bool) else _truth(value)
        case "integer":
            number = int(value if isinstance(value, int) else _whole(value))
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


def _whole(value: Any) -> Decimal:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise Unfit("It is no whole number.")
    return number


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
        case bool():
            return int(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case list() | dict():
            return native_text(value)
        case uuid.UUID():
            return str(value)
        case _:
            return value


def spelled(value: Any, kind: Kind) -> str | None:
    """An understood value as PostgreSQL spells it."""
    match value:
        case None | str():
            return value
        case list() if kind.type == "set":
            return array([None if item is None else native_text(item) for item in value])
        case bool() | list() | dict() | date():
            return native_text(value)
        case _:
            return str(value)


def array(texts: Sequence[str | None]) -> str:
    """An array of texts as PostgreSQL spells it: three times as fast as the driver does it, and there are many."""
    joined = "".join([text for text in texts if text])
    if '"' in joined or "\\" in joined:
        texts = [text and text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return "{" + ",".join(["NULL" if text is None else f'"{text}"' for text in texts]) + "}"


def native_text(value: Any) -> str:
    """A plain value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return value.isoformat() if isinstance(value, date) else str(value)


def _largest(sql: types.TypeEngine[Any], database: str) -> int:
    if database != "postgresql":
        return 2**64 if database == "mysql" else 2**63
    if isinstance(sql, types.SmallInteger):
        return 2**15
    return 2**63 if isinstance(sql, types.BigInteger) else 2**31
