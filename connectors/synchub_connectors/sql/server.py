"""The database's server: the engine, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from synchub.api import AuthenticationError, ConfigurationError, RetryLater, SynchubError

from .faults import fault, reason

DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}

_SESSION = {
    "mysql": "SET time_zone = '+00:00'",
    "postgresql": "SET TIME ZONE 'UTC'; SET datestyle TO 'ISO'; SET intervalstyle TO 'postgres'",
}
_PATIENCE = "SELECT set_config('lock_timeout', '30s', true) WHERE current_setting('lock_timeout') = '0'"
"""Else a write would wait for ever for a row that somebody holds. MariaDB and MySQL give up by themselves."""


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
    event.listen(engine, "connect", lambda connection, _: _execute(connection, _SESSION[engine.dialect.name]))
    return engine


def _sqlite(url: sa.URL, folder: Path) -> sa.Engine:
    name = url.database or ""
    is_uri = name.startswith("file:") and "uri" in url.query
    if not name or name == ":memory:":
        raise ConfigurationError("An SQLite database has to be a file.", next_step="Write its url as sqlite:///FILE.")
    file = name if is_uri else str(folder / name)
    if not is_uri and not Path(file).is_file():
        raise ConfigurationError(
            f"There is no database file {name!r} in {folder}.",
            next_step="Put the file there, or correct url in hub.toml.",
        )
    engine = sa.create_engine(
        url.set(drivername="sqlite", database=file),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"isolation_level": None} | ({} if "timeout" in url.query else {"timeout": 30}),
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
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(_PATIENCE)
        yield connection


@contextmanager
def talking(engine: sa.Engine) -> Iterator[None]:
    """Say in our own words what goes wrong with the database in this block.

    Nothing of the block is done then, except that the answer to a commit may have been lost.
    """
    try:
        yield
    except exc.DBAPIError as error:
        raise _told(engine, error) from None
    except _driver(engine) as error:  # COPY is not known to SQLAlchemy
        raise _told(engine, exc.DBAPIError(None, None, error)) from None


def _driver(engine: sa.Engine) -> type[Exception]:
    kind: type[Exception] = engine.dialect.loaded_dbapi.Error
    return kind


def _told(engine: sa.Engine, error: exc.DBAPIError) -> SynchubError:
    where = f"database {engine.url.database} on {engine.url.host or 'this machine'}"
    said = reason(error)
    match fault(error):
        case "login":
            return AuthenticationError(
                f"The {where} refused user {engine.url.username}.",
                not_done="Nothing was read or written there.",
                next_step="Correct the user or the password in url.",
            )
        case "later":
            return RetryLater(
                f"The {where} does not answer as it should: {said}.",
                not_done="If this was a write, the next run finds out whether it was done.",
            )
        case "rights":
            return ConfigurationError(
                f"User {engine.url.username} of {where} may not do this: {said}.",
                not_done="Nothing was written there.",
                next_step='Grant it, or set direction = "in" for this member.',
            )
        case _:
            return ConfigurationError(
                f"The {where} did not understand: {said}.", next_step="Correct hub.toml, or the database."
            )
