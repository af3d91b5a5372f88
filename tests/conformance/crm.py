"""Scenes of the hubspot connector: contacts and notes of the stand-in CRM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from synchub.api import Row
from synchub.testing.conformance import Scene, Skipped
from synchub.testing.crm import StandInCrm
from synchub_connectors.hubspot.connector import HubSpot

LONGEST = 65_536


class Contacts(Scene):
    """Contacts, as people edit them at the screen."""

    connector = HubSpot
    stream = "contacts"
    mapping: ClassVar[Mapping[str, str]] = {
        "email": "email",
        "first_name": "firstname",
        "last_name": "lastname",
        "phone": "phone",
    }
    text = "firstname"
    plugin = "synchub_connectors"
    many = 205

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.crm = StandInCrm(token="pat-of-nobody", clock=lambda: self.now()).start()

    def settings(self) -> Mapping[str, Any]:
        return {"token": self.crm.token, "url": self.crm.url, "requests_per_10_seconds": 1000}

    def plant(self, values: Row) -> str:
        if any(len(str(value)) > LONGEST for value in values.values()):
            raise Skipped("HubSpot takes no text of that length")
        return self.crm.create_contact(**values)

    def change(self, name: str, values: Row) -> None:
        self.crm.edit(name, **values)

    def remove(self, name: str) -> None:
        self.crm.archive(name)

    def rows(self) -> Mapping[str, Row]:
        return self.crm.contacts()

    def close(self) -> None:
        self.crm.stop()
