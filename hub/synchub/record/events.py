"""Events in the store: each once, with its reference as read and the contact that it belongs to by now."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.record import bulk, tables


def unknown(tx: Connection, rows: pl.DataFrame, member: int, entity: str) -> pl.DataFrame:
    """The rows (with `hash`) that are not stored yet, each hash once."""
    have = bulk.rows_of(tx, tables.event, "hash", rows["hash"].unique()).filter(pl.col("entity") == entity)
    return rows.unique("hash", keep="first", maintain_order=True).join(
        have.select("hash"), on="hash", how="anti", maintain_order="left"
    )


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


def not_passed_on(tx: Connection, entity: str, member: int, origins: list[int]) -> pl.DataFrame:
    """Events that a member has not been sent, without those that came from its own system, oldest first: id, record. What is
    in them is left where it is: there may be millions."""
    listed = ", ".join(str(int(number)) for number in origins) or "-1"
    query = text(
        "SELECT e.id, e.record FROM event e "
        "LEFT JOIN link l ON l.member = :member AND l.record = e.id "
        f"WHERE e.entity = :entity AND l.id IS NULL AND e.member NOT IN ({listed}) AND e.record IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.member = :member AND o.record = e.id AND o.state IN ('open', 'rejected')) "
        "AND NOT EXISTS (SELECT 1 FROM review r WHERE r.entity = e.entity AND r.kind = 'unanswered' AND r.state <> 'closed' "
        "AND r.subject = :asked || CAST(e.id AS TEXT)) "
        "ORDER BY e.occurred_at, e.id"
    )
    schema = {"id": pl.Int64, "record": pl.Int64}
    return bulk.select(tx, query, schema, entity=entity, member=member, asked=f"{member}:")


def with_bodies(tx: Connection, due: pl.DataFrame) -> pl.DataFrame:
    """`due` (id, record) with occurred_at and body."""
    stored = bulk.rows_of(tx, tables.event, "id", due["id"]).select("id", "occurred_at", "body")
    return due.join(stored, on="id", how="left", maintain_order="left")
