"""Golden, as it is decided and as it is kept."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.merge.golden import Merged
from synchub.model import DAY
from synchub.record import bulk, intake, marks, tables
from synchub.record.codec import pack
from synchub.run.work import Work


def golden_of(work: Work, records: pl.DataFrame, merged: Merged) -> pl.DataFrame:
    """Golden with a column a field; a field with an open question stays as it was."""
    names = work.entity.golden_fields
    days = [column for column in merged.golden.columns if column.startswith(DAY)]
    have = [name for name in names if name in merged.golden.columns]
    fresh = records.select(record="id").join(
        merged.golden.select("record", *have, *days), on="record", how="left", maintain_order="left"
    )
    fresh = fresh.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in have)
    stored = records.select(record="id", *(pl.col(name).alias(f"old.{name}") for name in names))
    both = fresh.join(stored, on="record", how="left", maintain_order="left")
    for (name,), asked in merged.verdicts.filter(pl.col("open")).group_by("field"):
        held = pl.col("record").is_in(asked["record"].implode())
        both = both.with_columns(pl.when(held).then(f"old.{name}").otherwise(str(name)).alias(str(name)))
    hub_id = pl.lit(f"{work.salt}-") + pl.col("record").cast(pl.String)
    return both.select("record", *names, *days, hub_id=hub_id)


def keep(tx: Connection, work: Work, records: pl.DataFrame, golden: pl.DataFrame, idle: pl.Series) -> pl.DataFrame:
    """Store golden where it is not what is stored, and take this sync's mark off the records with nothing to send (`idle`),
    unless members are left out. Records that this run made are stored here at last, with what they are.

    Returns the records that changed: record, and a column a field.
    """
    changed = _changed(golden, records, work.entity.golden_fields)
    done = idle.head(0) if work.partial else idle
    new = records.filter(pl.col("made_run") == work.run)
    if new.height:
        _add(tx, new, changed, done, work.others)
    intake.store_golden(tx, changed.join(new, left_on="record", right_on="id", how="anti", maintain_order="left"))
    marks.take_off(tx, done.filter(~done.is_in(new["id"].implode())), work.others)
    return changed


def _add(tx: Connection, new: pl.DataFrame, changed: pl.DataFrame, done: pl.Series, others: int) -> None:
    fields = [column for column in changed.columns if column != "record"]
    golden = changed.select(id="record", golden=pack(changed, fields))
    told = new.select(pl.exclude("golden", *fields)).join(golden, on="id", how="left", maintain_order="left")
    dealt_with = pl.col("id").is_in(done.implode())
    intake.add_records(
        tx,
        told.select(
            *(column for column in bulk.schema_of(tables.record) if column not in ("golden", "dirty")),
            golden=pl.col("golden").fill_null(""),
            dirty=pl.when(dealt_with).then(pl.col("dirty") & others).otherwise("dirty"),
        ),
    )


def _changed(golden: pl.DataFrame, records: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Only the records whose golden values are not what is stored, without columns that nobody fills."""
    stored = records.select(record="id", *(pl.col(name).alias(f"old.{name}") for name in names))
    both = golden.drop("hub_id").join(stored, on="record", maintain_order="left")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"old.{name}")) for name in names)
    used = [name for name in names if golden[name].null_count() < golden.height]
    return both.filter(differs).select("record", *used)
