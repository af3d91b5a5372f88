"""The stand-in's records as a file, so that a CRM can outlive its process."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from synchub.testing.crm.properties import from_definition, stamp
from synchub.testing.crm.records import Record, Records


def save(records: Records, file: Path) -> None:
    """Write everything to a file, whole or not at all."""
    told = {
        "next_id": records.next_id,
        "merged": records.merged,
        "blocked": sorted(records.blocked),
        "definitions": {
            kind: [one.definition() for one in known.values()] for kind, known in records.definitions.items()
        },
        "records": {kind: [_told(one) for one in kept.values()] for kind, kept in records.kept.items()},
    }
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    os.replace(partial, file)


def load(records: Records, file: Path) -> None:
    """Take in what `save` wrote."""
    told = orjson.loads(file.read_bytes())
    records.next_id = told["next_id"]
    records.merged = told["merged"]
    records.blocked = set(told["blocked"])
    for kind, definitions in told["definitions"].items():
        records.definitions[kind] = {one["name"]: from_definition(one) for one in definitions}
    for kind, kept in told["records"].items():
        for one in kept:
            records.adopt(kind, _record(one))


def _told(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "properties": record.properties,
        "created": stamp(record.created),
        "changed": stamp(record.changed),
        "archived": stamp(record.archived) if record.archived else None,
        "contacts": record.contacts,
    }


def _record(told: dict[str, Any]) -> Record:
    return Record(
        told["id"],
        told["properties"],
        datetime.fromisoformat(told["created"]),
        datetime.fromisoformat(told["changed"]),
        datetime.fromisoformat(told["archived"]) if told["archived"] else None,
        told["contacts"],
    )
