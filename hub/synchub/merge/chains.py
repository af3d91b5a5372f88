"""A rule chain at work on claims: from claims to verdicts, one row a field of a record that has any.

Verdicts are claims again (the winning ones, with a computed value where the rule computes), plus `rule` (the chain as
written), `open` (a question that only a person answers; the value is not to be sent) and `contested` (another
link's latest claim says otherwise).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from synchub.merge.claims import ONE, SCHEMA, latest, ordered
from synchub.merge.rules import RULES, Built, Words
from synchub.spec.entities import FieldDeclaration

Epochs = Mapping[str, Sequence[tuple[int, tuple[str, ...]]]]
"""Field -> (from which claim on, the chain), oldest first; only fields whose rule was ever changed."""

VERDICT: Final[dict[str, type[pl.DataType]]] = {
    **SCHEMA,
    "rule": pl.String,
    "open": pl.Boolean,
    "contested": pl.Boolean,
}


def parse(chain: Sequence[str], field: FieldDeclaration) -> list[Words]:
    """`["prefer crm shop", "newest"]` as words."""
    return [Words(rule.split()[0], tuple(rule.split()[1:]), field) for rule in chain]


def decide(
    claims: pl.DataFrame, chain: Sequence[str], field: FieldDeclaration, rules: Mapping[str, Built]
) -> pl.DataFrame:
    """Verdicts on claims that stand. `field` declares the type of all of them."""
    words = parse(chain, field)
    left = claims if rules[words[0].name].history else latest(claims)
    for word in words:
        built = rules[word.name]
        left = built.choose(left, word)
        if built.computes:
            break
    contested = latest(claims).group_by(ONE).agg(contested=pl.col("value").n_unique() > 1)
    return (
        ordered(left.with_columns(open=(pl.col("kind") == "open").any().over(ONE)))
        .unique(ONE, keep="first", maintain_order=True)
        .join(contested, on=ONE, how="left")
        .with_columns(rule=pl.lit(", then ".join(chain)))
        .select(list(VERDICT))
    )


def decide_over_time(
    claims: pl.DataFrame,
    epochs: Sequence[tuple[int, tuple[str, ...]]],
    field: FieldDeclaration,
    rules: Mapping[str, Built],
) -> pl.DataFrame:
    """Verdicts where the rule was changed: what an earlier rule chose competes on as one claim.

    A changed rule applies from then on. Without this a value that lost years ago would come back by itself.
    """
    verdicts = pl.DataFrame(schema=VERDICT)
    for position, (since, chain) in enumerate(epochs):
        until = epochs[position + 1][0] if position + 1 < len(epochs) else 2**62
        fresh = claims.filter((pl.col("seq") >= since) & (pl.col("seq") < until))
        if fresh.is_empty():
            continue
        if verdicts.is_empty():
            verdicts = decide(fresh, chain, field, rules)
            continue
        touched = fresh.select(ONE).unique()
        # Without a base: what was agreed by then stands as a whole, not as what the last of its claims changed in it.
        carried = (
            verdicts.join(touched, on=ONE, how="semi")
            .filter(~pl.col("open"))
            .select(list(SCHEMA))
            .with_columns(base=pl.lit(None, dtype=pl.String))
        )
        kept = verdicts.join(touched, on=ONE, how="anti")
        verdicts = pl.concat([kept, decide(pl.concat([carried, fresh]), chain, field, rules)])
    return verdicts


def built_in_and(plugin_rules: Mapping[str, Built]) -> dict[str, Built]:
    """All rules that a chain may name. Built-in names can't be replaced."""
    return {**plugin_rules, **RULES}
