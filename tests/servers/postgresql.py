"""A private PostgreSQL for the whole test run, and a fresh database of it for each test that wants one."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from servers.process import answers, free_port, home, require

USER = "synchub"
PASSWORD = "only-for-tests"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server. `url` is its maintenance database, as SQLAlchemy spells it; passwords are checked."""

    port: int

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a database that is empty and new."""
        name = f"t_{uuid.uuid4().hex}"
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url_of(name)

    def copy(self, url: str) -> str:
        """The URL of a new database that holds what another one does."""
        name = f"t_{uuid.uuid4().hex}"
        self.leave(url)
        self._tell(f"CREATE DATABASE {name} TEMPLATE {_name(url)} STRATEGY FILE_COPY")
        return self.url_of(name)

    def leave(self, url: str) -> None:
        """Wait until nobody is connected to a database any more: a server takes a moment to see that a client died."""
        self._tell(f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{_name(url)}'")

    def drop(self, url: str) -> None:
        self._tell(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def _tell(self, statement: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement.encode())


def _name(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    initdb = require("initdb", package="postgresql", folders=folders)
    port = free_port()
    with home("pg", "postgres") as place:
        data = place.make("data")
        secret = place.write("password", PASSWORD)
        place.run(
            initdb,
            "-D",
            data,
            "-U",
            USER,
            "--pwfile",
            secret,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": place.folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 50,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with place.serve(
            initdb.with_name("postgres"), "-D", data, *options, ready=lambda: _ready(port), stop=signal.SIGINT
        ):
            yield PostgreSQL(port)


@pytest.fixture
def postgresql_database(postgresql: PostgreSQL) -> str:
    """The URL of a PostgreSQL database of this test's own."""
    return postgresql.new_database()


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _ready(port: int) -> bool:
    if not answers(port):
        return False
    try:
        psycopg.connect(PostgreSQL(port).url.replace("+psycopg", ""), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
