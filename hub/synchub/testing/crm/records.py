"""What the stand-in holds: records, their unique values, merges, and which note is of which contact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synchub.testing.crm import refusals
from synchub.testing.crm.properties import LIFECYCLE, Property, accept, predefined, stamp

FIRST_ID = 1001
CREATED = {"contacts": "createdate", "notes": "hs_createdate"}
CHANGED = {"contacts": "lastmodifieddate", "notes": "hs_lastmodifieddate"}


@dataclass(slots=True)
class Record:
    """One contact or note. Properties are text: missing if never filled, empty if cleared."""

    id: str
    properties: dict[str, str]
    created: datetime
    changed: datetime
    archived: datetime | None = None
    contacts: list[str] = field(default_factory=list)
    """For a note: the contacts it is of."""


@dataclass
class Records:
    """`now` is the server's clock. `on_change` hears (kind, id) of everything that changes."""

    now: Callable[[], datetime]
    on_change: Callable[[str, str], None]
    merge_makes_new: bool = False
    """Whether a merge makes a third record, as newer accounts do, instead of keeping the primary one's id."""
    terse: bool = False
    """Whether answers to updates leave out what was stored."""
    definitions: dict[str, dict[str, Property]] = field(default_factory=predefined)
    kept: dict[str, dict[str, Record]] = field(default_factory=lambda: {"contacts": {}, "notes": {}})
    merged: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    own_forms: dict[str, Callable[[str], str]] = field(default_factory=dict)
    next_id: int = FIRST_ID
    _taken: dict[tuple[str, str, str], str] = field(default_factory=dict, init=False)

    def find(self, kind: str, value: str, *, by: str | None = None, archived: bool = False) -> Record | None:
        """The record with an id, or a value of a unique property. Merged ids lead to their heir."""
        if by in (None, "", "hs_object_id"):
            while value in self.merged:
                value = self.merged[value]
        else:
            rule = self.definitions[kind].get(str(by))
            if rule is None or not (rule.unique or rule.name == "email"):
                raise refusals.malformed(f"Unable to find records by non-unique property {by}")
            value = self._taken.get((kind, rule.name, value.strip().lower()), "")
        record = self.kept[kind].get(value)
        return record if record is not None and (record.archived is not None) == archived else None

    def every(self, kind: str, *, archived: bool = False) -> list[Record]:
        """In the order of their ids, as lists are paged."""
        return [record for record in self.kept[kind].values() if (record.archived is not None) == archived]

    def create(self, kind: str, properties: Mapping[str, Any], contacts: Iterable[str] = ()) -> Record:
        values = self._accepted(kind, properties)
        if not any(values.values()):
            raise refusals.malformed("At least one property is required.")
        if kind == "notes" and not values.get("hs_timestamp"):
            raise refusals.invalid([("hs_timestamp", "REQUIRED_FIELD", "hs_timestamp is required.")])
        self._refuse_taken(kind, values, None)
        of = [self._contact(contact) for contact in contacts]
        at = self.now()
        record = Record(self.new_id(), values, at, at, contacts=of)
        record.properties |= {"hs_object_id": record.id, CREATED[kind]: stamp(at), CHANGED[kind]: stamp(at)}
        self.kept[kind][record.id] = record
        self._claim(kind, record)
        self.on_change(kind, record.id)
        return record

    def update(self, kind: str, record: Record, properties: Mapping[str, Any], *, person: bool = False) -> None:
        """Change some properties. A lifecycle stage that a program moves back is dropped without a word."""
        values = self._accepted(kind, properties)
        if not person and _moves_back(record.properties.get("lifecyclestage"), values.get("lifecyclestage")):
            del values["lifecyclestage"]
        self._refuse_taken(kind, values, record.id)
        self._release(kind, record)
        record.properties |= values
        self._claim(kind, record)
        self.touch(kind, record)

    def touch(self, kind: str, record: Record) -> None:
        """Let the record count as changed now."""
        record.changed = self.now()
        record.properties[CHANGED[kind]] = stamp(record.changed)
        self.on_change(kind, record.id)

    def archive(self, kind: str, record: Record) -> None:
        record.archived = self.now()
        self._release(kind, record)
        self.on_change(kind, record.id)

    def restore(self, kind: str, record: Record) -> None:
        self._refuse_taken(kind, record.properties, record.id)
        record.archived = None
        self._claim(kind, record)
        self.touch(kind, record)

    def forget(self, record: Record, email: str) -> None:
        """Erase a contact for good and never take its address again."""
        self._release("contacts", record)
        del self.kept["contacts"][record.id]
        if email:
            self.blocked.add(email)
        for note in self.kept["notes"].values():
            note.contacts = [contact for contact in note.contacts if contact != record.id]
        self.on_change("contacts", record.id)

    def replace(self, kind: str, gone: Iterable[Record], heir: Record) -> None:
        """Let `heir` stand for records that were merged into it."""
        for record in gone:
            self._release(kind, record)
            del self.kept[kind][record.id]
            self.merged[record.id] = heir.id
            self.on_change(kind, record.id)
        self.kept[kind][heir.id] = heir
        self._claim(kind, heir)
        for note in self.kept["notes"].values():
            moved = [self.merged.get(contact, contact) for contact in note.contacts]
            note.contacts = list(dict.fromkeys(moved))
        self.touch(kind, heir)

    def adopt(self, kind: str, record: Record) -> None:
        """Take a record from a kept file as it is."""
        self.kept[kind][record.id] = record
        if record.archived is None:
            self._claim(kind, record)
        self.on_change(kind, record.id)

    def withdraw(self, kind: str, record: str) -> None:
        """Undo a creation of this very moment."""
        self._release(kind, self.kept[kind].pop(record))
        self.on_change(kind, record)

    def new_id(self) -> str:
        self.next_id += 1
        return str(self.next_id - 1)

    def _contact(self, contact: str) -> str:
        record = self.find("contacts", contact)
        if record is None:
            raise refusals.malformed(f"CONTACT={contact} is not valid: no such object to associate with.")
        return record.id

    def _accepted(self, kind: str, properties: Mapping[str, Any]) -> dict[str, str]:
        """The values as they are kept, or every problem with them at once."""
        values: dict[str, str] = {}
        problems: list[tuple[str, str, str]] = []
        for name, value in properties.items():
            rule = self.definitions[kind].get(name)
            if rule is None:
                problems.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
                continue
            if rule.read_only:
                told = f'"{name}" is a read only property; its value cannot be set.'
                problems.append((name, "READ_ONLY_VALUE", told))
                continue
            try:
                values[name] = self._own_form(name, accept(rule, "" if value is None else str(value)))
            except ValueError as error:
                problems.append((name, *error.args))
        if values.get("email") in self.blocked:
            problems.append(("email", "BLOCKED_EMAIL", "This address was deleted for privacy and is blocked."))
        if problems:
            raise refusals.invalid(problems)
        return values

    def _own_form(self, name: str, value: str) -> str:
        return self.own_forms[name](value) if name in self.own_forms else value

    def _unique(self, kind: str, values: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """The unique values among some, as the index knows them, with a contact's further addresses."""
        unique = [
            (kind, name, value.strip().lower())
            for name, value in values.items()
            if value and self._is_unique(kind, name)
        ]
        more = values.get("hs_additional_emails") or ""
        return unique + [(kind, "email", email) for email in more.split(";") if email]

    def _is_unique(self, kind: str, name: str) -> bool:
        rule = self.definitions[kind].get(name)
        return rule is not None and (rule.unique or name == "email") and name != "hs_object_id"

    def _refuse_taken(self, kind: str, values: Mapping[str, str], record: str | None) -> None:
        for key in self._unique(kind, values):
            other = self._taken.get(key)
            if other is not None and other != record:
                raise refusals.exists(other) if key[1] == "email" else refusals.taken(key[1], key[2], other)

    def _claim(self, kind: str, record: Record) -> None:
        for key in self._unique(kind, record.properties):
            self._taken[key] = record.id

    def _release(self, kind: str, record: Record) -> None:
        for key in self._unique(kind, record.properties):
            if self._taken.get(key) == record.id:
                del self._taken[key]


def _moves_back(present: str | None, wanted: str | None) -> bool:
    if not present or not wanted:
        return False
    return LIFECYCLE.index(wanted) < LIFECYCLE.index(present)
