"""The rules, one function each: from the claims that stand for a field to those that are left, or to a value.

Choosing rules narrow the claims; what is left goes to the next rule of the chain. Computing rules give a value and
end the chain. None depends on the order of the rows. The table RULES at the end is all there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from synchub.merge.claims import NEVER, ONE, latest, ordered
from synchub.model import BLANK, HUB
from synchub.spec.entities import FieldDeclaration

Choose = Callable[[pl.DataFrame, "Words"], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Words:
    """A rule as written: `prefer crm shop` has name prefer and arguments crm, shop; and the field's declaration."""

    name: str
    arguments: tuple[str, ...]
    field: FieldDeclaration


@dataclass(frozen=True, slots=True)
class Built:
    """How a rule works. `history`: it looks at all claims, not only at the latest of each link."""

    choose: Choose
    history: bool = False
    computes: bool = False


def worth(field: FieldDeclaration) -> pl.Expr:
    """What a value is worth when values are ordered by type."""
    value = pl.col("value")
    match field.type:
        case "number" | "integer":
            return value.cast(pl.Float64, strict=False)
        case "money":
            return value.str.extract(r"^(-?[\d.]+)").cast(pl.Float64, strict=False)
        case "bool":
            return (value == "true").cast(pl.Float64)
        case "enum":
            return value.replace_strict(list(field.values), list(range(len(field.values))), default=None).cast(
                pl.Float64
            )
        case _:
            return value.rank("dense").cast(pl.Float64)


def _filled(claims: pl.DataFrame) -> pl.DataFrame:
    """Without blanks, unless there is nothing else."""
    blank = pl.col("value") == BLANK
    return claims.filter(~blank | blank.all().over(ONE))


def top(claims: pl.DataFrame, score: pl.Expr) -> pl.DataFrame:
    scored = claims.with_columns(_score=score)
    return scored.filter(pl.col("_score").eq_missing(pl.col("_score").max().over(ONE))).drop("_score")


