"""Recording what became of a batch: in one transaction the journal, the links, held, and the system's own forms."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.merge.history import NO_ANSWER
from synchub.model import NATIVE, VALUE, VIA
from synchub.record import bulk, intake, journal, tables
from synchub.record.codec import pack, prefixed, unpack
from synchub.record.store import take
from synchub.run.steps.done import Done
from synchub.run.steps.not_taken import (
    MOVED,
    THERE,
    ask_about_refused,
    failures,
    overtaken,
    taken_after_all,
    try_again_later,
    without_taken_places,
)
from synchub.run.work import Part, Work
from synchub.write.landed import Landed, land

_STATES = {
    "ok": journal.DONE,
    "unchanged": journal.DONE,
    "conflict": journal.DROPPED,
    "rejected": journal.REJECTED,
    "retry": journal.OPEN,
}


def record(work: Work, part: Part, sent: pl.DataFrame, told: pl.DataFrame, stored: pl.DataFrame, done: Done) -> None:
    """Record a batch. `sent` has the operations' numbers, `told` their results, `stored` what the system holds now."""
    times = stored.select("id", "stored_at", "raw_hash")
    both = sent.join(told, on="id", maintain_order="left").join(times, on="id", how="left", maintain_order="left")
    # An answer that tells no time was looked up: an older copy that is read later is known by it.
    both = both.with_columns(result_at=pl.coalesce("result_at", "stored_at")).drop("stored_at")
    both = without_taken_places(work, part, both)
    landed_well = both.filter(pl.col("status").is_in(["ok", "unchanged"]))
    landed = land(
        landed_well,
        stored.drop("stored_at", "raw_hash").join(landed_well.select("id"), on="id", how="semi"),
        part.mapping.inward_fields,
        part.mapping.comparable,
    )
    with work.store.write() as tx:
        links = _links(tx, work, part, landed_well, landed)
        intake.bury(tx, landed_well.filter(pl.col("kind").is_in(["delete", "archive"]))["link"], run=work.run)
        _forms(tx, work, links, landed)
        _filled(tx, work, links, landed)
        _found(tx, work, links, landed, both)
        try_again_later(tx, work, part, both)
        taken_after_all(tx, work, part, landed_well["record"])
        ask_about_refused(tx, work, part, both.filter(pl.col("status") == "rejected"))
        _close(tx, both, links)
    _count(both, landed, done)
    done.notes += [*failures(part, both), *overtaken(part, both)]


def _close(tx: Connection, both: pl.DataFrame, links: pl.DataFrame) -> None:
    """Note in the journal what became of each operation."""
    if (
        ((both["kind"] == "create") & (both["status"] == "ok")).all()
        and _in_a_row(both["id"])
        and _in_a_row(links["link"])
    ):
        journal.close_made(tx, both["id"][0], both["id"][-1], link=links["link"][0])
        return
    journal.close(
        tx,
        both.join(links, on="id", how="left", suffix=".made").select(
            "id",
            state=pl.col("status").replace_strict(_STATES),
            reason="reason",
            remote_id=pl.coalesce("result_id", "remote_id"),
            link=pl.coalesce("link", "link.made"),
        ),
    )


def _in_a_row(numbers: pl.Series) -> bool:
    """Whether these are some number, the next one, and so on."""
    return len(numbers) > 0 and bool((numbers.diff().drop_nulls() == 1).all())


def _links(tx: Connection, work: Work, part: Part, good: pl.DataFrame, landed: Landed) -> pl.DataFrame:
    """Held after the writes, for links that were there and for those that came to be. Returns id, link."""
    changed = good.filter(pl.col("kind") == "update")
    made = good.filter(pl.col("kind") == "create")
    now = work.seams.micros()
    if changed.height:
        _update_links(tx, part, changed, landed, now)
    if made.is_empty():
        return changed.select("id", "link")
    first = take(tx, "link", made.height)
    numbered = made.select("id", "record", "result_id", "result_version", "result_at", "raw_hash").with_columns(
        link=pl.int_range(first, first + made.height, dtype=pl.Int64)
    )
    held = numbered.join(landed.held, on="id", maintain_order="left")
    bulk.insert(
        tx,
        tables.link,
        held.select(
            "record",
            "raw_hash",  # all of the row is held: read as it was told it has nothing to say
            id="link",
            member=pl.lit(part.state.id, dtype=pl.Int64),
            remote_id="result_id",
            made=pl.lit(1),
            updated_at="result_at",
            version="result_version",
            seen_at=pl.lit(now),
            first_run=pl.lit(work.run),
            first_seq=pl.lit(0),
            held=pack(held, [column for column in held.columns if column[:2] in (NATIVE, VALUE)]),
        ),
    )
    return pl.concat([changed.select("id", "link"), numbered.select("id", "link")])


