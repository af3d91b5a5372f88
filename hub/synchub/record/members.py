"""What the store knows of the streams that take part: cursor, last read, the mapping they were last read with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from synchub.record import tables
from synchub.record.store import take


@dataclass(frozen=True, slots=True)
class MemberState:
    """One stream of one system as part of one entity.

    `fields` are all canonical fields it was ever read for or written with: what its links' packed values may hold.
    `mapping` and `scope` are fingerprints: of the mapping, and of what is read (a change of either is no claim).
    `sources`: per field what it was mapped from, and how, so that a changed mapping can be told field by field;
    of a field that is mapped no more, what it was mapped from last.
    `fill_only`: it counts only where no other claim has a value. `claims`: false if it is only written.
    """

    id: int
    entity: str
    system: str
    stream: str
    cursor: dict[str, Any] | None = None
    read_at: int | None = None
    mapping: str | None = None
    sources: dict[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    accepted: bool = True
    scope: str | None = None
    failed: str | None = None
    fill_only: bool = False
    claims: bool = True


def of_entity(tx: Connection, entity: str) -> list[MemberState]:
    """All streams that ever took part, removed ones too: their claims keep counting."""
    rows = tx.execute(select(tables.member).where(tables.member.c.entity == entity).order_by(tables.member.c.id))
    return [_state(row._mapping) for row in rows]


def find(tx: Connection, entity: str, system: str, stream: str) -> MemberState | None:
    """One stream's state, or None if it never took part."""
    own = tables.member.c
    query = select(tables.member).where(own.entity == entity, own.system == system, own.stream == stream)
    row = tx.execute(query).first()
    return _state(row._mapping) if row else None


def add(tx: Connection, entity: str, system: str, stream: str, *, accepted: bool) -> MemberState:
    """Remember a stream that takes part for the first time."""
    number = take(tx, "member", 1)
    tx.execute(
        insert(tables.member).values(
            id=number,
            entity=entity,
            system=system,
            stream=stream,
            fields="[]",
            accepted=int(accepted),
            fill_only=0,
            claims=1,
        )
    )
    return MemberState(number, entity, system, stream, accepted=accepted)


def save(tx: Connection, state: MemberState) -> None:
    """Store a member's state; its scope is kept by `scopes`."""
    tx.execute(
        update(tables.member)
        .where(tables.member.c.id == state.id)
        .values(
            cursor=None if state.cursor is None else orjson.dumps(state.cursor).decode(),
            read_at=state.read_at,
            mapping=state.mapping,
            sources=orjson.dumps(state.sources).decode(),
            fields=orjson.dumps(list(state.fields)).decode(),
            accepted=int(state.accepted),
            failed=state.failed,
            fill_only=int(state.fill_only),
            claims=int(state.claims),
        )
    )


def with_fields(state: MemberState, fields: Sequence[str]) -> MemberState:
    """The state that also knows of these fields."""
    return replace(state, fields=tuple(dict.fromkeys((*state.fields, *fields))))


def _state(row: Any) -> MemberState:
    values = {name: row[name] for name in ("id", "entity", "system", "stream", "read_at", "mapping", "scope", "failed")}
    return MemberState(
        **values,
        cursor=orjson.loads(row["cursor"]) if row["cursor"] else None,
        sources=orjson.loads(row["sources"] or "{}"),
        fields=tuple(orjson.loads(row["fields"])),
        accepted=bool(row["accepted"]),
        fill_only=bool(row["fill_only"]),
        claims=bool(row["claims"]),
    )
