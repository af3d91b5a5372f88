"""Opens the hub's store: SQLite or PostgreSQL, by its URL. Transactions, migrations, counters, the lock."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from synchub.errors import ConfigurationError, FatalError, RetryLater


@dataclass(frozen=True)
class Store:
    """An open store. Nothing is cached: several processes may look at it while one works."""

    engine: Engine
    file: Path | None
    turn: contextlib.AbstractContextManager[object] = field(default_factory=contextlib.nullcontext)
    """Held by who writes. Threads that wait for each other in SQLite sleep, longer each time, until they look again."""

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may change things. Commits at the end, rolls back on any exception."""
        with _plain_errors(self.file), self.turn, self.engine.begin() as tx:
            yield tx

    @contextlib.contextmanager
    def trial(self) -> Iterator[Connection]:
        """One transaction whose changes are thrown away, whatever happens."""
        with _plain_errors(self.file), self.engine.connect() as tx:
            outer = tx.begin()
            try:
                yield tx
            finally:
                outer.rollback()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only looks: it takes no lock that a writer would feel."""
        with _plain_errors(self.file), self.engine.connect().execution_options(synchub_read=True) as tx:
            yield tx

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str, folder: Path) -> Store:
    """Open a store without touching its tables. Relative SQLite paths start at `folder`."""
    parsed = _parsed(url)
    backend = parsed.get_backend_name()
    file = file_of(url, folder)
    if file is not None:
        return _sqlite(file)
    if backend == "postgresql":
        chosen = parsed.set(drivername="postgresql+psycopg")
        return Store(create_engine(chosen, pool_pre_ping=True, isolation_level="READ COMMITTED"), None)
    raise ConfigurationError(
        f"The store can't be kept in {backend}.", next_step="Use a URL of SQLite or PostgreSQL as `store`."
    )


def file_of(url: str, folder: Path) -> Path | None:
    """The file of an SQLite store, whether it is there or not; None for every other store."""
    parsed = _parsed(url)
    return folder / (parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def shown(url: str) -> str:
    """A store's address as people may see it: without its password, and without settings that may hold one."""
    return _parsed(url).set(query={}).render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except Exception:
        raise ConfigurationError(
            "The setting `store` is not a database URL.",
            next_step='Write for example store = "sqlite:///hub.db" under [hub] in hub.toml.',
        ) from None


def _sqlite(file: Path) -> Store:
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, stat.S_IRUSR | stat.S_IWUSR))
        except OSError as error:
            raise ConfigurationError(
                f"The hub's store can't be made: {file}: {error.strerror}.",
                not_done="Nothing was read or written.",
                next_step="Name a file in a folder that you may write to, as `store` under [hub] in hub.toml.",
            ) from None
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settings(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's deferred one
        # The size of pages counts while the file is empty: rows are long, four of them fill a page of the usual size.
        for pragma in (
            "page_size = 8192",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        looking = connection.get_execution_options().get("synchub_read", False)
        connection.exec_driver_sql("BEGIN" if looking else "BEGIN IMMEDIATE")

    return Store(engine, file, threading.Lock())


def migrations() -> list[tuple[int, str, str, str]]:
    """All migrations that this version knows, in order: number, name, the one kind of database it is for ("" for all), SQL."""
    found = []
    for entry in resources.files("synchub.record.migrations").iterdir():
        named = re.fullmatch(r"(\d{4})_(\w+)(?:\.(sqlite|postgresql))?\.sql", entry.name)
        if named:
            found.append((int(named[1]), named[2], named[3] or "", entry.read_text(encoding="utf-8")))
    return sorted(found)


def version(tx: Connection) -> int:
    """The number of the last migration applied; 0 for an empty store."""
    if not tx.dialect.has_table(tx, "migration"):
        return 0
    return int(tx.execute(text("SELECT coalesce(max(number), 0) FROM migration")).scalar_one())


def migrate(tx: Connection, now: int) -> list[str]:
    """Apply what is missing, in the transaction given. Returns the names of what was applied."""
    present = version(tx)
    tx.execute(text("CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT, applied_at BIGINT)"))
    applied = []
    for number, name, only, script in migrations():
        if number <= present:
            continue
        for statement in _statements(script) if only in ("", tx.dialect.name) else ():
            tx.exec_driver_sql(statement)
        tx.execute(
            text("INSERT INTO migration VALUES (:number, :name, :now)"), {"number": number, "name": name, "now": now}
        )
        applied.append(f"{number:04d}_{name}")
    return applied


def _statements(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def take(tx: Connection, name: str, count: int) -> int:
    """Reserve `count` numbers of the counter `name`; returns the first."""
    bump = text(
        "INSERT INTO counter (name, next) VALUES (:name, :first) "
        "ON CONFLICT (name) DO UPDATE SET next = counter.next + :count RETURNING next"
    )
    after = int(tx.execute(bump, {"name": name, "first": 1 + count, "count": count}).scalar_one())
    return after - count


def peek(tx: Connection, name: str) -> int:
    """The number that the counter `name` will hand out next."""
    found = tx.execute(text("SELECT next FROM counter WHERE name = :name"), {"name": name}).scalar()
    return int(found) if found is not None else 1


@contextlib.contextmanager
def _plain_errors(file: Path | None) -> Iterator[None]:
    where = f"store, {file}," if file else "store"
    try:
        yield
    except OperationalError as error:
        look = (
            "See that the database runs" if file is None else "See that file and folder are there, and yours to write,"
        )
        raise RetryLater(
            f"The hub's {where} can't be used now: {_reason(error)}.",
            not_done="Nothing was changed by this step.",
            next_step=f"{look} and that the disk has room; then run the same command again.",
        ) from error
    except DBAPIError as error:
        if file is not None and _reason(error).startswith(_DAMAGED):
            raise FatalError(
                f"The hub's {where} is damaged, or no SQLite database at all: {_reason(error)}.",
                not_done="Nothing was read from any system or written to one.",
                next_step=f"Put a backup in its place: those that synchub made stand beside it, as {file.name}.*.bak.",
            ) from error
        raise FatalError(
            f"The hub's store refused a statement: {_reason(error)}.",
            next_step="Run `synchub store check`; if it finds nothing, report this with --debug.",
        ) from error


_DAMAGED = ("file is not a database", "database disk image is malformed")


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".") if error.orig else type(error).__name__


def backup(store: Store, now: datetime, to: Path | None = None) -> Path:
    """Copy an SQLite store, while it is in use, into a file only this user can read. Returns the file."""
    if store.file is None:
        raise ConfigurationError(
            "A store in PostgreSQL is backed up by PostgreSQL.", next_step="Use pg_dump on the store's database."
        )
    file = to or store.file.with_name(f"{store.file.name}.{now:%Y%m%d-%H%M%S}.bak")
    try:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR))
    except OSError as error:
        raise ConfigurationError(
            f"{file} can't be written: {error.strerror}.",
            not_done="No backup was made.",
            next_step="Name a new file in a folder that you may write to.",
        ) from None
    try:
        with (
            contextlib.closing(sqlite3.connect(store.file)) as source,
            contextlib.closing(sqlite3.connect(file)) as target,
        ):
            source.backup(target)
    except BaseException:
        file.unlink()  # half a backup is worse than none
        raise
    return file
