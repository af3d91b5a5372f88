"""The database's server: the engine, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event, exc

from synchub.api import AuthenticationError, ConfigurationError, RetryLater

DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}

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


def open_engine(url: str, *, folder: Path, connect_timeout: int) -> sa.Engine:
    """An engine that keeps no connection and shows no values in its errors. Raises ConfigurationError."""
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        raise ConfigurationError(
            "The url is not one of a database.",
            next_step="It looks like postgresql://user:password@host/database or sqlite:///file.db.",
        ) from None
    kind = parsed.drivername.partition("+")[0]
    if kind not in DRIVERS:
        raise ConfigurationError(
            f"There is no support for {kind} databases.",
            next_step=f"Supported are: {', '.join(sorted(DRIVERS))}.",
        )
    if kind == "sqlite":
        return _sqlite(parsed, folder)
    parsed = parsed.set(drivername=DRIVERS[kind])
    try:
        engine = sa.create_engine(
            parsed,
            poolclass=sa.NullPool,
            hide_parameters=True,
            connect_args={"connect_timeout": connect_timeout},
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The driver {error.name} for {kind} databases is not installed.",
            next_step=f"pip install {error.name}",
        ) from None
    zone = "SET time_zone = '+00:00'" if engine.dialect.name == "mysql" else "SET TIME ZONE 'UTC'"
    event.listen(engine, "connect", lambda connection, _: _execute(connection, zone))
    return engine


def _sqlite(url: sa.URL, folder: Path) -> sa.Engine:
    name = url.database or ""
    if not name or name == ":memory:" or name.startswith("file:"):
        raise ConfigurationError(
            "An SQLite database has to be a file.", next_step="Write its url as sqlite:///FILE."
        )
    file = folder / name
    if not file.is_file():
        raise ConfigurationError(
            f"There is no database file {name!r} in {folder}.",
            next_step="Put the file there, or correct url in hub.toml.",
        )
    engine = sa.create_engine(
        url.set(drivername="sqlite", database=str(file)),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"timeout": 30, "isolation_level": None},
    )
    # A transaction that reads first and writes later would fail if another wrote in between: lock at once.
    event.listen(engine, "begin", lambda connection: _begin_sqlite(connection))
    return engine


def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reads"):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _execute(connection: Any, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    connection.commit()


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A read-only transaction that sees one state of the database from beginning to end."""
    options: dict[str, Any] = {"reads": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with talking(engine), engine.connect().execution_options(**options) as connection:
        if engine.dialect.name == "mysql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is committed when the block ends."""
    with talking(engine), engine.begin() as connection:
        yield connection


@contextmanager
def talking(engine: sa.Engine) -> Iterator[None]:
    """Say in our own words what goes wrong with the database in this block. Nothing of the block is done
    then, except that an answer to a commit may have been lost."""
    try:
        yield
    except exc.DBAPIError as error:
        where = f"database {engine.url.database} on {engine.url.host or 'this machine'}"
        said = reason(error)
        match fault(error):
            case "login":
                raise AuthenticationError(
                    f"The {where} refused user {engine.url.username}.",
                    not_done="Nothing was read or written there.",
                    next_step="Correct the user or the password in url.",
                ) from None
            case "later":
                raise RetryLater(
                    f"The {where} does not answer as it should: {said}.",
                    not_done="If this was a write, the next run finds out whether it was done.",
                ) from None
            case "rights":
                raise ConfigurationError(
                    f"User {engine.url.username} of {where} may not do this: {said}.",
                    not_done="Nothing was written there.",
                    next_step='Grant it, or set direction = "in" for this member.',
                ) from None
            case _:
                raise ConfigurationError(
                    f"The {where} did not understand: {said}.", next_step="Correct hub.toml, or the database."
                ) from None


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
    if "psycopg" in type(error.orig).__module__:
        # What fails before the session begins has no state, only words.
        return next((meaning for words, meaning in _LIBPQ if re.search(words, text)), "later")
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.InterfaceError):
        return "record"
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
        return re.sub(
            r"^Duplicate entry '.*' for", "Duplicate entry for", str(error.orig.args[1]), flags=re.DOTALL
        )
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
