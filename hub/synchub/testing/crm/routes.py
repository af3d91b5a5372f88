"""Which address does what."""

from __future__ import annotations

from synchub.testing.crm import associations, batches, objects, refusals
from synchub.testing.crm.exchange import Answer, Asked
from synchub.testing.crm.properties import from_definition
from synchub.testing.crm.records import Records
from synchub.testing.crm.search import Index

KINDS = {
    "contacts": "contacts",
    "contact": "contacts",
    "0-1": "contacts",
    "notes": "notes",
    "note": "notes",
    "0-46": "notes",
}
BATCHES = {
    "read": batches.read,
    "create": batches.create,
    "update": batches.update,
    "upsert": batches.upsert,
    "archive": batches.archive,
}


def answer(records: Records, index: Index, asked: Asked, *, most: int) -> Answer:
    """Do what is asked. `most` caps every page of a list. Raises Refusal."""
    match [part for part in asked.path.split("/") if part]:
        case ["crm", "v3", "objects", kind, *rest] if kind in KINDS:
            return _objects(records, index, asked, kind=KINDS[kind], rest=rest, most=most)
        case ["crm", "v3", "properties", kind, *rest] if kind in KINDS:
            return _properties(records, asked, KINDS[kind], rest)
        case ["crm", "v4", "associations", kind, other, "batch", "read"] if {kind, other} <= KINDS.keys():
            return associations.read(records, KINDS[kind], asked)
        case ["crm", "v4", "objects", kind, record, "associations", "default", _, other] if (
            kind in KINDS and asked.method == "PUT"
        ):
            return associations.put_default(records, KINDS[kind], (record, other))
        case ["crm", "v4", "objects", kind, record, "associations", _, *rest] if kind in KINDS:
            return _associations(records, asked, KINDS[kind], (record, *rest))
        case _:
            raise refusals.unknown_address()


def _objects(records: Records, index: Index, asked: Asked, *, kind: str, rest: list[str], most: int) -> Answer:
    match asked.method, rest:
        case "GET", []:
            return objects.listed(records, kind, asked, most=most)
        case "POST", []:
            return objects.created(records, kind, asked)
        case "POST", ["search"]:
            return objects.searched(records, index, kind, asked)
        case "POST", ["merge"] if kind == "contacts":
            return objects.merged(records, asked)
        case "POST", ["gdpr-delete"] if kind == "contacts":
            return objects.erased(records, asked)
        case "POST", ["batch", what] if what in BATCHES:
            return BATCHES[what](records, kind, asked)
        case "GET", [record]:
            return objects.got(records, kind, asked, record)
        case "PATCH", [record]:
            return objects.changed(records, kind, asked, record)
        case "DELETE", [record]:
            return objects.archived(records, kind, record)
        case _:
            raise refusals.unknown_address()


def _properties(records: Records, asked: Asked, kind: str, rest: list[str]) -> Answer:
    known = records.definitions[kind]
    match asked.method, rest:
        case "GET", []:
            return Answer(200, {"results": [one.definition() for one in known.values()]})
        case "GET", [name] if name in known:
            return Answer(200, known[name].definition())
        case "POST", []:
            if asked.entry("name") in known:
                told = f"A property named '{asked.body['name']}' already exists."
                raise refusals.Refusal(409, "OBJECT_ALREADY_EXISTS", told)
            made = from_definition({**asked.body, "type": asked.entry("type")})
            known[made.name] = made
            return Answer(201, made.definition())
        case _:
            raise refusals.unknown_address()


def _associations(records: Records, asked: Asked, kind: str, ids: tuple[str, ...]) -> Answer:
    match asked.method, ids:
        case "GET", (record,):
            return associations.listed(records, kind, record)
        case "PUT", (record, other):
            return associations.put(records, kind, (record, other))
        case "DELETE", (record, other):
            return associations.removed(records, kind, (record, other))
        case _:
            raise refusals.unknown_address()
