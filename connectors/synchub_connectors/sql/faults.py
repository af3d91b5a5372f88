"""What the errors of databases mean: what to do about each, and what may be shown of it."""

from __future__ import annotations

import re
from typing import Any, Literal

from sqlalchemy import exc

Fault = Literal["record", "login", "later", "rights", "setup"]
"""What is at fault: one record, the credentials, the moment, what the user may do, or the setup."""

_SQLSTATE: tuple[tuple[str, Fault], ...] = (
    ("28", "login"),
    ("3D", "setup"),
    ("42501", "rights"),
    ("25006", "rights"),
    ("42", "setup"),
    ("08", "later"),
    ("40", "later"),
    ("53", "later"),
    ("55", "later"),
    ("57", "later"),
    ("58", "later"),
)
_MYSQL: dict[int, Fault] = {
    **dict.fromkeys((1045, 1698, 1251, 2059), "login"),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1290, 1792), "rights"),
    **dict.fromkeys((1049, 1054, 1064, 1146), "setup"),
    **dict.fromkeys((1040, 1053, 1203, 1205, 1213, 1226, 2002, 2003, 2006, 2013, 2014, 2055), "later"),
}
_LIBPQ: tuple[tuple[str, Fault], ...] = (
    ("password authentication failed|no password supplied|no pg_hba.conf entry", "login"),
    ('role ".*" does not exist', "login"),
    ('database ".*" does not exist', "setup"),
)
_SQLITE: tuple[tuple[str, Fault], ...] = (
    ("readonly|not authorized", "rights"),
    ("locked|busy|disk|unable to open", "later"),
)


def fault(error: exc.DBAPIError) -> Fault:
    """What an error of the database means."""
    if error.connection_invalidated:
        return "later"
    if isinstance(code(error), int):
        return _MYSQL.get(code(error), "record")
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return next((meaning for start, meaning in _SQLSTATE if state.startswith(start)), "record")
    text = str(error.orig)
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.InterfaceError):
        return "record"
    if "psycopg" in type(error.orig).__module__:
        # What fails before the session begins has no state, only words.
        return next((meaning for words, meaning in _LIBPQ if re.search(words, text)), "later")
    return next((meaning for words, meaning in _SQLITE if re.search(words, text)), "setup")


def is_unique(error: exc.DBAPIError) -> bool:
    """Whether a unique value was there already."""
    if isinstance(code(error), int):
        return bool(code(error) == 1062)
    state = getattr(error.orig, "sqlstate", None)
    return state == "23505" if state else str(error.orig).startswith("UNIQUE constraint failed")


def code(error: exc.DBAPIError) -> Any:
    """The first thing that the driver says; a number if it is that of MySQL."""
    return error.orig.args[0] if error.orig and error.orig.args else None


def reason(error: exc.DBAPIError) -> str:
    """The first sentence that the database says; not its details, which may show values of other rows."""
    told = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    if told:
        return str(told)
    if error.orig and isinstance(code(error), int) and len(error.orig.args) > 1:
        return re.sub(r"^Duplicate entry '.*' for", "Duplicate entry for", str(error.orig.args[1]), flags=re.DOTALL)
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
