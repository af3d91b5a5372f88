"""Fields that only make sense together are decided as one: an address is never mixed from two streets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from synchub.merge.chains import VERDICT, decide_over_time
from synchub.merge.claims import NEVER, ONE, latest, strong
from synchub.merge.rules import Built
from synchub.model import BLANK
from synchub.spec.entities import FieldDeclaration

_UNIT = pl.col("link").fill_null(-1)


def decide_group(
    claims: pl.DataFrame,
    fields: Sequence[str],
    epochs: Sequence[tuple[int, tuple[str, ...]]],
    rules: Mapping[str, Built],
) -> pl.DataFrame:
    """Verdicts on all `fields` of a group. One link wins and gives every field that it speaks of.

    What the winner does not speak of is taken from links that contradict it nowhere in the group.
    """
    own = strong(claims.filter(pl.col("field").is_in(list(fields))))
    if own.is_empty():
        return pl.DataFrame(schema=VERDICT)
    leader = FieldDeclaration(fields[0], "text")
    winners = decide_over_time(_units(own, leader.name), epochs, leader, rules)
    now = latest(own).with_columns(_unit=_UNIT)
    marks = winners.select("record", "rule", "open", _unit=_UNIT)
    won = now.join(marks, on=["record", "_unit"]).with_columns(_place=pl.lit(0))
    agreeing = _agreeing(now, won).join(marks.drop("_unit"), on="record").with_columns(_place=pl.lit(1))
    contested = now.group_by(ONE).agg(contested=pl.col("value").n_unique() > 1)
    both = pl.concat([won, agreeing.select(won.columns)])
    return (
        both.sort("_place", -pl.col("at").fill_null(NEVER), "rank", "remote_id")
        .unique(ONE, keep="first", maintain_order=True)
        .join(contested, on=ONE, how="left")
        .select(list(VERDICT))
    )


def _units(claims: pl.DataFrame, leader: str) -> pl.DataFrame:
    """Every link's word on the whole group as one claim of the leading field, one a run that it spoke in."""
    spoken = claims.sort("seq", "field").group_by("record", _UNIT.alias("_unit"), "run", maintain_order=True)
    first = [pl.col(name).first() for name in ("link", "system", "rank", "remote_id", "seen")]
    units = spoken.agg(
        *first,
        field=pl.lit(leader),
        value=pl.when((pl.col("value") == BLANK).all()).then(pl.lit(BLANK)).otherwise(pl.col("value").str.join("\n")),
        base=pl.col("base").drop_nulls().str.join("\n"),
        at=pl.col("at").max(),
        seq=pl.col("seq").max(),
        kind=pl.col("kind").first(),
    )
    return units.with_columns(base=pl.when(pl.col("base") == "").then(None).otherwise(pl.col("base"))).select(
        claims.columns
    )


def _agreeing(now: pl.DataFrame, won: pl.DataFrame) -> pl.DataFrame:
    """Claims of links that say nothing else than the winner, in any field that both fill."""
    said = won.filter(pl.col("value") != BLANK).select(*ONE, "value")
    others = now.join(won.select("record", "_unit").unique(), on=["record", "_unit"], how="anti")
    against = (
        others.filter(pl.col("value") != BLANK)
        .join(said, on=ONE, suffix="_won")
        .filter(pl.col("value") != pl.col("value_won"))
    )
    return others.filter(pl.col("value") != BLANK).join(
        against.select("record", "_unit"), on=["record", "_unit"], how="anti"
    )
