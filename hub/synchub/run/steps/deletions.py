"""A delete is seen when the last live link of a system on a record is gone."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection

from synchub.record import intake, known
from synchub.run.work import Work


def note_deletions(tx: Connection, work: Work, gone: Sequence[pl.Series]) -> None:
    """Of the records that lost a link, note those on which that system has no live link any more."""
    if not gone:
        return
    records = pl.concat(list(gone)).unique()
    links = known.links_of(tx, records, ("record", "member", "tomb"))
    systems = {number: place.state.system for number, place in work.places.items()}
    by_system = links.with_columns(system=pl.col("member").replace_strict(systems, default="", return_dtype=pl.String))
    left = by_system.group_by("record", "system").agg(
        live=pl.col("tomb").is_null().sum(), now=(pl.col("tomb") == work.run).any()
    )
    deleted = left.filter((pl.col("live") == 0) & pl.col("now"))["record"].unique()
    if len(deleted):
        intake.note_deleted(tx, deleted, run=work.run)
