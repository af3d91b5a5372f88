"""Rows that can't be told: a person is asked who they are, and they are kept until that is known."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection

from synchub.match.groups import REASONS, REVIEW
from synchub.read.stage import SOURCE, Staged
from synchub.record import reviews
from synchub.run.steps.unknown import Unknown
from synchub.run.work import Work


def left_over(work: Work, unknown: Unknown, told: pl.DataFrame) -> pl.DataFrame:
    """node, member, system, remote_id, reason: the rows that can't be told."""
    left = told.filter(pl.col("outcome") == REVIEW).sort("node")
    rows = (
        unknown.rows[left["node"]]
        .select("part", "remote_id")
        .hstack(left.select("node", pl.col("reason").cast(pl.String)))
    )
    member = {number: part.state.id for number, part in enumerate(work.parts)}
    system = {number: part.member.system for number, part in enumerate(work.parts)}
    return rows.select(
        "node",
        "remote_id",
        "reason",
        member=pl.col("part").replace_strict(member, return_dtype=pl.Int64),
        system=pl.col("part").replace_strict(system, return_dtype=pl.String),
    )


def ask_who(tx: Connection, work: Work, waiting: pl.DataFrame, suspects: pl.DataFrame) -> None:
    """A person is asked about each row that can't be told; what can be told by now needs no answer."""
    hub_id = pl.lit(f"{work.salt}-") + pl.col("record").cast(pl.String)
    could_be = suspects.sort("record").group_by("node", maintain_order=True).agg(could_be=hub_id)
    asked = waiting.join(could_be, on="node", how="left", maintain_order="left").select(
        "system",
        "remote_id",
        pl.col("reason").replace_strict(REASONS),
        pl.col("could_be").fill_null([]),
        subject=pl.format("{}:{}", "member", "remote_id"),
        record=pl.lit(None, dtype=pl.Int64),
    )
    reviews.ask(tx, work.entity.name, "match", asked, run=work.run)
    reviews.close_missing(tx, work.entity.name, "match", asked["subject"])


def keep_raw(tx: Connection, work: Work, staged: Mapping[str, Staged], waiting: pl.DataFrame, unknown: Unknown) -> None:
    """Set rows that can't be told aside, raw, with the hashes of their keys: the next run looks at them again without reading
    them again."""
    if waiting.is_empty():
        return
    hashes = (
        unknown.keys_among(waiting["node"])
        .group_by("node")
        .agg(idents=pl.col("hash").sort().cast(pl.String).str.join(","))
    )
    rows = waiting.join(hashes, on="node", how="left").select(
        "member", "remote_id", pl.col("idents").fill_null(""), reason=pl.col("reason").replace_strict(REASONS)
    )
    for part in work.parts:
        own = rows.filter(pl.col("member") == part.state.id)
        for frame in staged[part.name].frames(["remote_id", SOURCE]) if own.height else ():
            kept = own.join(frame.select("remote_id", raw=SOURCE).drop_nulls("raw"), on="remote_id")
            reviews.set_aside(
                tx,
                kept.with_columns(
                    kind=pl.lit("review"),
                    field=pl.lit(None, dtype=pl.String),
                    value=pl.lit(None, dtype=pl.String),
                    cause="reason",
                ),
                run=work.run,
            )