def _update_links(tx: Connection, part: Part, changed: pl.DataFrame, landed: Landed, now: int) -> None:
    """What landed takes the place of what was held; a write voids the raw fingerprint."""
    columns = prefixed((NATIVE, VALUE, VIA), part.state.fields)
    before = bulk.rows_of(tx, tables.link, "id", changed["link"], ("id", "updated_at", "version", "said", "held"))
    opened = unpack(before.select(pl.coalesce("held", "said")).to_series(), columns)
    old = before.select(link="id", known_at="updated_at", known_version="version").hstack(opened)
    fresh = changed.select("id", "link", "result_at", "result_version").join(
        landed.held, on="id", maintain_order="left"
    )
    both = old.join(fresh, on="link", suffix=".new", maintain_order="left")
    merged = [
        (pl.coalesce(f"{column}.new", column) if f"{column}.new" in both.columns else pl.col(column)).alias(column)
        for column in columns
    ]
    whole = both.select(
        "link",
        known_at=pl.max_horizontal("result_at", "known_at"),
        version=pl.coalesce("result_version", "known_version"),
    ).hstack(both.select(merged))
    bulk.update(
        tx,
        tables.link,
        whole.select(
            id="link",
            held=pack(whole, columns),
            raw_hash=pl.lit(None, dtype=pl.Int64),
            seen_at=pl.lit(now, dtype=pl.Int64),
            updated_at="known_at",
            version="version",
        ),
    )


def _forms(tx: Connection, work: Work, links: pl.DataFrame, landed: Landed) -> None:
    forms = landed.forms.join(links, on="id").with_columns(count=pl.lit(1))
    usual = forms.filter(pl.col("state") == "same")
    if usual.height:
        known = bulk.rows_of(tx, tables.form, "link", usual["link"].unique()).filter(pl.col("state") == "own")
        gone = usual.select("link", "field").join(known.select("link", "field"), on=["link", "field"], how="semi")
        intake.forget_forms(tx, gone, "own")
    odd = forms.filter(pl.col("state") != "same")
    if odd.height:
        intake.put_forms(tx, odd, run=work.run)


def _filled(tx: Connection, work: Work, links: pl.DataFrame, landed: Landed) -> None:
    """What a system filled in by itself in a row that the hub made: an undated, weak claim."""
    own = landed.filled.join(links, on="id")
    if own.height:
        intake.add_claims(
            tx,
            own.select(
                "link",
                "field",
                "value",
                "native",
                record=pl.lit(None, dtype=pl.Int64),
                base=pl.lit(None, dtype=pl.String),
                at=pl.lit(None, dtype=pl.Int64),
                kind=pl.lit("weak"),
            ),
            run=work.run,
        )


def _found(tx: Connection, work: Work, links: pl.DataFrame, landed: Landed, both: pl.DataFrame) -> None:
    """What is taken for the system's own form, because nobody said what was stored, may have been entered by somebody: it is
    kept as history."""
    found = both.filter(pl.col("reason") == NO_ANSWER).select("id")
    own = landed.forms.filter(pl.col("state") == "own").join(found, on="id", how="semi")
    if own.is_empty():
        return
    values = [column for column in landed.held.columns if column.startswith(VALUE)]
    held = landed.held.unpivot(values, index="id", variable_name="field").with_columns(
        pl.col("field").str.strip_prefix(VALUE)
    )
    seen = own.select("id", "field").join(held, on=["id", "field"]).join(links, on="id")
    intake.add_history(tx, seen.select("link", "field", "value", reason=pl.lit(NO_ANSWER)), run=work.run)


def _count(both: pl.DataFrame, landed: Landed, done: Done) -> None:
    counts = {(kind, status): count for kind, status, count in both.group_by("kind", "status").len().rows()}
    done.created += counts.get(("create", "ok"), 0)
    done.updated += counts.get(("update", "ok"), 0)
    done.deleted += counts.get(("delete", "ok"), 0) + counts.get(("archive", "ok"), 0)
    done.unchanged += sum(count for (_, status), count in counts.items() if status == "unchanged")
    done.failed += both.filter(pl.col("status").is_in(["rejected", "retry", "conflict"]) & ~THERE & ~MOVED).height
    done.own_form += landed.forms.filter(pl.col("state") == "own").height
    unsettled = pl.col("status").is_in(["conflict", "retry"]) | pl.col("id").is_in(landed.filled["id"].implode())
    done.undone.append(both.filter(unsettled)["record"])
