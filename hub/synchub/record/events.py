"""Events in the store: each once, with its reference as read and the contact that it belongs to by now."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.record import bulk, tables


def with_hashes(tx: Connection, hashes: pl.Series, entity: str) -> pl.DataFrame:
    """The events that have one of these hashes: hash, record (their numbers), member."""
    have = bulk.rows_of(tx, tables.event, "hash", hashes.unique(), ("hash", "member", "id"), entity=entity)
    return have.select("hash", "member", record="id")


def store(tx: Connection, rows: pl.DataFrame) -> None:
    """Insert events: the table's columns."""
    bulk.insert(tx, tables.event, rows, ignore=True)


def waiting(tx: Connection, entity: str, *, before: int, after: int, most: int) -> pl.DataFrame:
    """Events without a contact that name one, of runs before `before`, by number, beginning behind `after`: id, member,
    ref_field, ref, ref_hash."""
    query = text(
        "SELECT id, member, ref_field, ref, ref_hash FROM event "
        "WHERE entity = :entity AND record IS NULL AND ref IS NOT NULL AND run < :before AND id > :after "
        "ORDER BY id LIMIT :most"
    )
    numbers = dict.fromkeys(("id", "member"), pl.Int64)
    schema = {**numbers, "ref_field": pl.String, "ref": pl.String, "ref_hash": pl.Int64}
    return bulk.select(tx, query, schema, entity=entity, before=before, after=after, most=most)


def give_contacts(tx: Connection, found: pl.DataFrame) -> None:
    """Attach events: id, record."""
    bulk.update(tx, tables.event, found)


def marked(tx: Connection, entity: str, mark: int) -> pl.Series:
    """The events that bear a mark and whose contact is known."""
    query = text(f"SELECT e.id FROM event e WHERE {_MARKED}")
    return bulk.select(tx, query, {"id": pl.Int64}, entity=entity, mark=mark)["id"]


def not_passed_on(tx: Connection, entity: str, mark: int, member: int, origins: list[int]) -> pl.DataFrame:
    """Of the events that bear a mark those that a member has not been sent, without those that came from its own system,
    oldest first: id, record, and held: 1 where it is not to be sent, as it was refused or nobody knows what became of it.
    What is in them is left where it is: there may be millions."""
    listed = ", ".join(str(int(number)) for number in origins) or "-1"
    held = " OR ".join(f"e.id IN ({one})" for one in (*_HELD, _ASKED))
    query = text(
        f"SELECT e.id, e.record, CASE WHEN {held} THEN 1 ELSE 0 END FROM event e "
        "LEFT JOIN link l ON l.member = :member AND l.record = e.id "
        f"WHERE {_MARKED} AND l.id IS NULL AND e.member NOT IN ({listed}) ORDER BY e.occurred_at, e.id"
    )
    schema = {"id": pl.Int64, "record": pl.Int64, "held": pl.Int64}
    given = {"entity": entity, "mark": mark, "member": member, "asked": f"{member}:", "behind": len(f"{member}:") + 1}
    return bulk.select(tx, query, schema, **given)


_MARKED = "e.entity = :entity AND e.dirty <> 0 AND (e.dirty & :mark) <> 0 AND e.record IS NOT NULL"
_HELD = [
    f"SELECT o.record FROM operation o WHERE o.member = :member AND o.state = '{state}'"
    for state in ("open", "rejected")
]
_ASKED = (
    "SELECT CAST(substr(r.subject, :behind) AS BIGINT) FROM review r WHERE r.entity = :entity AND r.kind = 'unanswered' "
    "AND r.state <> 'closed' AND substr(r.subject, 1, :behind - 1) = :asked"
)
"""None of them looks at the events: each is found once, not once an event. Either state has an index of its own."""


def with_bodies(tx: Connection, due: pl.DataFrame) -> pl.DataFrame:
    """`due` (id, record) with occurred_at and body."""
    stored = bulk.rows_of(tx, tables.event, "id", due["id"], ("id", "occurred_at", "body"))
    return due.join(stored, on="id", how="left", maintain_order="left")
