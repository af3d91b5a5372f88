"""A private Dovecot for the whole test run: IMAP on the loopback address, a fresh mailbox for each test."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from servers.process import answers, free_port, home, require

PASSWORD = "only-for-tests"


@dataclass(frozen=True)
class Mailbox:
    """An account of the server with a mailbox of its own. Without TLS: it is the loopback address."""

    host: str
    port: int
    user: str
    password: str

    def deliver(self, message: bytes, folder: str = "INBOX", *, at: datetime | None = None) -> None:
        """Put a message in a folder, which is made if need be. `at` (aware) is the time of arrival."""
        with imaplib.IMAP4(self.host, self.port) as session:
            session.login(self.user, self.password)
            if folder != "INBOX":
                session.create(folder)
            moment = imaplib.Time2Internaldate(at) if at else ""
            status, answer = session.append(folder, "", moment, message)
            assert status == "OK", answer


@dataclass(frozen=True)
class Dovecot:
    """A running server. Every user name is known to it, with the same password; each has a mailbox."""

    host: str
    port: int
    password: str

    def mailbox(self, user: str | None = None) -> Mailbox:
        """The mailbox of a user; of a new one, empty, unless told which."""
        return Mailbox(self.host, self.port, user or f"u{uuid.uuid4().hex}@example.com", self.password)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    server = require("dovecot", package="dovecot-imapd")
    port = free_port()
    with home("imap", "dovecot") as place:
        place.make("mail")
        template = NEW_CONFIGURATION if _version(server) >= (2, 4) else CONFIGURATION
        text = template.format(
            folder=place.folder,
            port=port,
            password=PASSWORD,
            account=place.account or getpass.getuser(),
            group=place.account or grp.getgrgid(os.getegid()).gr_name,
        )
        configuration = place.write("dovecot.conf", text)
        with place.serve(server, "-F", "-c", configuration, ready=lambda: answers(port, b"* OK")):
            yield Dovecot("127.0.0.1", port, PASSWORD)


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    """An empty mailbox of this test's own."""
    return dovecot.mailbox()


def _version(server: Path) -> tuple[int, ...]:
    said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[0].split(".")[:2])


# Every process runs under one account and nothing is chrooted, so that no part of it needs root.
SERVICES = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
default_internal_user = {account}
default_internal_group = {group}
default_login_user = {account}
first_valid_uid = 1
first_valid_gid = 1
# Wrong passwords are answered at once, however many there were.
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  client_limit = 1
  process_limit = 64
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""

CONFIGURATION = (
    SERVICES
    + """
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={account} gid={group} home={folder}/mail/%u
}}
"""
)

NEW_CONFIGURATION = (
    """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
    + SERVICES
    + """
auth_allow_cleartext = yes
auth_mechanisms = plain login
mail_driver = maildir
mail_home = {folder}/mail/%{{user}}
mail_path = {folder}/mail/%{{user}}
mail_fsync = never
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {account}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""
)
