"""Connected groups of equal keys, and what each group means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

NEW, JOINED, REVIEW = "new", "joined", "review"

REASONS: Final = {
    "records": "it fits more than one record",
    "keys": "rows that share a weaker key differ in a stronger one",
    "names": "rows of one system share a key and have different names",
    "twice": "it would be a second row of one system on one record, on a weaker key than the strongest",
    "apart": "a person said that it is not that record",
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """`rows`: node, outcome (new, joined, review), record (if joined), group (one number a new record), reason.
    `suspects`: node, record: who a row in review could be."""

    rows: pl.DataFrame
    suspects: pl.DataFrame


STRONGEST: Final = 1
"""The place of the strongest key of the entity; place 0 is the hub's own id, where a system kept it."""


def assign(
    rows: pl.DataFrame,
    keys: pl.DataFrame,
    known: pl.DataFrame,
    *,
    taken: pl.DataFrame,
    apart: pl.DataFrame,
    places: int,
) -> Assigned:
    """Tell who is who.

    rows    node, system, name: unknown rows; nodes are numbers from 0
    keys    node, key, text: of the rows; key 0 is the hub's id, 1 the strongest of `places` keys in all
    known   record, key, text: of records that share any of these keys
    taken   record, system, name: the live links of those records
    apart   node, record: pairs that a person said are not the same
    """
    nodes, edges = _graph(rows, keys, known)
    parted = _parted(rows, edges, apart)
    edges = edges.join(parted, left_on="id", right_on="node", how="anti")
    levels = _levels(nodes, edges, places)
    group = levels.get_column(levels.columns[-1])
    placed = levels.select("id", group=group, strong=f"k{min(STRONGEST, places - 1)}")
    records = placed.filter(pl.col("id") < 0).select("group", record=-pl.col("id") - 1)
    verdict = _doubts(placed, rows, edges, records, taken, levels)
    found = (
        rows.select("node")
        .join(placed.select("group", node="id"), on="node")
        .join(verdict, on="group", how="left")
        .join(records.group_by("group").agg(record=pl.col("record").min()), on="group", how="left")
    )
    outcome = (
        pl.when(pl.col("reason").is_not_null())
        .then(pl.lit(REVIEW))
        .when(pl.col("record").is_not_null())
        .then(pl.lit(JOINED))
        .otherwise(pl.lit(NEW))
    )
    settled = found.with_columns(outcome=outcome).with_columns(
        record=pl.when(outcome == JOINED).then("record").otherwise(None)
    )
    suspects = settled.filter(pl.col("outcome") == REVIEW).select("node", "group").join(records, on="group")
    return Assigned(settled.select("node", "outcome", "record", "group", "reason"), suspects.select("node", "record"))


def _graph(rows: pl.DataFrame, keys: pl.DataFrame, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Nodes and edges, rows as their numbers and records as negative ones."""
    record = known.select(id=-pl.col("record") - 1, key="key", text="text")
    edges = pl.concat([keys.select(id="node", key="key", text="text"), record])
    nodes = pl.concat([rows.select(id="node"), record.select("id")]).unique()
    return nodes, edges


def _parted(rows: pl.DataFrame, edges: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """Rows that share a key with a record a person parted them from: they stand alone."""
    if apart.is_empty():
        return pl.DataFrame(schema={"node": pl.Int64})
    mine = edges.join(apart.select(id="node", other=-pl.col("record") - 1), on="id")
    hit = mine.join(edges.select(other="id", key="key", text="text"), on=["other", "key", "text"])
    return hit.select(node="id").unique()


def _levels(nodes: pl.DataFrame, edges: pl.DataFrame, places: int) -> pl.DataFrame:
    """For every key, strongest first, the group each node is in by that key and all stronger ones."""
    shared = edges.filter(pl.col("id").n_unique().over("key", "text") > 1)
    levels, last = nodes.with_columns(label=pl.col("id")), "label"
    for place in range(places):
        own = shared.filter(pl.col("key") == place)
        labels = levels.select("id", label=last)
        spread = labels["label"] if own.is_empty() else _spread(labels, own)
        levels, last = levels.with_columns(spread.alias(f"k{place}")), f"k{place}"
    return levels.drop("label")


def _spread(labels: pl.DataFrame, edges: pl.DataFrame) -> pl.Series:
    """The smallest label of all that hang together: by the labels they had, and by equal texts."""
    current = labels.with_columns(new=pl.col("label"))
    while True:
        across = edges.join(current.select("id", "new"), on="id").with_columns(least=pl.col("new").min().over("text"))
        by_node = across.group_by("id").agg(pl.col("least").min())
        step = current.join(by_node, on="id", how="left", maintain_order="left").with_columns(
            new2=pl.min_horizontal("new", "least").min().over("label")
        )
        if (step["new2"] == step["new"]).all():
            return step["new"]
        current = step.select("id", "label", new="new2")


def _doubts(
    placed: pl.DataFrame,
    rows: pl.DataFrame,
    edges: pl.DataFrame,
    records: pl.DataFrame,
    taken: pl.DataFrame,
    levels: pl.DataFrame,
) -> pl.DataFrame:
    """group, reason: groups that a person must look at."""
    several = records.group_by("group").len().filter(pl.col("len") > 1).select("group", reason=pl.lit("records"))
    differ = [_differing(levels, edges, int(column[1:])) for column in levels.columns[1:-1]]
    system = _one_system(placed, rows, records, taken)
    found = pl.concat([several, *differ, system])
    order = pl.col("reason").replace_strict(list(REASONS), list(range(len(REASONS))))
    return found.sort(order).unique("group", keep="first", maintain_order=True)


def _differing(levels: pl.DataFrame, edges: pl.DataFrame, key: int) -> pl.DataFrame:
    """Groups that only a weaker key holds together, though both sides are filled in `key`."""
    filled = edges.filter(pl.col("key") == key).select("id").unique()
    last = levels.columns[-1]
    sides = levels.join(filled, on="id").group_by(group=pl.col(last)).agg(sides=pl.col(f"k{key}").n_unique())
    return sides.filter(pl.col("sides") > 1).select("group", reason=pl.lit("keys"))


def _one_system(placed: pl.DataFrame, rows: pl.DataFrame, records: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Groups with several rows of one system: only the strongest key may say so, and only under one name."""
    mine = rows.join(placed, left_on="node", right_on="id").select("group", "strong", "system", "name")
    theirs = (
        taken.join(records, on="record")
        .join(placed.select("strong", record=-pl.col("id") - 1), on="record")
        .select("group", "strong", "system", "name")
    )
    per = (
        pl.concat([mine, theirs])
        .group_by("group", "system")
        .agg(
            rows=pl.len(),
            strong=pl.col("strong").n_unique(),
            names=pl.col("name").filter(pl.col("name") != "").n_unique(),
        )
    )
    several = per.filter(pl.col("rows") > 1)
    reason = pl.when(pl.col("strong") > 1).then(pl.lit("twice")).when(pl.col("names") > 1).then(pl.lit("names"))
    return several.select("group", reason=reason).drop_nulls("reason")
