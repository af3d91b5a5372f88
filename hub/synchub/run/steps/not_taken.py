"""What a system did not take: what is tried again later, what a person is asked about, and what somebody else did first."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.record import intake, known, retries, reviews
from synchub.run.work import Part, Work

REFUSED = "refused"

THERE = (pl.col("kind") == "create") & (pl.col("status") == "conflict") & pl.col("result_id").is_not_null()
"""A create of what is there already: the row that the system names is matched by the next run."""
MOVED = (pl.col("kind") != "create") & (pl.col("status") == "conflict")
"""Somebody changed the row since the plan was made."""


def without_taken_places(work: Work, part: Part, both: pl.DataFrame) -> pl.DataFrame:
    """A create whose place is taken by the row of another record is refused: sent again it would be the same again."""
    there = both.filter(THERE)
    if there.is_empty():
        return both
    with work.store.read() as tx:
        links = known.rows_named(tx, part.state.id, there["result_id"]).filter(pl.col("tomb").is_null())
    owned = links.select(result_id="remote_id", owner="record")
    others = (
        there.select("id", "record", "result_id")
        .join(owned, on="result_id")
        .filter(pl.col("owner") != pl.col("record"))
    )
    taken = pl.col("id").is_in(others["id"].implode())
    why = pl.format("its row {} is there already, and belongs to another record: {}", "result_id", "reason")
    return both.with_columns(
        status=pl.when(taken).then(pl.lit("rejected")).otherwise("status"),
        reason=pl.when(taken).then(why).otherwise("reason"),
    )


def _to_retry(both: pl.DataFrame) -> pl.DataFrame:
    """What may work later, each with a reason."""
    return both.filter(pl.col("status") == "retry").with_columns(pl.col("reason").replace("", "no reason given"))


def try_again_later(tx: Connection, work: Work, part: Part, both: pl.DataFrame) -> None:
    """What was not taken while others were: it is tried again, after pauses that grow. Where nothing got through the system
    itself is down, and the next run simply goes on."""
    failed = _to_retry(both)
    if failed.is_empty() or failed.height == both.height > 1:
        return
    sent = [column for column in failed.columns if column.startswith("to.")]
    rows = failed.select("record", "kind", "reason", raw=pl.struct(sent).struct.json_encode())
    retries.set_aside(tx, part.state.id, rows, run=work.run, now=work.clock)


def taken_after_all(tx: Connection, work: Work, part: Part, records: pl.Series) -> None:
    """What was refused before was taken now: that question is over, and a later refusal is asked about anew."""
    retries.taken(tx, part.state.id, records)
    asked = reviews.about(tx, work.entity.name, REFUSED, f"{part.state.id}:")
    reviews.close_all(tx, asked.filter(pl.col("record").is_in(records.implode()))["id"])


def ask_about_refused(tx: Connection, work: Work, part: Part, refused: pl.DataFrame) -> None:
    """A value that a system will never take is not sent again while golden and held stay as they are."""
    if refused.is_empty():
        return
    parts = []
    for name in part.mapping.outward_fields:
        native = part.mapping.native_target(name)
        blamed = pl.col("at_fault").is_null() | (pl.col("at_fault") == native)
        hit = refused.filter(pl.col("link").is_not_null() & pl.col(f"to.{name}").is_not_null() & blamed)
        parts.append(
            hit.select(
                "link",
                field=pl.lit(name),
                state=pl.lit("own"),
                golden=f"as.{name}",
                native=pl.col(f"was.{name}").fill_null(""),
                count=pl.lit(1),
            )
        )
    intake.put_forms(tx, pl.concat(parts), run=work.run)
    asked = refused.select("record", "kind", "reason", **part.asking("record"))
    reviews.ask(tx, work.entity.name, REFUSED, asked, run=work.run)


def failures(part: Part, both: pl.DataFrame) -> list[str]:
    """What did not get through, by reason; what a system refused for good is a question of its own."""
    failed = _to_retry(both)
    return [
        f"{part.name}: {count} {'write' if count == 1 else 'writes'} did not get through: {reason.rstrip('.')}. The next run goes on with {_them(count)}."
        for reason, count in failed.group_by("reason", maintain_order=True).len().rows()
    ]


def overtaken(part: Part, both: pl.DataFrame) -> list[str]:
    """What somebody else did first: nothing failed, the next run decides anew."""
    there, moved = both.filter(THERE).height, both.filter(MOVED).height
    notes = {
        there_already(part, there): there,
        moved_on(part, moved): moved,
    }
    return [note for note, count in notes.items() if count]


def moved_on(part: Part, count: int) -> str:
    """Says of records that somebody changed after they were read that nothing was sent there."""
    told = "1 record changed there meanwhile and was left as it is"
    if count != 1:
        told = f"{count} records changed there meanwhile and were left as they are"
    return f"{part.name}: {told}; the next sync decides about {_them(count)}"


def there_already(part: Part, count: int) -> str:
    """Says of records that somebody made before the hub did that nothing was sent there."""
    told = "1 record is there already" if count == 1 else f"{count} records are there already"
    return f"{part.name}: {told}; the next sync decides about {_them(count)}"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
