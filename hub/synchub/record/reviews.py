"""Questions for people, and rows that are set aside until they can be told or understood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection, Row, delete, func, select, text, update

from synchub.record import bulk, tables
from synchub.record.store import take

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
PAIRS = ("joined", "alike")
"""Questions about two records; their subject is ONE+OTHER, the older first."""
GONE = "gone"
"""Of a row that was set aside: its system does not hold it any more."""
_CHUNK = 5_000


def ask(tx: Connection, entity: str, kind: str, asked: pl.DataFrame, *, run: int) -> None:
    """Ask once: the same subject is not asked again while it is open, nor after it was answered; its details are refreshed.

    `asked`: subject, record, and a column a detail. Of rows with one subject the first counts.
    """
    if asked.is_empty():
        return
    details = pl.struct(pl.exclude("subject", "record")).struct.json_encode()
    rows = asked.select("subject", "record", details=details).unique("subject", keep="first", maintain_order=True)
    before = _of_subjects(tx, entity, kind, rows["subject"])
    new = rows.join(before, on="subject", how="anti", maintain_order="left")
    if new.height:
        first = take(tx, "review", new.height)
        numbers = pl.int_range(first, first + new.height, dtype=pl.Int64)
        words = {"entity": entity, "kind": kind, "state": OPEN}
        bulk.insert(
            tx,
            tables.review,
            new.with_columns(id=numbers, run=pl.lit(run), **{name: pl.lit(word) for name, word in words.items()}),
        )
    again = rows.join(before, on="subject").filter((pl.col("details") != pl.col("asked")) | (pl.col("state") == CLOSED))
    bulk.update(tx, tables.review, again.select("id", "details", state=pl.col("state").replace(CLOSED, OPEN)))


def about(tx: Connection, entity: str, kind: str, prefix: str) -> pl.DataFrame:
    """Questions of a kind whose subject begins so, answered or not, but for those that closed: the table's rows."""
    own = tables.review.c
    query = select(tables.review).where(
        own.entity == entity, own.kind == kind, own.state != CLOSED, own.subject.startswith(prefix, autoescape=True)
    )
    return bulk.select(tx, query, bulk.schema_of(tables.review))


def put_off(tx: Connection, number: int, given: str) -> None:
    """Note an answer that leaves a question open."""
    tx.execute(update(tables.review).where(tables.review.c.id == number).values(answer=given))


def _of_subjects(tx: Connection, entity: str, kind: str, subjects: pl.Series) -> pl.DataFrame:
    """subject, id, state, asked (the details): the questions of a kind that were ever asked on these subjects."""
    own = tables.review.c
    schema = {"subject": pl.String, "id": pl.Int64, "state": pl.String, "asked": pl.String}
    query = select(own.subject, own.id, own.state, own.details).where(own.entity == entity, own.kind == kind)
    found = [pl.DataFrame(schema=schema)]
    for start in range(0, len(subjects), _CHUNK):
        some = subjects.slice(start, _CHUNK).to_list()
        found.append(bulk.select(tx, query.where(own.subject.in_(some)), schema))
    return pl.concat(found)


def open_subjects(tx: Connection, entity: str, kind: str, records: pl.Series | None = None) -> pl.DataFrame:
    """id, subject: open questions of a kind (only those on `records`, if given)."""
    own = tables.review.c
    if records is None:
        query = select(own.id, own.subject).where(own.entity == entity, own.kind == kind, own.state == OPEN)
        return bulk.select(tx, query, {"id": pl.Int64, "subject": pl.String})
    told = (pl.col("entity") == entity) & (pl.col("kind") == kind) & (pl.col("state") == OPEN)
    return bulk.rows_of(tx, tables.review, "record", records).filter(told).select("id", "subject")


def close_missing(tx: Connection, entity: str, kind: str, still: pl.Series, records: pl.Series | None = None) -> None:
    """Questions of a kind that nobody needs to answer any more close by themselves (only those on `records`, if given)."""
    listed = open_subjects(tx, entity, kind, records)
    if listed.is_empty():
        return
    close_all(tx, listed.filter(~pl.col("subject").is_in(still.implode()))["id"])


def close_all(tx: Connection, numbers: pl.Series) -> None:
    """Close questions by their numbers, answered ones too: what they asked about is over."""
    closed = pl.DataFrame({"id": numbers}).with_columns(state=pl.lit(CLOSED), answer=pl.lit(None, dtype=pl.String))
    bulk.update(tx, tables.review, closed)


def close(tx: Connection, entity: str, kind: str, subject: str) -> None:
    """Close one question by its subject, if it is open."""
    own = tables.review.c
    tx.execute(
        update(tables.review)
        .where(own.entity == entity, own.kind == kind, own.subject == subject, own.state == OPEN)
        .values(state=CLOSED)
    )


def answer(tx: Connection, number: int, given: str) -> None:
    """Note a person's answer."""
    tx.execute(update(tables.review).where(tables.review.c.id == number).values(state=ANSWERED, answer=given))


def questions(tx: Connection, state: str = OPEN) -> list[dict[str, Any]]:
    """All questions in a state, oldest first, details opened."""
    own = tables.review
    return [_opened(row) for row in tx.execute(select(own).where(own.c.state == state).order_by(own.c.id))]


def of_record(tx: Connection, entity: str, record: int) -> list[dict[str, Any]]:
    """The questions about a record that did not close, answered or not, those about it and another among them; details
    opened."""
    own = tables.review
    side = own.c.subject.like(f"{record}+%") | own.c.subject.like(f"%+{record}")
    about_it = (own.c.record == record) | (own.c.kind.in_(PAIRS) & side)
    rows = tx.execute(select(own).where(own.c.entity == entity, own.c.state != CLOSED, about_it).order_by(own.c.id))
    return [_opened(row) for row in rows]


