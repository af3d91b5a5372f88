"""Saved plans, members to be accepted, and trying one person first: what of a plan a run may do."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import polars as pl
from sqlalchemy import text
from xxhash import xxh3_64_intdigest

from synchub.errors import ConfigurationError
from synchub.model import TO, WAS
from synchub.record import tables
from synchub.record.store import Store, take
from synchub.run.line import Outcome
from synchub.run.opening import Opened
from synchub.run.people.finding import find_record
from synchub.run.work import Part, Work

_NOT_COMPARED = frozenset({TO + "hub_id", WAS + "hub_id"})
"""The id of a record that is still to be made is not the same in the plan and in the run."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan that was saved: the marks of its operations, by member."""

    marks: dict[str, frozenset[int]]

    def keep(self, part: Part, frame: pl.DataFrame) -> pl.DataFrame:
        """Only the operations that were in the plan just so; one whose held has moved since is another operation."""
        allowed = self.marks.get(part.name, frozenset())
        return frame.filter(pl.Series([mark in allowed for mark in marks_of(frame)], dtype=pl.Boolean))


def marks_of(frame: pl.DataFrame) -> list[int]:
    """A number for each operation that tells what it does to what: kind, row, what is sent, what was held."""
    columns = sorted(c for c in frame.columns if c.startswith((TO, WAS)) and c not in _NOT_COMPARED)
    texts = frame.select(pl.struct("kind", "remote_id", *columns).struct.json_encode().cast(pl.Binary)).to_series()
    return [xxh3_64_intdigest(line) for line in texts.to_list()]


def prepare(hub: Opened, work: Work) -> None:
    """Limit the work to what was asked for: one record, or exactly a saved plan."""
    key = work.options.record
    if key is not None:
        work.seek = lambda tx: find_record(tx, hub, work.entity.name, key, work.salt)
    if work.options.plan is not None:
        work.promised = _load(work, work.options.plan)


def syncs_of(store: Store, plan: str) -> list[str]:
    """The sync that a saved plan is of; none if there is no such plan."""
    query = text("SELECT sync FROM saved_plan WHERE id = :id")
    with store.read() as tx:
        return list(tx.execute(query, {"id": int(plan) if plan.isdigit() else -1}).scalars())


def accept(work: Work) -> None:
    """Look whether the members that a person accepts are there; that they are accepted is stored when they are written."""
    names = {part.name for part in work.parts}
    unknown = [name for name in work.options.accept if name not in names]
    if unknown:
        raise ConfigurationError(
            f"{work.sync.name} has no member {', '.join(unknown)}. It has: {', '.join(sorted(names))}.",
            not_done="Nothing was read or written.",
            next_step="Correct --accept.",
        )


def save(work: Work, outcome: Outcome) -> str:
    """Keep a plan, so that it can be done exactly. Returns its id."""
    marks = {
        part.name: [mark for frame in outcome.decision.operations(part.name) for mark in marks_of(frame)]
        for part in work.parts
    }
    with work.store.write() as tx:
        number = take(tx, "saved_plan", 1)
        tx.execute(
            tables.saved_plan.insert().values(
                id=number, sync=work.sync.name, made=work.clock, body=orjson.dumps(marks).decode()
            )
        )
    return str(number)


def _load(work: Work, name: str) -> Saved:
    query = text("SELECT body FROM saved_plan WHERE id = :id AND sync = :sync")
    with work.store.read() as tx:
        body = tx.execute(query, {"id": int(name) if name.isdigit() else -1, "sync": work.sync.name}).scalar()
    if body is None:
        raise ConfigurationError(
            f"There is no saved plan {name} of {work.sync.name}.",
            not_done="Nothing was read or written.",
            next_step=f"`synchub plan {work.sync.name} --save` saves one and tells its id.",
        )
    return Saved({member: frozenset(marks) for member, marks in orjson.loads(body).items()})
