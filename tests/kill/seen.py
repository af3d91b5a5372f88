"""What stands in every system of a scene, and what its hub knows: all that must be the same, whenever a run was killed."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from kill.known import Known
from kill.lines import Row, line, named
from kill.scene import Scene

from synchub.testing.crm import StandInCrm

Seen = dict[str, list[str]]
"""By what it is of, every entry as a line, sorted."""

TIMES = {"id", "changed_at"}
CONTACT = ("email", "firstname", "lastname", "jobtitle", "city", "synchub_id", "hs_additional_emails")
KNOWN: Mapping[str, Callable[[Known], Iterator[str]]] = {
    "records": Known.golden,
    "links": Known.held,
    "claims": Known.claims,
    "history": Known.history,
    "forms": Known.forms,
    "aside": Known.aside,
    "questions": Known.questions,
    "under way": Known.under_way,
    "events": Known.events,
    "members": Known.members,
}


def seen(scene: Scene) -> Seen:
    systems = _systems(scene)
    found = {f"system {name}": [_shown(row) for row in rows.values()] for name, rows in systems.items()}
    if scene.crm is not None:
        found["notes"] = list(_notes(scene.crm))
    store = _tables(scene.store_url)
    if store:
        known = Known(store, systems)
        found |= {name: list(told(known)) for name, told in KNOWN.items()}
    return {name: sorted(lines) for name, lines in found.items()}


def _shown(row: Row) -> str:
    return line({name: value for name, value in row.items() if name not in TIMES})


def _systems(scene: Scene) -> dict[str, dict[str, Row]]:
    """The rows of every system, by remote id."""
    urls = {file.stem: f"sqlite:///{file}" for file in scene.folder.glob("*.db") if file.name != "hub.db"}
    if scene.target is not None:
        urls["target"] = scene.target
    found: dict[str, dict[str, Row]] = {}
    for system, url in sorted(urls.items()):
        for name, rows in _tables(url).items():
            found[system if name == "people" else f"{system} {name}"] = {str(row["id"]): row for row in rows}
    for file in scene.folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = {row["id"]: dict(row) for row in csv.DictReader(lines)}
    if scene.crm is not None:
        found["crm"] = {
            number: {name: contact[name] for name in CONTACT if contact.get(name)}
            for number, contact in scene.crm.contacts().items()
        }
    return found


def _notes(crm: StandInCrm) -> Iterator[str]:
    for number, contact in crm.contacts().items():
        for note in crm.notes_of(number):
            body, own = note.get("hs_note_body"), note.get("synchub_id")
            yield line({"contact": named(contact), "note": body, "id": own})


def _tables(url: str) -> dict[str, list[Row]]:
    """All tables of a database."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as tx:
            tables = sa.MetaData()
            tables.reflect(tx)
            return {
                name: [dict(row._mapping) for row in tx.execute(sa.select(table))]
                for name, table in tables.tables.items()
            }
    finally:
        engine.dispose()


def left_over(scene: Scene) -> list[str]:
    """What lies in the folder for temporary files, and hidden beside the systems."""
    return [str(path) for folder in (scene.tmp, scene.folder) for path in _hidden(folder, every=folder == scene.tmp)]


def _hidden(folder: Path, *, every: bool) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if every or path.name.startswith(".")]


def difference(expected: Seen, found: Seen) -> list[str]:
    """What is missing and what is too much, line by line."""
    lines = []
    for part in sorted(expected | found):
        should, does = Counter(expected.get(part, [])), Counter(found.get(part, []))
        lines += [f"{part}: missing {line}" for line in (should - does).elements()]
        lines += [f"{part}: too much {line}" for line in (does - should).elements()]
    return lines
