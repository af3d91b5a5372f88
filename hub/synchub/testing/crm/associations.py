"""Which note is of which contact, by version 4 of the interface."""

from __future__ import annotations

from typing import Any

from synchub.testing.crm import refusals
from synchub.testing.crm.batches import LARGEST
from synchub.testing.crm.exchange import Answer, Asked
from synchub.testing.crm.objects import associated
from synchub.testing.crm.properties import stamp
from synchub.testing.crm.records import Record, Records

TYPES = {"notes": 202, "contacts": 201}
"""The number of the built-in association, by where it starts."""


def _link(kind: str, other: str) -> dict[str, Any]:
    types = [{"category": "HUBSPOT_DEFINED", "typeId": TYPES[kind], "label": None}]
    return {"toObjectId": other, "associationTypes": types}


def listed(records: Records, kind: str, record: str) -> Answer:
    if records.find(kind, record) is None:
        raise refusals.not_found(kind, [record])
    return Answer(200, {"results": [_link(kind, one) for one in associated(records, kind, record)]})


def put(records: Records, kind: str, ids: tuple[str, str]) -> Answer:
    """Link two records with labels, of which there are none here; `ids`: of this kind, of the other."""
    _join(records, kind, ids)
    types = {"contacts": "0-1", "notes": "0-46"}
    other = "contacts" if kind == "notes" else "notes"
    told = {"fromObjectId": ids[0], "toObjectId": ids[1], "labels": []}
    return Answer(201, {**told, "fromObjectTypeId": types[kind], "toObjectTypeId": types[other]})


def put_default(records: Records, kind: str, ids: tuple[str, str]) -> Answer:
    """Link two records in the plain way."""
    _join(records, kind, ids)
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPES[kind]}
    results = [{"from": {"id": ids[0]}, "to": {"id": ids[1]}, "associationSpec": spec}]
    at = stamp(records.now())
    return Answer(200, {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at})


def _join(records: Records, kind: str, ids: tuple[str, str]) -> None:
    note, contact = _ends(records, kind, ids)
    if contact.id not in note.contacts:
        note.contacts.append(contact.id)
        records.touch("notes", note)


def removed(records: Records, kind: str, ids: tuple[str, str]) -> Answer:
    note, contact = _ends(records, kind, ids)
    if contact.id in note.contacts:
        note.contacts.remove(contact.id)
        records.touch("notes", note)
    return Answer(204)


def read(records: Records, kind: str, asked: Asked) -> Answer:
    """Many at once; a record without any is simply left out, as there."""
    inputs = asked.entry("inputs")
    if not 0 < len(inputs) <= LARGEST:
        raise refusals.malformed(f"The number of inputs must be 1 to {LARGEST}.")
    ids = [str(told["id"]) for told in inputs]
    linked = {one: associated(records, kind, one) for one in ids}
    results = [
        {"from": {"id": one}, "to": [_link(kind, other) for other in others]}
        for one, others in linked.items()
        if others
    ]
    at = stamp(records.now())
    return Answer(200, {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at})


def _ends(records: Records, kind: str, ids: tuple[str, str]) -> tuple[Record, Record]:
    other = "contacts" if kind == "notes" else "notes"
    one, two = records.find(kind, ids[0]), records.find(other, ids[1])
    if one is None or two is None:
        raise refusals.not_found(kind, list(ids))
    return (one, two) if kind == "notes" else (two, one)
