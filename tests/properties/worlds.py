"""Worlds for the invariants: systems of random traits that watch what the hub does to them, people that do random things
there, and the questions that are asked of a world once everybody has gone home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import text

from synchub.api import Operation, Result
from synchub.mapping.native import native_text
from synchub.model import BLANK, VALUE
from synchub.record import bulk, known, members, tables
from synchub.record.codec import prefixed, unpack
from synchub.testing.memory import STREAM, MemorySystem
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_seams import Backwards
from synchub.testing.memory_settings import ENTITY

FIELDS = ("email", "first_name", "job_title", "owner", "notes", "tags", "lead_score", "lifecycle_stage", "opted_out")
TYPES = {"lead_score": "text"}
STAGES = ("subscriber", "lead", "customer")
PEOPLE = 4
ENOUGH = 8
"""Within so many runs a world must have come to rest."""


@dataclass
class Watched(MemorySystem):
    """A system that notes what no hub should do."""

    doubles: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    ours: set[tuple[str, str]] = field(default_factory=set)
    """(id, field) that the hub wrote last: what stands there is nobody's word."""

    def edit(self, name: str, *, at: float, **values: Any) -> None:
        super().edit(name, at=at, **values)
        self.ours -= {(name, field_) for field_ in values}

    def perform(self, operation: Operation) -> Result:
        email = operation.values.get("email")
        if operation.kind == "create" and email and any(kept.values["email"] == email for kept in self.kept.values()):
            self.doubles.append(email)
        before = self.kept.get(operation.remote_id or "")
        result = super().perform(operation)
        self.ours |= {(result.remote_id or "", field_) for field_ in operation.values}
        if operation.kind in ("delete", "archive") and result.status == "ok" and before:
            self.removed.append(operation.remote_id or "")
        return result


def cut(value: str) -> str:
    return value[:3]


@dataclass(frozen=True)
class Shape:
    """What a world is made of: traits of each system, what its member says, and the rules."""

    traits: tuple[Mapping[str, Any], ...]
    members: tuple[Mapping[str, Any], ...]
    rules: Mapping[str, Any]

    def build(self, *, backwards: bool = False) -> World:
        systems = []
        for number, traits in enumerate(self.traits):
            own = dict(traits)
            if own.pop("cuts", False):
                own["stores"] = {"job_title": cut, "owner": cut}
            fields = {name: TYPES.get(name) for name in FIELDS}
            system = Watched(f"s{number}", fields=fields, **own)
            if backwards:
                system.page_size, system.order = 1, lambda names: names[::-1]
            systems.append(system)
        options = {system.name: dict(member) for system, member in zip(systems, self.members, strict=True)}
        hub = MemoryHub(systems, rules=self.rules, members=options, executor=Backwards() if backwards else None)
        return World(self, systems, hub)


@dataclass(frozen=True)
class Deed:
    """What somebody does in one system. `who` and `value` are seeds: they mean what they can mean there and then."""

    kind: str
    system: int
    who: int
    field: str = ""
    value: int = 0


