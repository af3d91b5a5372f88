"""A private MariaDB for the whole test run, and a fresh database of it for each test that wants one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
import pytest
from servers.process import Home, answers, free_port, home, require

USER = "synchub"
PASSWORD = "only-for-tests"


@dataclass(frozen=True)
class MariaDB:
    """A running server; passwords are checked."""

    port: int

    def url_of(self, database: str) -> str:
        return f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def new_database(self) -> str:
        """The SQLAlchemy URL of a database that is empty and new."""
        name = f"t_{uuid.uuid4().hex}"
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        finally:
            connection.close()
        return self.url_of(name)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    server = require("mariadbd", package="mariadb-server")
    port = free_port()
    with home("maria", "mysql") as place:
        _install(place)
        first = place.write(
            "first.sql",
            f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {USER}@'127.0.0.1';\n",
        )
        with place.serve(
            server,
            "--no-defaults",
            f"--datadir={place.folder}/data",
            f"--socket={place.folder}/socket",
            f"--pid-file={place.folder}/pid",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--init-file={first}",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
            "--character-set-server=utf8mb4",
            f"--tmpdir={place.folder}",
            ready=lambda: _ready(port),
        ):
            yield MariaDB(port)


@pytest.fixture
def mariadb_database(mariadb: MariaDB) -> str:
    """The URL of a MariaDB database of this test's own."""
    return mariadb.new_database()


def _install(place: Home) -> None:
    place.make("data")
    place.run(
        require("mariadb-install-db", package="mariadb-server"),
        "--no-defaults",
        f"--datadir={place.folder}/data",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    )


def _ready(port: int) -> bool:
    if not answers(port):
        return False
    try:
        pymysql.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, connect_timeout=5).close()
    except pymysql.err.OperationalError:
        return False
    return True
