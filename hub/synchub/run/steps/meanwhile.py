"""A last look before a batch is sent: what would overwrite a change, or make what is there already, is left out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from synchub.api import CanLookup, Row
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.model import OVER, REMOTE, TO, WAS
from synchub.record import intake, known, reviews
from synchub.run.steps.done import Done
from synchub.run.steps.doubles import seek
from synchub.run.steps.not_taken import moved_on, there_already
from synchub.run.work import Part, Work
from synchub.write.batch import OPERATION, stored_frame


def still_due(work: Work, part: Part, planned: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Without operations that would overwrite what changed meanwhile, or create what is there already."""
    if not isinstance(part.connector, CanLookup):
        return planned
    creates = planned.filter(pl.col("kind") == "create")
    others = planned.filter(pl.col("kind") != "create")
    if not others.is_empty() and not part.stream.checks_before:
        # Where the system is told a version, it refuses by itself what moved.
        told = pl.col("version").is_not_null() & (part.stream.version is not None)
        others = pl.concat([others.filter(told), _unmoved(work, part, others.filter(~told), done)])
    if not creates.is_empty() and not part.complete:
        creates = _not_there(work, part, creates, done)
    return pl.concat([others, creates])


def _unmoved(work: Work, part: Part, planned: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Operations whose record still holds what was planned against."""
    if planned.is_empty():
        return planned
    names = planned["remote_id"].to_list()
    present = part.present(names)
    listed = [present.get(name) for name in names]
    now = stored_frame(list(range(planned.height)), listed, part.mapping.natives, native_frame)
    places = pl.DataFrame({OPERATION: range(planned.height)}, schema={OPERATION: pl.Int64})
    now = places.join(now, on=OPERATION, how="left", maintain_order="left")
    moved = pl.Series([row is None for row in listed], dtype=pl.Boolean)
    done.missing = done.missing or bool(moved.any())
    removing = planned["kind"].is_in(["delete", "archive"])
    removes = removing.any()
    for name in part.mapping.outward_fields:
        if not removes and planned[TO + name].null_count() == planned.height:
            continue
        was, there = planned[WAS + name], _there(part, name, planned, now)
        compared = (planned[TO + name].is_not_null() | (removing & was.is_not_null())) & there.is_not_null()
        if compared.any():
            before = part.mapping.comparable(name, was.fill_null(""))
            moved = moved | (compared & (before.fill_null("") != part.mapping.comparable(name, there).fill_null("")))
    if moved.any():
        with work.store.write() as tx:
            # Its cursor may never show the change: the next run is to look at the row itself.
            intake.doubt(tx, planned.filter(moved)["link"], run=work.run)
        done.undone.append(planned.filter(moved)["record"])
        done.notes.append(moved_on(part, int(moved.sum())))
    return planned.filter(~moved)


def _there(part: Part, name: str, planned: pl.DataFrame, now: pl.DataFrame) -> pl.Series:
    """What is there now, in the native field that each operation writes."""
    found = now[part.mapping.native_target(name)]
    if OVER + name in planned.columns:
        for native in part.mapping.fields[name].natives:
            found = now[native].zip_with((planned[OVER + name] == native).fill_null(False), found)
    return found


def _not_there(work: Work, part: Part, creates: pl.DataFrame, done: Done) -> pl.DataFrame:
    """Creates for which a lookup by key finds nothing. What it finds is matched by the next run."""
    pairs, rows = seek(work, part, creates)
    if pairs.is_empty():
        return creates
    keep_rows(work, part, [rows[place] for place in pairs["other"].unique().sort().to_list()])
    hit = pl.int_range(pl.len(), dtype=pl.Int64).is_in(pairs["node"].implode())
    done.undone.append(creates.filter(hit)["record"])
    done.notes.append(there_already(part, pairs["node"].n_unique()))
    return creates.filter(~hit)


def keep_rows(work: Work, part: Part, rows: Sequence[Row]) -> None:
    """Rows that were found by lookup and that no read delivered: the next run matches them, unless they are linked."""
    frame = native_frame(rows, part.mapping.natives)
    named = frame.with_columns(remote_ids(frame, part.mapping.keys).alias(REMOTE))
    with work.store.write() as tx:
        linked = known.rows_named(tx, part.state.id, named[REMOTE]).select(REMOTE)
        reviews.set_aside(
            tx,
            named.join(linked, on=REMOTE, how="anti")
            .select(
                REMOTE,
                member=pl.lit(part.state.id),
                kind=pl.lit("found"),
                field=pl.lit(None, dtype=pl.String),
                value=pl.lit(None, dtype=pl.String),
                reason=pl.lit("found by key before a create"),
                cause=pl.lit("found"),
                raw=pl.struct(frame.columns).struct.json_encode(),
                idents=pl.lit(""),
            )
            .drop_nulls(REMOTE),
            run=work.run,
        )
