"""The queue of deletes: what people said about each, which may be sent, and which wait for an answer.

A delete waits if its member has `confirm_deletes`, or if the guard stopped it. Its question stands as long as the record
is deleted elsewhere and its row is there; when either ends the question closes by itself, answered or not: an old yes
never deletes somebody who came back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from synchub.plan.guard import Excess
from synchub.record import bulk, reviews, tables
from synchub.run.work import Part, Work

KIND = "delete"
YES, NO, LATER = "yes", "no", "later"

_REMOVES = pl.col("kind").is_in(["delete", "archive"])


@dataclass(frozen=True, slots=True)
class Queue:
    """What stands about the deletes of one member. `asked`: link, answer ("" while there is none) of every question.
    `confirmed`: each delete needs a yes. `allowed`: a person lets this run delete what it would ask about."""

    asked: pl.DataFrame
    confirmed: bool = False
    allowed: bool = False

    def with_answer(self, answer: str) -> pl.Series:
        """The links about which people said this."""
        return self.asked.filter(pl.col("answer") == answer)["link"]

    def due(self, operations: pl.DataFrame) -> pl.DataFrame:
        """Without the deletes that wait: those with a yes go, those nobody asked about too, unless each needs a yes."""
        if self.asked.is_empty() and not self.confirmed:
            return operations
        waits = self._told(LATER) if self.allowed else self._told("", LATER)
        waits = waits | (pl.lit(self.confirmed) & ~self._told(YES))
        return operations.filter(~(_REMOVES & waits))

    def uncounted(self, operations: pl.DataFrame) -> pl.DataFrame:
        """The deletes that the guard has nothing to say about: people have, or are going to."""
        if self.asked.is_empty() and not self.confirmed:
            return operations.clear()
        return operations.filter(_REMOVES & (pl.lit(self.confirmed) | self._told(YES, LATER)))

    def unasked(self, operations: pl.DataFrame) -> pl.DataFrame:
        """The deletes about which there is no question yet."""
        known = pl.col("link").is_in(self.asked["link"].implode())
        return operations.filter(_REMOVES & ~known)

    def _told(self, *answers: str) -> pl.Expr:
        return pl.col("link").is_in(self.asked.filter(pl.col("answer").is_in(answers))["link"].implode())


def queue_of(tx: Connection, work: Work, part: Part) -> Queue:
    """What stands about the deletes of a member."""
    allow = work.options.allow
    allowed = "deletes" in allow or f"{part.name}.deletes" in allow
    asked = reviews.about(tx, work.entity.name, KIND, f"{part.state.id}:")
    links = asked.select(
        "id",
        link=pl.col("subject").str.split(":").list.last().cast(pl.Int64),
        answer=pl.col("answer").fill_null(""),
    )
    return Queue(links, part.member.confirm_deletes, allowed)


def let_go(tx: Connection, queue: Queue, own: pl.DataFrame, doomed: pl.DataFrame) -> Queue:
    """Questions about rows that are not to be deleted any more close. `own`: this member's links of the records that are
    looked at; `doomed`: those of the records that are deleted elsewhere."""
    if queue.asked.is_empty() or own.is_empty():
        return queue
    still = own.filter(pl.col("tomb").is_null()).join(doomed, on="record", how="semi")
    over = queue.asked.filter(pl.col("link").is_in(own["id"].implode()) & ~pl.col("link").is_in(still["id"].implode()))
    if over.is_empty():
        return queue
    reviews.close_all(tx, over["id"])
    return Queue(queue.asked.join(over, on="link", how="anti"), queue.confirmed, queue.allowed)


def carried_out(tx: Connection, queue: Queue) -> None:
    """Questions about rows that are gone by now close."""
    if queue.asked.is_empty():
        return
    rows = bulk.rows_of(tx, tables.link, "id", queue.asked["link"])
    gone = rows.filter(pl.col("tomb").is_not_null())["id"]
    reviews.close_all(tx, queue.asked.filter(pl.col("link").is_in(gone.implode()))["id"])


def put_in_queue(
    tx: Connection,
    work: Work,
    part: Part,
    queue: Queue,
    frames: Iterable[pl.DataFrame],
    excess: Sequence[Excess],
) -> None:
    """Ask about every delete that waits now and was not asked about before."""
    over = next((one for one in excess if one.member == part.name and one.what == "deletes"), None)
    asks = over is not None or queue.confirmed
    why = str(over) if over is not None else f"{part.name} has confirm_deletes"
    waiting = 0
    for frame in frames:
        if asks:
            reviews.ask(tx, work.entity.name, KIND, _questions(part, queue.unasked(frame), why), run=work.run)
        waiting += frame.height - queue.due(frame).height
    if waiting:
        many = "1 delete waits for an answer" if waiting == 1 else f"{waiting} deletes wait for an answer"
        part.notes.append(f"{part.name}: {many}: `synchub review list`")


def _questions(part: Part, deletes: pl.DataFrame, why: str) -> pl.DataFrame:
    """What to ask about each delete: record, subject, details."""
    return deletes.select("record", "remote_id", "kind", **part.asking("link"), why=pl.lit(why))
