"""Rows and records shared out, so that few are told at once: what hangs together by equal keys stays together. Pure."""

from __future__ import annotations

import polars as pl


def shares(ids: pl.Series, edges: pl.DataFrame, most: int) -> pl.DataFrame:
    """id, share (from 0): each share has about `most` of the distinct `ids`, more where more hang together.

    `edges`: id, hash. Ids with one hash are in one share, and so are all that hang together by several.
    """
    if len(ids) <= most:
        return pl.DataFrame({"id": ids}).with_columns(share=pl.lit(0, dtype=pl.Int64))
    label = _labels(ids, edges)
    sizes = label.value_counts(name="size").sort("label")
    begun = sizes.select("label", share=((pl.col("size").cum_sum() - pl.col("size")) // most).cast(pl.Int64))
    placed = pl.DataFrame({"id": ids, "label": label})
    return placed.join(begun, on="label", how="left", maintain_order="left").select("id", "share")


def _labels(ids: pl.Series, edges: pl.DataFrame) -> pl.Series:
    """For each id a number that all have that hang together, and nobody else."""
    placed = pl.DataFrame({"id": ids}).with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    ends = edges.join(placed, on="id").select("place", "hash")
    label = placed["place"].alias("label")
    while True:
        least = ends.with_columns(least=label.gather(ends["place"])).with_columns(pl.col("least").min().over("hash"))
        lower = least.group_by("place").agg(pl.col("least").min())
        step = label.clone().scatter(lower["place"], lower["least"])  # in place
        step = step.gather(step)  # whoever my label hangs together with is mine too: chains end after a few rounds
        if step.equals(label):
            return label
        label = step