@dataclass
class World:
    shape: Shape
    systems: list[Watched]
    hub: MemoryHub
    now: int = 0
    said: set[tuple[str, str]] = field(default_factory=set)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    """Emails of rows that a person deleted."""
    joined: bool = False
    """Whether a person ever joined two records."""

    # People

    def do(self, deed: Deed) -> None:
        self.now += 1
        system = self.systems[deed.system % len(self.systems)]
        names = sorted(system.kept, key=int)
        if deed.kind == "create":
            self._create(system, deed)
        elif names and deed.kind in ("decide", "split", "join"):
            self._decide(system, names[deed.who % len(names)], deed)
        elif names:
            self._touch(system, names[deed.who % len(names)], deed)

    def _touch(self, system: Watched, name: str, deed: Deed) -> None:
        """Somebody does something to a row."""
        old = system.kept[name].before is not None and system.tells_time
        if deed.kind == "edit":
            system.edit(name, at=self.now, **{deed.field: value_of(deed, self.now)})
        elif deed.kind == "clear" and deed.field != "opted_out":
            system.edit(name, at=self.now, **{deed.field: None})
        elif deed.kind == "rename":
            system.edit(name, at=self.now, email=f"new{self.now}@example.org")
        elif deed.kind == "garble":
            system.edit(name, at=self.now, lead_score="many")
        elif deed.kind == "delete":
            email = system.kept[name].values["email"]
            self.deleted.add(str(email))
            system.delete(name)
            if deed.value % 2:
                self._edit_elsewhere(email)
        elif deed.kind == "import":
            for each in system.kept:
                system.edit(each, at=self.now, opted_out=False)
        elif deed.kind == "restore" and old:
            system.restore_copy(name)
        elif deed.kind == "stale" and old and not system.incremental:
            system.serve_stale(name)

    def _edit_elsewhere(self, email: Any) -> None:
        """Somebody works on the same person in another system, which beats the delete."""
        for system in self.systems:
            for name, kept in system.kept.items():
                if kept.values["email"] == email:
                    system.edit(name, at=self.now, job_title=f"kept {self.now}")
                    return

    def _decide(self, system: Watched, name: str, deed: Deed) -> None:
        """Somebody tells the hub something about the record that a row belongs to."""
        links = self.links()
        if links.is_empty():
            return
        rows = [row for row in links.sort("system", "remote_id").to_dicts() if row["tomb"] is None]
        own = next((row for row in rows if (row["system"], row["remote_id"]) == (system.name, name)), None)
        if own is None:
            return
        key = f"{system.name}:{STREAM}:{name}"
        if deed.kind == "decide":
            self.hub.set(key, at=self.now, job_title=f"decided {self.now}")
        elif deed.kind == "split" and any(row["record"] == own["record"] and row is not own for row in rows):
            self.hub.split(key, (system.name, name), at=self.now)
        elif deed.kind == "join":
            other = rows[deed.value % len(rows)]
            if other["record"] != own["record"]:
                self.joined = True
                self.hub.join(key, f"{other['system']}:{STREAM}:{other['remote_id']}", at=self.now)

    def _create(self, system: Watched, deed: Deed) -> None:
        email = f"p{deed.who % PEOPLE}@example.org"
        if any(kept.values["email"] == email for kept in system.kept.values()):
            return
        values = {} if not deed.field else {deed.field: value_of(deed, self.now)}
        system.create(at=self.now, **{**values, "email": email, "first_name": f"P{deed.who % PEOPLE}"})

    # Runs

    def sync(self, **options: Any) -> int:
        """One run. Returns how many writes were sent; notes what was there to be read."""
        self.now += 1
        self._note()
        report = self.hub.sync(self.now, allow={"deletes": 1000}, **options)
        assert not report.problem, report.problem
        return sum(member.written + member.failed + member.unchanged for member in report.members)

    def _note(self) -> None:
        for system, member in zip(self.systems, self.shape.members, strict=True):
            for name, kept in system.kept.items():
                if name in system.stale:
                    continue
                if kept.values["lead_score"] == "many":
                    continue
                theirs = {field_: value for field_, value in kept.values.items() if (name, field_) not in system.ours}
                self.said |= {
                    (field_, canonical(field_, value)) for field_, value in theirs.items() if value not in (None, [])
                }
                if kept.values["opted_out"] is True and member.get("direction") != "out":
                    self.opted_out.add((system.name, name))

    def rest(self) -> None:
        """Run until nothing more is written, twice running (a row that seems to be late is looked at once more)."""
        counts = [self.sync(), self.sync()]
        while any(counts[-2:]) and len(counts) < ENOUGH:
            counts.append(self.sync())
        assert not any(counts[-2:]), f"it does not come to rest: {counts} writes"
        assert self.sync(full=True, recompute=True) == 0, "it rested, and then wrote what it had overlooked"

    # What the hub knows

    def links(self) -> pl.DataFrame:
        """link, record, system, remote_id, tomb, hn.*, hv.*."""
        with self.hub.store.read() as tx:
            names = {state.id: state.system for state in members.of_entity(tx, ENTITY)}
            rows = bulk.select(tx, tables.link.select().order_by(tables.link.c.id), bulk.schema_of(tables.link))
        if rows.is_empty():
            return pl.DataFrame()
        return known.with_held(rows, FIELDS).with_columns(system=pl.col("member").replace_strict(names))

    def goldens(self) -> dict[int, dict[str, str]]:
        return {int(record["hub_id"].rpartition("-")[2]): record for record in self.hub.records()}

    def reasons(self) -> set[tuple[int, str]]:
        """(link, field) that are not brought into agreement for a reason on record."""
        with self.hub.store.read() as tx:
            forms = bulk.select(tx, tables.form.select(), bulk.schema_of(tables.form))
        return set(forms.filter(pl.col("state").is_in(["own", "alternating"])).select("link", "field").iter_rows())

    def questions(self) -> set[tuple[int, str]]:
        """(record, field) with an open question."""
        return {
            (item["record"], item["details"].get("field", "")) for item in self.hub.review() if item["kind"] == "ask"
        }

    def aside(self) -> set[tuple[str, str]]:
        """Rows that are set aside or asked about: (system, id)."""
        with self.hub.store.read() as tx:
            names = {state.id: state.system for state in members.of_entity(tx, ENTITY)}
            rows = tx.execute(text("SELECT member, remote_id FROM aside")).all()
        asked = [item["subject"].split(":", 1) for item in self.hub.review() if item["kind"] in ("match", "reused")]
        return {(names[member], name) for member, name in rows} | {(names[int(member)], name) for member, name in asked}

    def kept_values(self) -> set[tuple[str, str]]:
        """Every (field, value) that is golden, a claim, or history."""
        found = {(name, value) for record in self.hub.records() for name, value in record.items()}
        with self.hub.store.read() as tx:
            found |= {tuple(row) for row in tx.execute(text("SELECT field, value FROM claim")).all()}
            found |= {tuple(row) for row in tx.execute(text("SELECT field, value FROM history")).all()}
            said = bulk.select(tx, text("SELECT said FROM link WHERE said IS NOT NULL"), {"said": pl.String})
        opened = unpack(said["said"], prefixed((VALUE,), FIELDS))
        return found | {(name, value) for name in FIELDS for value in opened[VALUE + name].drop_nulls().to_list()}

    def close(self) -> None:
        self.hub.close()


def value_of(deed: Deed, now: int) -> Any:
    """A value of the field's kind; texts are never the same twice."""
    match deed.field:
        case "tags":
            return [tag for place, tag in enumerate("xyz") if deed.value >> place & 1] or None
        case "lead_score":
            return str(deed.value % 10)
        case "lifecycle_stage":
            return STAGES[deed.value % 3]
        case "opted_out":
            return deed.value % 2 == 0
        case "first_name":
            return f"P{deed.value % PEOPLE}"
        case "email":
            return f"p{deed.value % PEOPLE}@example.org"
    return ("abcdefghij"[deed.value % 10] * 2) + str(now)


def canonical(name: str, value: Any) -> str:
    """What a native value stands for: every field here is mapped as it is."""
    if value is None:
        return BLANK
    if name == "tags":
        return native_text(sorted(value)) or BLANK
    return native_text(value) or BLANK
