"""Recording what became of a batch: in one transaction the journal, the links, held, and the system's own forms."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.merge.history import NO_ANSWER
from synchub.model import NATIVE, VALUE, VIA
from synchub.record import bulk, intake, journal, known, retries, reviews, tables
from synchub.record.codec import pack, prefixed, unpack
from synchub.record.store import take
from synchub.run.steps.done import Done
from synchub.run.work import Part, Work
from synchub.write.landed import Landed, land

REFUSED = "refused"
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
    both = _taken(work, part, both)
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
        _not_taken(tx, work, part, both)
        _taken_after_all(tx, work, part, landed_well["record"])
        _refused(tx, work, part, both.filter(pl.col("status") == "rejected"))
        _close(tx, both, links)
    _count(both, landed, done)
    done.notes += [*_failures(part, both), *_overtaken(part, both)]


_THERE = (pl.col("kind") == "create") & (pl.col("status") == "conflict") & pl.col("result_id").is_not_null()
"""A create of what is there already: the row that the system names is matched by the next run."""
_MOVED = (pl.col("kind") != "create") & (pl.col("status") == "conflict")
"""Somebody changed the row since the plan was made."""


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


def _taken(work: Work, part: Part, both: pl.DataFrame) -> pl.DataFrame:
    """A create whose place is taken by the row of another record is refused: sent again it would be the same again."""
    there = both.filter(_THERE)
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
    before = bulk.rows_of(tx, tables.link, "id", changed["link"])
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


def _to_retry(both: pl.DataFrame) -> pl.DataFrame:
    """What may work later, each with a reason."""
    return both.filter(pl.col("status") == "retry").with_columns(pl.col("reason").replace("", "no reason given"))


def _not_taken(tx: Connection, work: Work, part: Part, both: pl.DataFrame) -> None:
    """What was not taken while others were: it is tried again, after pauses that grow. Where nothing got through the system
    itself is down, and the next run simply goes on."""
    failed = _to_retry(both)
    if failed.is_empty() or failed.height == both.height > 1:
        return
    sent = [column for column in failed.columns if column.startswith("to.")]
    rows = failed.select("record", "kind", "reason", raw=pl.struct(sent).struct.json_encode())
    retries.set_aside(tx, part.state.id, rows, run=work.run, now=work.clock)


def _taken_after_all(tx: Connection, work: Work, part: Part, records: pl.Series) -> None:
    """What was refused before was taken now: that question is over, and a later refusal is asked about anew."""
    retries.taken(tx, part.state.id, records)
    asked = reviews.about(tx, work.entity.name, REFUSED, f"{part.state.id}:")
    reviews.close_all(tx, asked.filter(pl.col("record").is_in(records.implode()))["id"])


def _refused(tx: Connection, work: Work, part: Part, refused: pl.DataFrame) -> None:
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
    asked = refused.select(
        "record",
        "kind",
        "reason",
        system=pl.lit(part.member.system),
        stream=pl.lit(part.member.stream),
        subject=pl.format("{}:{}", pl.lit(part.state.id), "record"),
    )
    reviews.ask(tx, work.entity.name, REFUSED, asked, run=work.run)


def _failures(part: Part, both: pl.DataFrame) -> list[str]:
    """What did not get through, by reason; what a system refused for good is a question of its own."""
    failed = _to_retry(both)
    return [
        f"{part.name}: {count} {'write' if count == 1 else 'writes'} did not get through: {reason.rstrip('.')}. The next run goes on with them."
        for reason, count in failed.group_by("reason", maintain_order=True).len().rows()
    ]


def _overtaken(part: Part, both: pl.DataFrame) -> list[str]:
    """What somebody else did first: nothing failed, the next run decides anew."""
    there, moved = both.filter(_THERE).height, both.filter(_MOVED).height
    notes = {
        f"{part.name}: {there} records are there already; the next run matches them": there,
        f"{part.name}: {moved} records changed there meanwhile; the next run decides about them anew": moved,
    }
    return [note for note, count in notes.items() if count]


def _count(both: pl.DataFrame, landed: Landed, done: Done) -> None:
    counts = {(kind, status): count for kind, status, count in both.group_by("kind", "status").len().rows()}
    done.created += counts.get(("create", "ok"), 0)
    done.updated += counts.get(("update", "ok"), 0)
    done.deleted += counts.get(("delete", "ok"), 0) + counts.get(("archive", "ok"), 0)
    done.unchanged += sum(count for (_, status), count in counts.items() if status == "unchanged")
    done.failed += both.filter(pl.col("status").is_in(["rejected", "retry", "conflict"]) & ~_THERE & ~_MOVED).height
    done.own_form += landed.forms.filter(pl.col("state") == "own").height
    unsettled = pl.col("status").is_in(["conflict", "retry"]) | pl.col("id").is_in(landed.filled["id"].implode())
    done.undone.append(both.filter(unsettled)["record"])
