"""What a hub knows, as the questions need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import text

from synchub.model import VALUE
from synchub.record import bulk, known, members, reviews, tables
from synchub.record.codec import prefixed, unpack
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_settings import ENTITY


class Knowledge:
    """Looks into the store of a hub. Every method opens a transaction of its own."""

    def __init__(self, hub: MemoryHub, fields: Sequence[str]) -> None:
        self._hub, self._fields = hub, fields

    def links(self) -> list[dict[str, Any]]:
        """All links of contacts: id, record, system, remote_id, tomb, made, first_run, hn.*, hv.*."""
        with self._hub.store.read() as tx:
            names = {state.id: state.system for state in members.of_entity(tx, ENTITY)}
            own = tables.link.select().where(tables.link.c.member.in_(list(names))).order_by(tables.link.c.id)
            rows = bulk.select(tx, own, bulk.schema_of(tables.link))
        if rows.is_empty():
            return []
        held = known.with_held(rows, list(self._fields))
        return held.with_columns(system=pl.col("member").replace_strict(names)).to_dicts()

    def owners(self) -> dict[tuple[str, str], int]:
        """(system, remote id) of live links to their record."""
        query = text(
            "SELECT member.system, remote_id, record FROM link JOIN member ON member.id = member WHERE tomb IS NULL"
        )
        with self._hub.store.read() as tx:
            return {(system, name): record for system, name, record in tx.execute(query)}

    def belongs(self) -> dict[tuple[str, str], int]:
        """The same of all links, those too whose rows are gone."""
        query = text("SELECT member.system, remote_id, record FROM link JOIN member ON member.id = member")
        with self._hub.store.read() as tx:
            return {(system, name): record for system, name, record in tx.execute(query)}

    def rows_of_records(self) -> dict[int, set[tuple[str, str]]]:
        """By record all rows that belong or belonged to it."""
        found: dict[int, set[tuple[str, str]]] = {}
        for row, record in self.belongs().items():
            found.setdefault(record, set()).add(row)
        return found

    def decided(self) -> set[tuple[int, str]]:
        """(record, field) that people decided in the hub."""
        query = text("SELECT record, field FROM claim WHERE link IS NULL")
        with self._hub.store.read() as tx:
            return {(record, field) for record, field in tx.execute(query)}

    def begun_anew(self) -> set[int]:
        """Records that came back after a delete: what was said of them before does not count any more."""
        with self._hub.store.read() as tx:
            return set(tx.execute(text("SELECT id FROM record WHERE void_before > 0")).scalars())

    def last_run(self) -> int:
        """The number of the run at hand, or of the last one."""
        with self._hub.store.read() as tx:
            return int(tx.execute(text("SELECT max(id) FROM run")).scalar() or 0)

    def goldens(self) -> dict[int, dict[str, str]]:
        """Golden by record, without those that were joined into others."""
        return {int(record["hub_id"].rpartition("-")[2]): record for record in self._hub.records()}

    def reasons(self) -> set[tuple[int, str]]:
        """(link, field) that are not brought into agreement for a reason on record."""
        query = text("SELECT link, field FROM form WHERE state IN ('own', 'alternating')")
        with self._hub.store.read() as tx:
            return {(link, field) for link, field in tx.execute(query)}

    def questions(self, *kinds: str, answered: bool = False) -> list[dict[str, Any]]:
        """Open questions (and those a person answered), of some kinds or all."""
        with self._hub.store.read() as tx:
            found = reviews.questions(tx) + (reviews.questions(tx, reviews.ANSWERED) if answered else [])
        return [one for one in found if not kinds or one["kind"] in kinds]

    def aside(self) -> set[tuple[str, str]]:
        """Rows that are set aside or asked about: (system, id)."""
        with self._hub.store.read() as tx:
            names = {state.id: state.system for state in members.of_entity(tx, ENTITY)}
            rows = tx.execute(text("SELECT member, remote_id FROM aside")).all()
            asked = [item["subject"].split(":", 1) for item in reviews.questions(tx) if item["kind"] in _OF_ROWS]
        return {(names[member], name) for member, name in rows} | {(names[int(member)], name) for member, name in asked}

    def quarantined(self) -> set[tuple[str, str]]:
        """Rows that could not be understood: (system, id)."""
        query = text(
            "SELECT member.system, remote_id FROM aside JOIN member ON member.id = member WHERE kind = 'quarantine'"
        )
        with self._hub.store.read() as tx:
            return {(system, name) for system, name in tx.execute(query)}

    def kept_values(self) -> set[tuple[str, str]]:
        """Every (field, value) that is golden, a claim, history, or in a row set aside."""
        found = {(name, value) for record in self._hub.records() for name, value in record.items()}
        with self._hub.store.read() as tx:
            for table in ("claim", "history"):
                found |= {(name, value) for name, value in tx.execute(text(f"SELECT field, value FROM {table}"))}
            said = bulk.select(tx, text("SELECT said FROM link WHERE said IS NOT NULL"), {"said": pl.String})
        opened = unpack(said["said"], prefixed((VALUE,), self._fields))
        return found | {(name, value) for name in self._fields for value in opened[VALUE + name].drop_nulls().to_list()}

    def claims(self) -> list[tuple[str, str, str, str]]:
        """What systems are said to have claimed since first contact: system, remote id, field, value."""
        query = text(
            "SELECT member.system, link.remote_id, claim.field, claim.value FROM claim "
            "JOIN link ON link.id = claim.link JOIN member ON member.id = link.member WHERE claim.kind = 'claim'"
        )
        with self._hub.store.read() as tx:
            return [(system, name, field, value) for system, name, field, value in tx.execute(query)]

    def open_work(self, systems: Sequence[str]) -> list[str]:
        """Operations in some systems, and runs, that have no end."""
        with self._hub.store.read() as tx:
            names = {state.id: state.system for state in members.of_entity(tx, ENTITY)}
            waiting = tx.execute(text("SELECT kind, record, member FROM operation WHERE state = 'open' ORDER BY id"))
            operations = [(kind, record) for kind, record, member in waiting if names[member] in systems]
            runs = tx.execute(text("SELECT id, state FROM run WHERE state IN ('running', 'writing') ORDER BY id")).all()
        return [f"{kind} of record {record}" for kind, record in operations] + [
            f"run {run}: {state}" for run, state in runs
        ]

    def last_written(self) -> str | None:
        """The last run that wrote something."""
        with self._hub.store.read() as tx:
            found = tx.execute(text("SELECT max(run) FROM operation")).scalar()
        return None if found is None else str(found)


_OF_ROWS = ("match", "reused")
