"""Every connector that comes with synchub passes the suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from conformance import described, manifests, taps, targets
from conformance.crm import Contacts, Notes
from conformance.database_servers import Served
from conformance.databases import Table
from conformance.mailboxes import Correspondents, Messages
from conformance.spreadsheets import Apart, Csv, Workbooks
from servers.dovecot import Dovecot
from servers.mariadb import MariaDB
from servers.postgresql import PostgreSQL

from synchub.testing.conformance import Conformance, Scene

CONNECTORS = Path(__file__).resolve().parents[2] / "connectors" / "synchub_connectors"


class TestCsv(Conformance):
    quality = CONNECTORS / "spreadsheet" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return Csv(folder)


class TestCsvInItsOwnProcess(TestCsv):
    """What it does there it does as here. What the catalogue says of it is the same."""

    exempt: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("registers", "suggested-mappings"), "the class that stands for it is in no catalogue"
    )

    def scene(self, folder: Path) -> Scene:
        return Apart(folder)


class TestWorkbook(Conformance):
    quality = CONNECTORS / "spreadsheet" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return Workbooks(folder)


class TestSqlite(Conformance):
    quality = CONNECTORS / "sql" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return Table(folder)


class TestPostgreSql(Conformance):
    quality = CONNECTORS / "sql" / "quality.toml"

    @pytest.fixture(autouse=True)
    def _server(self, postgresql: PostgreSQL) -> None:
        self.server = postgresql

    def scene(self, folder: Path) -> Scene:
        return Served(folder, self.server.new_database())


class TestMariaDb(Conformance):
    quality = CONNECTORS / "sql" / "quality.toml"

    @pytest.fixture(autouse=True)
    def _server(self, mariadb: MariaDB) -> None:
        self.server = mariadb

    def scene(self, folder: Path) -> Scene:
        return Served(folder, self.server.new_database())


class TestHubSpotContacts(Conformance):
    quality = CONNECTORS / "hubspot" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return Contacts(folder)


class TestHubSpotNotes(Conformance):
    quality = CONNECTORS / "hubspot" / "quality.toml"
    exempt: ClassVar[Mapping[str, str]] = {"second-plan-is-empty": "notes are events, not contacts"}

    def scene(self, folder: Path) -> Scene:
        return Notes(folder)


class TestRest(Conformance):
    quality = CONNECTORS / "rest" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return described.People(folder)


class TestCorrespondents(Conformance):
    quality = CONNECTORS / "email" / "quality.toml"

    @pytest.fixture(autouse=True)
    def _server(self, dovecot: Dovecot) -> None:
        self.server = dovecot

    def scene(self, folder: Path) -> Scene:
        return Correspondents(folder, self.server.mailbox())


class TestMessages(TestCorrespondents):
    exempt: ClassVar[Mapping[str, str]] = {"second-plan-is-empty": "messages are events, not contacts"}

    def scene(self, folder: Path) -> Scene:
        return Messages(folder, self.server.mailbox())


class TestSinger(Conformance):
    quality = CONNECTORS / "singer" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return taps.People(folder)


class TestSingerChanging(TestSinger):
    exempt: ClassVar[Mapping[str, str]] = {
        "far-future-cursor": "its cursor is the tap's own state, which only the tap reads"
    }

    def scene(self, folder: Path) -> Scene:
        return taps.Changing(folder)


class TestAirbyte(Conformance):
    quality = CONNECTORS / "airbyte" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return manifests.People(folder)


class TestAirbyteChanging(TestAirbyte):
    exempt: ClassVar[Mapping[str, str]] = {
        "far-future-cursor": "its cursor is the manifest's own state, which only airbyte-cdk reads"
    }

    def scene(self, folder: Path) -> Scene:
        return manifests.Changing(folder)


class TestSingerTarget(Conformance):
    quality = CONNECTORS / "singer_target" / "quality.toml"

    def scene(self, folder: Path) -> Scene:
        return targets.Warehouse(folder)
