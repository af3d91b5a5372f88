"""The servers that other tests stand on: each runs, checks passwords, and gives every test its own place."""

from __future__ import annotations

import imaplib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers.dovecot import Dovecot, Mailbox
from servers.mariadb import MariaDB
from servers.postgresql import PASSWORD, PostgreSQL
from servers.process import require


def _tables(url: str) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        before = sa.inspect(connection).get_table_names()
        connection.execute(sa.text("CREATE TABLE marks (id INTEGER)"))
    return before


def test_postgresql_gives_every_test_an_empty_database(postgresql: PostgreSQL) -> None:
    assert [_tables(postgresql.new_database()) for _ in range(2)] == [[], []]


def test_mariadb_gives_every_test_an_empty_database(mariadb: MariaDB) -> None:
    assert [_tables(mariadb.new_database()) for _ in range(2)] == [[], []]


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_databases_check_the_password(server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server).new_database().replace(PASSWORD, "wrong")
    with pytest.raises(sa.exc.OperationalError), sa.create_engine(url, poolclass=sa.NullPool).connect():
        pass


def test_dovecot_holds_what_is_delivered(mailbox: Mailbox) -> None:
    mailbox.deliver(b"Subject: one\r\n\r\nbody\r\n", at=datetime(2024, 5, 1, 10, tzinfo=UTC))
    mailbox.deliver(b"Subject: two\r\n\r\nbody\r\n", "Sent")
    with imaplib.IMAP4(mailbox.host, mailbox.port) as session:
        session.login(mailbox.user, mailbox.password)
        assert "CONDSTORE" in str(session.capability())
        assert session.select("Sent")[1] == [b"1"]
        assert session.select("INBOX")[1] == [b"1"]
        assert b"01-May-2024 10:00:00 +0000" in session.fetch("1", "(INTERNALDATE)")[1][0]


def test_dovecot_checks_the_password(dovecot: Dovecot) -> None:
    with imaplib.IMAP4(dovecot.host, dovecot.port) as session, pytest.raises(imaplib.IMAP4.error):
        session.login(dovecot.mailbox().user, "wrong")


def test_a_missing_server_fails_the_test_and_says_what_to_install() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"nosuchserver is missing: install its-package. tests/run does it"):
        require("nosuchserver", package="its-package", folders=[Path("/nowhere")])
