"""What stands in every system of a scene, and what its hub knows: without numbers of runs and rows, and without times."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from kill.scene import Scene

Seen = dict[str, list[str]]
"""By what it is of, every entry as a line, sorted."""

_TIMES = {"id", "changed_at"}


def seen(scene: Scene) -> Seen:
    """All that must be the same, whenever a run was killed."""
    systems = _systems(scene)
    found = {
        f"system {name}": sorted(_line(row, leave_out=_TIMES) for row in rows.values())
        for name, rows in systems.items()
    }
    if scene.crm is not None:
        found["system crm notes"] = sorted(
            _line(
                {
                    "contact": _name(scene.crm.contacts()[number]),
                    "note": note.get("hs_note_body"),
                    "id": note.get("synchub_id"),
                }
            )
            for number in scene.crm.contacts()
            for note in scene.crm.notes_of(number)
        )
    engine = sa.create_engine(scene.store_url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as tx:
            tables = sa.MetaData()
            tables.reflect(tx)
            store = {
                name: [dict(row._mapping) for row in tx.execute(sa.select(table))]
                for name, table in tables.tables.items()
            }
    finally:
        engine.dispose()
    return found | _known(store, systems)


def _systems(scene: Scene) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of every system, by remote id."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for file in sorted(scene.folder.glob("*.db")):
        if file.name != "hub.db":
            found |= _tables(f"sqlite:///{file}", file.stem)
    if scene.target is not None:
        found |= _tables(scene.target, "target")
    for file in sorted(scene.folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = {row["id"]: dict(row) for row in csv.DictReader(lines)}
    if scene.crm is not None:
        kept = (
            "email",
            "firstname",
            "lastname",
            "phone",
            "jobtitle",
            "city",
            "synchub_id",
            "opted_out",
            "hs_additional_emails",
        )
        found["crm"] = {
            number: {name: contact[name] for name in kept if contact.get(name)}
            for number, contact in scene.crm.contacts().items()
        }
    return found


def _tables(url: str, system: str) -> dict[str, dict[str, dict[str, Any]]]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as tx:
            tables = sa.MetaData()
            tables.reflect(tx)
            return {
                system if name == "people" else f"{system} {name}": {
                    str(row.id): dict(row._mapping) for row in tx.execute(sa.select(table))
                }
                for name, table in tables.tables.items()
            }
    finally:
        engine.dispose()


def _known(store: dict[str, list[dict[str, Any]]], systems: dict[str, dict[str, dict[str, Any]]]) -> Seen:
    members = {row["id"]: row for row in store["member"]}
    place = {number: f"{row['system']}/{row['stream']}" for number, row in members.items()}

    def row_name(member: int, remote_id: str) -> str:
        there = systems.get(members[member]["system"], {}).get(remote_id)
        return f"{place[member]} {_name(there) if there else f'gone {remote_id}'}"

    record = {row["id"]: row for row in store["record"]}
    links = {row["id"]: row for row in store["link"]}
    link_name = {number: row_name(row["member"], row["remote_id"]) for number, row in links.items()}
    by_record: dict[int, list[str]] = {}
    for number, row in links.items():
        by_record.setdefault(row["record"], []).append(link_name[number])
    name = {number: " + ".join(sorted(by_record.get(number, ["no link"]))) for number in record}
    kept = [
        row
        for row in store["claim"]
        if row["seq"] > record[links[row["link"]]["record"] if row["link"] else row["record"]]["void_before"]
    ]
    found = {
        "records": [
            _line(
                {
                    "links": name[number],
                    "golden": json.loads(row["golden"]),
                    "dirty": bool(row["dirty"]),
                    "deleted": row["deleted_run"] is not None,
                    "joined": name.get(row["joined_into"], ""),
                }
            )
            for number, row in record.items()
        ],
        "links": [
            _line(
                {
                    "link": link_name[number],
                    **{key: bool(row[key]) for key in ("tomb", "made")},
                    "said": json.loads(row["said"] or "{}"),
                    "held": json.loads(row["held"] or row["said"] or "{}"),
                }
            )
            for number, row in links.items()
        ],
        "claims": _once_open(
            {
                "of": link_name[row["link"]] if row["link"] else name[row["record"]],
                "dated": row["at"] is not None,
                **{key: row[key] for key in ("field", "value", "native", "base", "kind")},
            }
            for row in kept
        ),
        "history": [
            _line({"of": link_name[row["link"]], "field": row["field"], "value": row["value"], "reason": row["reason"]})
            for row in store["history"]
        ],
        "forms": [
            _line({"of": link_name[row["link"]], **{key: row[key] for key in ("field", "state", "golden", "native")}})
            for row in store["form"]
        ],
        "aside": [
            _line(
                {
                    "of": row_name(row["member"], row["remote_id"]),
                    **{key: row[key] for key in ("kind", "field", "value", "reason", "state")},
                }
            )
            for row in store["aside"]
        ],
        "questions": [
            _line({"kind": row["kind"], "of": name.get(row["record"], "")})
            for row in store["review"]
            if row["state"] == "open"
        ],
        "open operations": [_line(row) for row in store["operation"] if row["state"] == "open"],
        "runs under way": [str(row["id"]) for row in store["run"] if row["state"] in ("running", "writing")],
        "events": [
            _line(
                {
                    "of": f"{place[row['member']]} {row['remote_id']}",
                    "contact": name.get(row["record"], ""),
                    "passed": bool(by_record.get(row["id"])),
                }
            )
            for row in store["event"]
        ],
        "members": [
            _line(
                {
                    "member": place[number],
                    **{key: row[key] for key in ("accepted", "failed", "fill_only", "claims")},
                    "cursor": bool(row["cursor"]),
                }
            )
            for number, row in members.items()
        ],
    }
    return {part: sorted(lines) for part, lines in found.items()}


def _once_open(claims: Iterable[dict[str, Any]]) -> list[str]:
    """The same question opened twice is one question."""
    return [
        line
        for (line, kind), times in Counter((_line(claim), claim["kind"]) for claim in claims).items()
        for _ in range(1 if kind == "open" else times)
    ]


def _name(row: dict[str, Any]) -> str:
    return str(row.get("email") or row.get("mail") or row)


def _line(row: dict[str, Any], *, leave_out: set[str] | frozenset[str] = frozenset()) -> str:
    return json.dumps({key: value for key, value in row.items() if key not in leave_out}, sort_keys=True, default=str)


def left_over(folder: Path) -> list[str]:
    """What lies in a folder for temporary files."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def difference(expected: Seen, found: Seen) -> list[str]:
    """What is missing and what is too much, line by line."""
    lines = []
    for part in sorted(expected | found):
        should, does = Counter(expected.get(part, [])), Counter(found.get(part, []))
        lines += [f"{part}: missing {line}" for line in (should - does).elements()]
        lines += [f"{part}: too much {line}" for line in (does - should).elements()]
    return lines
