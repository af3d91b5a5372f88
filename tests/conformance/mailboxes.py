"""Scenes of the email connector: messages and correspondents of a mailbox on a real server, reached by a line that can be cut."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, ClassVar

from servers.dovecot import Mailbox
from servers.mail import ME, signed_in
from servers.wire import Wire

from synchub.api import Row
from synchub.testing.conformance import Scene, Skipped
from synchub_connectors.email.connector import Email


class Messages(Scene):
    """What was written, message by message."""

    connector = Email
    stream = "messages"
    text = "subject"
    plugin = "synchub_connectors"
    many = 12

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        super().__init__(folder)
        self.mailbox = mailbox
        self.down = False
        self.sent = 0
        self.wire = Wire(mailbox.host, mailbox.port, spoil=lambda data: None if self.down else data)
        self.wire.__enter__()

    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.wire.port,
            "user": self.mailbox.user,
            "password": self.mailbox.password,
            "security": "none",
            "own_addresses": [ME],
        }

    def sample(self, number: int) -> Row:
        return {"from": f"person{number}@example.com", "from_name": f"Person {number}", "subject": f"Number {number}"}

    def plant(self, values: Row) -> str:
        made = EmailMessage()
        self.sent += 1
        made["Message-ID"] = f"<{self.sent}@example.com>"
        made["Date"] = format_datetime(self.now())
        made["To"] = ME
        try:
            made["From"] = formataddr((values["from_name"], values["from"]))
            made["Subject"] = values["subject"]
        except ValueError:
            raise Skipped("no header takes that") from None
        if any(len(value) > 10_000 or not value.isprintable() for value in values.values()):
            raise Skipped("no header holds that as it is")
        made.set_content("Hello")
        self.mailbox.deliver(made.as_bytes(), at=self.now())
        return f"{self.sent}@example.com"

    def change(self, name: str, values: Row) -> None:
        raise Skipped("messages never change")

    def remove(self, name: str) -> None:
        with signed_in(self.mailbox) as session:
            session.select("INBOX")
            _, (found, *_) = session.search(None, "HEADER", "Message-ID", f"<{name}>")
            session.store(found.decode(), "+FLAGS", "\\Deleted")
            session.expunge()

    def rows(self) -> Mapping[str, Row]:
        with signed_in(self.mailbox) as session:
            _, (count, *_) = session.select("INBOX")
        return {str(number): {} for number in range(int(count or 0))}

    def cut(self) -> None:
        self.down = True

    def mend(self) -> None:
        self.down = False

    def close(self) -> None:
        self.wire.__exit__()


class Correspondents(Messages):
    """Who was written with."""

    stream = "correspondents"
    mapping: ClassVar[Mapping[str, str]] = {"email": "address", "full_name": "name"}
    text = "name"

    def sample(self, number: int) -> Row:
        return {"address": f"person{number}@example.com", "name": f"Person {number}"}

    def plant(self, values: Row) -> str:
        super().plant({"from": values["address"], "from_name": values["name"], "subject": "Hello"})
        return str(values["address"])

    def change(self, name: str, values: Row) -> None:
        self.plant({"address": name, **values})

    def remove(self, name: str) -> None:
        raise Skipped("a message that is deleted takes nobody out of the world")
