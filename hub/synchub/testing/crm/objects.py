"""Single records: list, get, create, change, archive, merge, erase, search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from synchub.testing.crm import refusals, search
from synchub.testing.crm.exchange import Answer, Asked
from synchub.testing.crm.merging import merge as merge_records
from synchub.testing.crm.properties import moment, stamp
from synchub.testing.crm.records import CHANGED, CREATED, Record, Records

LARGEST_PAGE = 100
SHOWN = {"contacts": ("email", "firstname", "lastname"), "notes": ()}
ASSOCIATION = {"contacts": "contact_to_note", "notes": "note_to_contact"}


def shown(kind: str, record: Record, wanted: Iterable[str], records: Records) -> dict[str, Any]:
    """A record as the interface tells it: the properties asked for, null where they were never filled."""
    names = (*(wanted or SHOWN[kind]), "hs_object_id", CREATED[kind], CHANGED[kind])
    known = records.definitions[kind]
    told: dict[str, Any] = {
        "id": record.id,
        "properties": {name: record.properties.get(name) for name in names if name in known},
        "createdAt": stamp(record.created),
        "updatedAt": stamp(record.changed),
        "archived": record.archived is not None,
    }
    if record.archived is not None:
        told["archivedAt"] = stamp(record.archived)
    return told


def listed(records: Records, kind: str, asked: Asked, *, most: int = LARGEST_PAGE) -> Answer:
    """A page in the order of ids; `most` is a cap that nobody is told of."""
    limit = asked.number("limit", 10)
    if not 0 < limit <= LARGEST_PAGE:
        raise refusals.malformed(f"limit must be at most {LARGEST_PAGE}")
    after = asked.number("after", 0)
    every = [one for one in records.every(kind, archived=asked.flag("archived")) if int(one.id) >= after]
    size = min(limit, most)
    page = [shown(kind, one, asked.several("properties"), records) for one in every[:size]]
    for told in page:
        _add_associations(records, kind, told, asked.several("associations"))
    body: dict[str, Any] = {"results": page}
    if len(every) > size:
        following = every[size].id
        link = f"{asked.origin}{asked.path}?after={following}"
        body["paging"] = {"next": {"after": following, "link": link}}
    return Answer(200, body)


def _add_associations(records: Records, kind: str, told: dict[str, Any], wanted: list[str]) -> None:
    other = "contacts" if kind == "notes" else "notes"
    if other not in wanted:
        return
    ids = associated(records, kind, told["id"])
    if ids:
        results = [{"id": one, "type": ASSOCIATION[kind]} for one in ids]
        told["associations"] = {other: {"results": results}}


def associated(records: Records, kind: str, record: str) -> list[str]:
    """The contacts of a note, or the notes of a contact; archived ones don't count."""
    if kind == "notes":
        note = records.find("notes", record)
        ids = note.contacts if note else []
        return [one for one in ids if records.find("contacts", one) is not None]
    return [note.id for note in records.every("notes") if record in note.contacts]


def found(records: Records, kind: str, asked: Asked, record: str) -> Record:
    one = records.find(kind, record, by=asked.one("idProperty"), archived=asked.flag("archived"))
    if one is None:
        raise refusals.not_found(kind, [record])
    return one


def got(records: Records, kind: str, asked: Asked, record: str) -> Answer:
    told = shown(kind, found(records, kind, asked, record), asked.several("properties"), records)
    _add_associations(records, kind, told, asked.several("associations"))
    return Answer(200, told)


def created(records: Records, kind: str, asked: Asked) -> Answer:
    return Answer(201, create_one(records, kind, asked.body or {}))


def create_one(records: Records, kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """Make a record from {properties, associations}: what was sent, and what the CRM added."""
    contacts = [str(link["to"]["id"]) for link in told.get("associations") or ()] if kind == "notes" else []
    record = records.create(kind, told.get("properties") or {}, contacts)
    return shown(kind, record, record.properties, records)


def changed(records: Records, kind: str, asked: Asked, record: str) -> Answer:
    one = found(records, kind, asked, record)
    properties = asked.entry("properties")
    records.update(kind, one, properties)
    return Answer(200, shown(kind, one, properties, records))


def archived(records: Records, kind: str, record: str) -> Answer:
    one = records.find(kind, record)
    if one is None and records.find(kind, record, archived=True) is None:
        raise refusals.not_found(kind, [record])
    if one is not None:
        records.archive(kind, one)
    return Answer(204)


def merged(records: Records, asked: Asked) -> Answer:
    ids = [str(asked.entry("primaryObjectId")), str(asked.entry("objectIdToMerge"))]
    primary, other = (records.find("contacts", record) for record in ids)
    if primary is None or other is None:
        raise refusals.not_found("contacts", ids)
    if primary is other:
        raise refusals.malformed("Can't merge a contact with itself.")
    heir = merge_records(records, primary, other)
    return Answer(200, shown("contacts", heir, heir.properties, records))


def erased(records: Records, asked: Asked) -> Answer:
    value, by = str(asked.entry("objectId")), asked.body.get("idProperty")
    record = records.find("contacts", value, by=by) or records.find("contacts", value, archived=True)
    if record is not None:
        records.forget(record, record.properties.get("email", ""))
    elif by == "email":
        records.blocked.add(value.strip().lower())
    else:
        raise refusals.not_found("contacts", [value])
    return Answer(204)


def searched(records: Records, index: search.Index, kind: str, asked: Asked) -> Answer:
    """A page of a search, as the index knows the records: values may be old, and records gone by now."""
    body = asked.body if isinstance(asked.body, dict) else {}
    limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
    if not 0 < limit <= search.LARGEST_PAGE:
        raise refusals.malformed(f"The limit of {search.LARGEST_PAGE} results a page was exceeded.")
    if after + limit > search.MOST_RESULTS:
        raise refusals.malformed(f"The search goes beyond {search.MOST_RESULTS} results.")
    found = index.find(kind, records.definitions[kind], body)
    told = [
        shown(kind, as_indexed(kind, properties), body.get("properties") or (), records)
        for properties in found[after : after + limit]
    ]
    answer: dict[str, Any] = {"total": len(found), "results": told}
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return Answer(200, answer)


def as_indexed(kind: str, properties: dict[str, str]) -> Record:
    """A record as it was when the index learnt of it."""
    created, changed = moment(properties[CREATED[kind]]), moment(properties[CHANGED[kind]])
    return Record(properties["hs_object_id"], properties, created, changed)
