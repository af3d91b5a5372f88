"""Claims as a frame, and which of them count at all.

One row a claim:

    record     Int64   the hub's record
    field      String  canonical field
    link       Int64   who says it; null for a person's decision
    system     String  the link's system; "hub" for a person
    rank       Int64   the member's place in hub.toml; -1 for a person
    remote_id  String  breaks the last tie
    value      String  canonical text, "" is blank
    base       String  what the hub knew the system to hold before; null at first contact
    at         Int64   when, in microseconds; null is undated
    seen       Int64   the clock of the run that read it
    run        Int64   that run
    seq        Int64   grows with every claim
    kind       String  claim, weak (counts only where nothing else has a value), hub, open (a question is open)
"""

from __future__ import annotations

from typing import Final

import polars as pl

from synchub.model import BLANK

SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "record": pl.Int64,
    "field": pl.String,
    "link": pl.Int64,
    "system": pl.String,
    "rank": pl.Int64,
    "remote_id": pl.String,
    "value": pl.String,
    "base": pl.String,
    "at": pl.Int64,
    "seen": pl.Int64,
    "run": pl.Int64,
    "seq": pl.Int64,
    "kind": pl.String,
}

ONE: Final = ["record", "field"]
"""What is decided: one field of one record."""

NEVER: Final = -(2**62)
"""Stands for the time of an undated claim: older than every date."""


def standing(claims: pl.DataFrame) -> pl.DataFrame:
    """The claims that count: a person's decision voids all that the hub had seen by then, under every rule."""
    decided = pl.col("seq").filter(pl.col("kind") == "hub").max().over(ONE)
    return claims.filter(decided.is_null() | (pl.col("seq") >= decided))


def strong(claims: pl.DataFrame) -> pl.DataFrame:
    """Without the weak claims of fields for which another claim has a value."""
    weak = pl.col("kind") == "weak"
    other = ((~weak) & (pl.col("value") != BLANK)).any().over(ONE)
    return claims.filter(~(weak & other))


def latest(claims: pl.DataFrame) -> pl.DataFrame:
    """The latest claim of each link (a person counts as one)."""
    return claims.filter(pl.col("seq") == pl.col("seq").max().over([*ONE, pl.col("link").fill_null(-1)]))


def ordered(claims: pl.DataFrame) -> pl.DataFrame:
    """The newest first; ties by the order of members, then by remote id. Never by the order of reading."""
    return claims.sort(
        pl.col("at").fill_null(NEVER),
        pl.col("rank"),
        pl.col("remote_id"),
        pl.col("seq"),
        descending=[True, False, False, True],
        nulls_last=True,
    )


def conflicts(claims: pl.DataFrame, run: int, agreed: pl.DataFrame) -> pl.DataFrame:
    """Fields with two claims of different value, where neither system held the other's value when it changed.

    Only those that a claim of this run takes part in. An older claim takes part only while it is what was agreed
    (`agreed`: record, field, value) and the system that changed did not hold that yet: what lost before has lost.
    Columns record, field, times_only: whether only the times of whole records tell which claim is newer.
    """
    if claims.is_empty():
        return pl.DataFrame(schema={"record": pl.Int64, "field": pl.String, "times_only": pl.Boolean})
    now = latest(claims).filter(~pl.col("kind").is_in(["hub", "weak"]))
    contested = now.filter((pl.col("value").n_unique().over(ONE) > 1) & (pl.col("run").max().over(ONE) == run))
    columns = [*ONE, "value", "base", "seq", "run", "at"]
    settled = contested.join(agreed.rename({"value": "agreed"}), on=ONE, how="left").select(*columns, "agreed")
    pending = (pl.col("agreed") == pl.col("value")) & pl.col("base_2").ne_missing(pl.col("agreed"))
    pairs = settled.join(contested.select(columns), on=ONE, suffix="_2").filter(
        (pl.col("seq") < pl.col("seq_2"))
        & ((pl.col("run") == run) | pending)
        & (pl.col("value") != pl.col("value_2"))
        & pl.max_horizontal("run", "run_2").eq(run)
        & pl.col("base").ne_missing(pl.col("value_2"))
        & pl.col("base_2").ne_missing(pl.col("value"))
    )
    return pairs.group_by(ONE).agg(times_only=(pl.col("at").is_not_null() & pl.col("at_2").is_not_null()).any())
