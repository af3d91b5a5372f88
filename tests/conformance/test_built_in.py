"""Every connector that comes with synchub passes the suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from conformance.crm import Contacts
from conformance.databases import PostgreSql, Table
from conformance.mailboxes import Correspondents, Messages
from conformance.spreadsheets import Csv, Workbooks
from servers.dovecot import Dovecot

from synchub.testing.conformance import Conformance, Scene


class TestCsv(Conformance):
    def scene(self, folder: Path) -> Scene:
        return Csv(folder)


class TestWorkbook(Conformance):
    def scene(self, folder: Path) -> Scene:
        return Workbooks(folder)


class TestSqlite(Conformance):
    def scene(self, folder: Path) -> Scene:
        return Table(folder)


class TestPostgreSql(Conformance):
    @pytest.fixture(autouse=True)
    def _database(self, postgresql_database: str) -> None:
        self.url = postgresql_database

    def scene(self, folder: Path) -> Scene:
        return PostgreSql(folder, self.url)


class TestHubSpotContacts(Conformance):
    def scene(self, folder: Path) -> Scene:
        return Contacts(folder)


class TestMessages(Conformance):
    exempt: ClassVar[Mapping[str, str]] = {
        "second-plan-is-empty": "messages are events, not contacts",
        "deletes-from-a-cursor": "a message that is deleted took no event out of the world",
    }

    @pytest.fixture(autouse=True)
    def _server(self, dovecot: Dovecot) -> None:
        self.server = dovecot

    def scene(self, folder: Path) -> Scene:
        return Messages(folder, self.server.mailbox())


class TestCorrespondents(TestMessages):
    def scene(self, folder: Path) -> Scene:
        return Correspondents(folder, self.server.mailbox())
