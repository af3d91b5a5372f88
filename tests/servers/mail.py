"""Mail for tests of the email connector: messages, mailboxes full of them, and reading them."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from servers.dovecot import Mailbox
from servers.wire import Wire

from synchub.api import Connector, Page
from synchub.testing.host import LocalHost
from synchub_connectors.email.connector import Email

ME = "sales@ours.example"


def connector(mailbox: Mailbox, *, folder: Path = Path("."), **settings: Any) -> Email:
    given = {
        "host": mailbox.host,
        "port": mailbox.port,
        "user": mailbox.user,
        "password": mailbox.password,
        "security": "none",
        "own_addresses": [ME],
    } | settings
    return Email(Email.Config.model_validate(given), LocalHost("mail", folder))


def message(number: int, *, sender: str = "Ann Lee <ann@example.com>", to: str = ME, text: str = "Hello") -> bytes:
    return (
        f"Message-ID: <{number}@example.com>\r\nDate: Wed, 1 May 2024 10:{number:02}:00 +0200\r\n"
        f"From: {sender}\r\nTo: {to}\r\nSubject: Number {number}\r\n\r\n{text}\r\n"
    ).encode()


def read(source: Connector, stream: str = "messages", cursor: Any = None, fields: Any = ()) -> list[Page]:
    with contextlib.closing(source):
        return list(source.read(stream, cursor, fields))


def rows(pages: list[Page]) -> list[dict[str, Any]]:
    return [dict(row) for page in pages for row in page.rows]  # type: ignore[union-attr]


@contextlib.contextmanager
def signed_in(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4(mailbox.host, mailbox.port) as session:
        session.login(mailbox.user, mailbox.password)
        yield session


def fill(mailbox: Mailbox, count: int, make: Callable[[int], bytes] = message) -> None:
    with signed_in(mailbox) as session:
        for number in range(count):
            assert session.append("INBOX", "", "", make(number))[0] == "OK"


@contextlib.contextmanager
def wired(mailbox: Mailbox, **options: Any) -> Iterator[tuple[Wire, Mailbox]]:
    """A `Wire` to the mailbox's server, and the mailbox as it is seen through it."""
    with Wire(mailbox.host, mailbox.port, **options) as wire:
        yield wire, replace(mailbox, host="127.0.0.1", port=wire.port)
