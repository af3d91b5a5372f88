"""Whether two rows are the same, by their keys alone. Pure."""

from __future__ import annotations

import polars as pl


def same(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that share a key and differ in no stronger one: node, other.

    Both frames are as `idents` makes them: node, key (its place, strongest 0), text.
    """
    if ours.is_empty() or theirs.is_empty():
        return pl.DataFrame(schema={"node": pl.Int64, "other": pl.Int64})
    shared = (
        ours.join(theirs.rename({"node": "other"}), on=["key", "text"])
        .group_by("node", "other")
        .agg(pl.col("key").min())
    )
    if shared.is_empty():
        return shared.select("node", "other")
    ours_filled = ours.select("node", at="key").unique()
    theirs_filled = theirs.select(other="node", at="key").unique()
    stronger = shared.join(ours_filled, on="node").filter(pl.col("at") < pl.col("key"))
    differing = stronger.join(theirs_filled, on=["other", "at"], how="semi")
    return shared.join(differing, on=["node", "other"], how="anti").select("node", "other").sort("node", "other")