def is_asked(tx: Connection, entity: str, kind: str, subject: str) -> bool:
    """Whether a question of a kind stands on a subject, answered or not."""
    own = tables.review.c
    there = (own.entity == entity, own.kind == kind, own.subject == subject, own.state != CLOSED)
    return tx.execute(select(own.id).where(*there)).first() is not None


def move(tx: Connection, question: dict[str, Any], subject: str, record: int, details: dict[str, Any]) -> None:
    """Let a question be about something else from now on. One on that subject that closed is forgotten."""
    own = tables.review.c
    there = (own.entity == question["entity"], own.kind == question["kind"], own.subject == subject)
    tx.execute(delete(tables.review).where(*there, own.state == CLOSED))
    told = {"subject": subject, "record": record, "details": orjson.dumps(details).decode()}
    tx.execute(update(tables.review).where(own.id == question["id"]).values(**told))


def question(tx: Connection, number: int) -> dict[str, Any] | None:
    row = tx.execute(select(tables.review).where(tables.review.c.id == number)).first()
    return None if row is None else _opened(row)


def _opened(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "details": orjson.loads(row.details)}


def set_aside(tx: Connection, rows: pl.DataFrame, *, run: int) -> None:
    """Set rows aside: member, remote_id, kind, field, value, reason, cause, raw, idents. One entry a row and kind:
    the newest counts, its number, its first run and its tries go on. One that a person let go stays so while it is the same."""
    if rows.is_empty():
        return
    first = take(tx, "aside", rows.height)
    columns = ["id", "member", "remote_id", "kind", "field", "value", "reason", "cause", "raw", "idents"]
    numbered = rows.with_columns(id=pl.int_range(first, first + rows.height, dtype=pl.Int64)).select(columns)
    statement = text(
        f"INSERT INTO aside ({', '.join(columns)}, run, state, tries) VALUES ({', '.join(':' + c for c in columns)}, :run, 'open', 1) "
        "ON CONFLICT (member, remote_id, kind) DO UPDATE SET field = excluded.field, value = excluded.value, "
        "reason = excluded.reason, cause = excluded.cause, raw = excluded.raw, idents = excluded.idents, "
        "state = CASE WHEN aside.state = 'discarded' AND aside.raw = excluded.raw THEN 'discarded' ELSE 'open' END, "
        "tries = aside.tries + 1"
    )
    tx.execute(statement, [{**row, "run": run} for row in numbered.to_dicts()])


def asides(
    tx: Connection,
    member: int | None = None,
    kinds: tuple[str, ...] = ("quarantine", "review", "found"),
    states: tuple[str, ...] = ("open", "retry"),
) -> pl.DataFrame:
    """Rows that are set aside: the table's rows."""
    own = tables.aside.c
    query = select(tables.aside).where(own.kind.in_(kinds), own.state.in_(states)).order_by(own.id)
    if member is not None:
        query = query.where(own.member == member)
    return bulk.select(tx, query, bulk.schema_of(tables.aside))


def quarantined(tx: Connection, member: int) -> list[str]:
    """The remote ids of rows in quarantine, whatever people said about them."""
    query = text("SELECT remote_id FROM aside WHERE member = :member AND kind = 'quarantine' ORDER BY id")
    return list(tx.execute(query, {"member": member}).scalars())


def take_back(tx: Connection, member: int, found: Iterable[pl.Series], kinds: tuple[str, ...]) -> None:
    """Rows that are no longer set aside: they were understood, told, or are gone. `found`: their remote ids; they are not
    looked at if none is set aside."""
    waiting = asides(tx, member, kinds, ("open", "retry", "discarded", GONE))["remote_id"].unique().implode()
    if waiting.item().is_empty():
        return
    remote_ids = [remote_id for some in found for remote_id in some.filter(some.is_in(waiting)).to_list()]
    statement = text("DELETE FROM aside WHERE member = :member AND remote_id = :remote_id AND kind = :kind")
    pairs = [{"member": member, "remote_id": remote_id, "kind": kind} for remote_id in remote_ids for kind in kinds]
    if pairs:
        tx.execute(statement, pairs)


def note_gone(tx: Connection, member: int, *, seen: pl.Series, told: Sequence[str], whole: bool) -> None:
    """Rows that are there no more wait for nobody, but what they held is kept: those that the system told are gone, and after
    a finished full read (`whole`) all that it did not show. Those in `seen` are there, whatever was told."""
    waiting = asides(tx, member).filter(~pl.col("remote_id").is_in(seen.drop_nulls().implode()))
    if not whole:
        waiting = waiting.filter(pl.col("remote_id").is_in(list(told)))
    gone = waiting["id"].to_list()
    if gone:
        tx.execute(update(tables.aside).where(tables.aside.c.id.in_(gone)).values(state=GONE))


def counts(tx: Connection) -> dict[str, int]:
    """How much waits: questions, rows in quarantine, rows in review."""
    waiting = tx.execute(
        select(tables.aside.c.kind, func.count())
        .where(tables.aside.c.state.in_(("open", "retry")))
        .group_by(tables.aside.c.kind)
    )
    found = {kind: int(count) for kind, count in waiting}
    asked = tx.execute(
        select(func.count()).select_from(tables.review).where(tables.review.c.state == OPEN)
    ).scalar_one()
    return {
        "review": int(asked),
        "quarantine": found.get("quarantine", 0) + found.get("write", 0),
        "rows": found.get("review", 0),
    }
