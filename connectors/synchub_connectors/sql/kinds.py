"""What a column holds, and how it is read as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql

from synchub.api import FieldType


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
    # A column of SQLite may hold anything, whatever its type. Nothing here is a parameter: INSERT … RETURNING has its own.
    text = sa.cast(column, sa.Text)
    held = sa.func.typeof(column)
    whole = sa.cast(sa.cast(column, sa.Integer), sa.Text)
    small = sa.func.abs(column) < sa.literal_column("1000000000000000")
    is_whole = sa.and_(held == _constant("real"), column == sa.cast(column, sa.Integer), small)
    plain = sa.case((held == _constant("blob"), sa.func.hex(column)), (is_whole, whole), else_=text)
    if kind.type == "bool":
        known = [(text == _constant(stored), _constant(said)) for stored, said in (("1", "true"), ("0", "false"))]
        return sa.case(*known, else_=plain)
    return plain


def _constant(text: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{text}'", sa.Text)


def _largest(sql: types.TypeEngine[Any], database: str) -> int:
    if database != "postgresql":
        return 2**64 if database == "mysql" else 2**63
    if isinstance(sql, types.SmallInteger):
        return 2**15
    return 2**63 if isinstance(sql, types.BigInteger) else 2**31