def newest(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    return top(claims, pl.col("at").fill_null(NEVER))


def oldest(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    return top(_filled(claims), -pl.col("at").fill_null(NEVER))


def longest(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    return top(claims, pl.col("value").str.len_chars())


def most_common(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    return top(_filled(claims), pl.len().over([*ONE, "value"]))


def highest(claims: pl.DataFrame, words: Words) -> pl.DataFrame:
    return top(_filled(claims), worth(words.field))


def lowest(claims: pl.DataFrame, words: Words) -> pl.DataFrame:
    return top(_filled(claims), -worth(words.field))


def prefer(claims: pl.DataFrame, words: Words) -> pl.DataFrame:
    """A standing order of systems. A value cleared in a preferred system beats older claims of lesser ones."""
    order = [HUB, *words.arguments]
    place = pl.col("system").replace_strict(order, list(range(len(order))), default=len(order), return_dtype=pl.Int64)
    ranked = claims.with_columns(_place=place, _time=pl.col("at").fill_null(NEVER))
    cleared = ranked.filter((pl.col("value") == BLANK) & (pl.col("_place") < len(order)))
    beaten = (
        ranked.join(cleared.select(*ONE, "_place", "_time"), on=ONE, suffix="_blank")
        .filter((pl.col("_place_blank") < pl.col("_place")) & (pl.col("_time_blank") >= pl.col("_time")))
        .select(*ONE, "seq")
        .unique()
    )
    left = ranked.join(beaten, on=[*ONE, "seq"], how="anti")
    filled = left.filter(pl.col("value") != BLANK)
    best = filled.filter(pl.col("_place") == pl.col("_place").min().over(ONE))
    blank_only = left.join(filled.select(ONE).unique(), on=ONE, how="anti")
    return pl.concat([best, blank_only]).drop("_place", "_time")


def always(claims: pl.DataFrame, words: Words) -> pl.DataFrame:
    """One system's word, blanks too. Where it says nothing, the next rule chooses."""
    own = pl.col("system").is_in([HUB, *words.arguments])
    return claims.filter(own | ~own.any().over(ONE))


def any_true(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    true = pl.col("value") == "true"
    return claims.filter(true | ~true.any().over(ONE))


def all_true(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    false = pl.col("value") != "true"
    return claims.filter(false | ~false.any().over(ONE))


def union(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    """Sets by differences: the last addition or removal of an element decides, in a tie the addition."""
    steps = claims.with_columns(_now=_elements("value"), _before=_elements("base"))
    moves = pl.concat([_moved(steps, "_now", "_before", 1), _moved(steps, "_before", "_now", 0)])
    last = (
        moves.sort(pl.col("at").fill_null(NEVER), "_add")
        .group_by(*ONE, "_element", maintain_order=True)
        .last()
        .filter(pl.col("_add") == 1)
    )
    sets = last.group_by(ONE).agg(value=pl.col("_element").sort())
    quoted = pl.col("value").list.eval(_quoted(pl.element())).list.join(",")
    written = sets.with_columns(value="[" + quoted + "]")
    return _newest_with(claims, written)


def _elements(column: str) -> pl.Expr:
    text = pl.when(pl.col(column).fill_null("") == BLANK).then(pl.lit("[]")).otherwise(pl.col(column))
    return text.str.json_decode(pl.List(pl.String))


def _moved(steps: pl.DataFrame, has: str, has_not: str, added: int) -> pl.DataFrame:
    changed = steps.with_columns(_element=pl.col(has).list.set_difference(pl.col(has_not)))
    exploded = changed.select(*ONE, "at", "_element").explode("_element").drop_nulls("_element")
    return exploded.with_columns(_add=pl.lit(added))


def _quoted(text: pl.Expr) -> pl.Expr:
    return '"' + text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True) + '"'


def add(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    """Counters: the highest first value plus every change since."""
    amount = pl.col("value").cast(pl.Float64, strict=False).fill_null(0)
    before = pl.col("base").cast(pl.Float64, strict=False).fill_null(0)
    first = pl.col("base").is_null() | (pl.col("kind") == "hub")
    total = amount.filter(first).max().fill_null(0) + (amount - before).filter(~first).sum()
    sums = claims.group_by(ONE).agg(value=total)
    return _newest_with(claims, sums.with_columns(value=_plain_number(pl.col("value"))))


def _plain_number(number: pl.Expr) -> pl.Expr:
    whole = number == number.round(0)
    return pl.when(whole).then(number.cast(pl.Int64).cast(pl.String)).otherwise(number.round(9).cast(pl.String))


def _newest_with(claims: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The newest claim of each field, carrying a computed value ("" where there is none)."""
    top = ordered(claims).unique(ONE, keep="first", maintain_order=True)
    return (
        top.drop("value")
        .join(values, on=ONE, how="left")
        .with_columns(pl.col("value").fill_null(BLANK))
        .select(claims.columns)
    )


def ask(claims: pl.DataFrame, _words: Words) -> pl.DataFrame:
    """Claims that no later claim of another link knew of. If their values differ, the question is open."""
    now = latest(claims)
    knew = claims.filter(pl.col("base").is_not_null()).select(*ONE, "base", "seq", "link")
    answered = (
        now.join(knew, on=ONE, suffix="_2")
        .filter(
            (pl.col("base_2") == pl.col("value"))
            & (pl.col("seq_2") > pl.col("seq"))
            & pl.col("link").ne_missing(pl.col("link_2"))
        )
        .select(*ONE, "seq")
        .unique()
    )
    left = now.join(answered, on=[*ONE, "seq"], how="anti")
    return left.with_columns(
        kind=pl.when(pl.col("value").n_unique().over(ONE) > 1).then(pl.lit("open")).otherwise(pl.col("kind"))
    )


RULES: Final[dict[str, Built]] = {
    "newest": Built(newest),
    "oldest": Built(oldest, history=True),
    "prefer": Built(prefer),
    "always": Built(always),
    "longest": Built(longest),
    "most_common": Built(most_common),
    "highest": Built(highest),
    "lowest": Built(lowest),
    "union": Built(union, history=True, computes=True),
    "any": Built(any_true, history=True),
    "all": Built(all_true),
    "furthest": Built(highest, history=True),
    "add": Built(add, history=True, computes=True),
    "ask": Built(ask, history=True),
}
