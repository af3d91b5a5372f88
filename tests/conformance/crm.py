"""Scenes of the hubspot connector: contacts and notes of the stand-in CRM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from synchub.api import Row
from synchub.testing.conformance import Scene, Skipped
from synchub.testing.crm import StandInCrm
from synchub.testing.host import START
from synchub_connectors.hubspot.connector import HubSpot
from synchub_connectors.hubspot.markup import html_of, text_of

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


class Notes(Contacts):
    """Notes on one contact: they are read, and new ones are added."""

    stream = "notes"
    mapping: ClassVar[Mapping[str, str]] = {}
    text = "hs_note_body"
    many = 12

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ann = self.crm.create_contact(email="ann@example.com")

    def sample(self, number: int) -> Row:
        return {"hs_note_body": f"Called {number}", "hs_timestamp": START, "contact": self.ann}

    def plant(self, values: Row) -> str:
        text = values["hs_note_body"]
        if len(text) > LONGEST:
            raise Skipped("HubSpot takes no text of that length")
        before = {note["hs_object_id"] for note in self.crm.notes_of(self.ann)}
        self.crm.create_note(self.ann, html_of(text), values["hs_timestamp"])
        return next(name for note in self.crm.notes_of(self.ann) if (name := note["hs_object_id"]) not in before)

    def change(self, name: str, values: Row) -> None:
        raise Skipped("notes are not changed")

    def remove(self, name: str) -> None:
        raise Skipped("notes are not deleted")

    def rows(self) -> Mapping[str, Row]:
        return {
            note["hs_object_id"]: {**note, "hs_note_body": text_of(note["hs_note_body"])}
            for note in self.crm.notes_of(self.ann)
        }
