"""The functions that an SQL expression may call."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final

import polars as pl
from sqlglot import exp

from synchub.mapping.terms import Kind, Refused, Term, as_kind, common_kind

Of = Callable[[Any], Term]

NAMES: Final = (
    "+ - * / %",
    "||",
    "= <> < <= > >=",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "IS NULL",
    "CASE",
    "IF",
    "CAST",
    "COALESCE",
    "NULLIF",
    "CONCAT",
    "CONCAT_WS",
    "UPPER",
    "LOWER",
    "INITCAP",
    "TRIM",
    "LTRIM",
    "RTRIM",
    "LENGTH",
    "SUBSTR",
    "LEFT",
    "RIGHT",
    "REPLACE",
    "SPLIT_PART",
    "CONTAINS",
    "STARTS_WITH",
    "ENDS_WITH",
    "ROUND",
    "ABS",
    "FLOOR",
    "CEIL",
    "GREATEST",
    "LEAST",
)
"""What an expression may hold, as it is told to people."""

_LENGTHS: Final = 10_000


def _text(node: Any, of: Of) -> pl.Expr:
    return of(node).text()


def _count(node: Any, what: str) -> int:
    """A literal whole number: lengths that a column could choose would make texts of any size."""
    try:
        value = int(node.sql())
    except (AttributeError, ValueError):
        raise Refused(f"uses {what} with something other than a whole number") from None
    if abs(value) > _LENGTHS:
        raise Refused(f"uses {what} with a number above {_LENGTHS}")
    return value


def _constant(node: Any, what: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise Refused(f"uses {what} with something other than a text in quotes")
    return str(node.this)


def _coalesce(node: Any, of: Of) -> Term:
    terms = [of(node.this), *(of(item) for item in node.expressions)]
    kind = common_kind(terms)
    return Term(pl.coalesce([as_kind(term, kind) for term in terms]), kind)


def _nullif(node: Any, of: Of) -> Term:
    one, other = of(node.this), of(node.expression)
    kind: Kind = "number" if "number" in (one.kind, other.kind) else "text"
    same = as_kind(one, kind) == as_kind(other, kind)
    return Term(pl.when(same.fill_null(False)).then(None).otherwise(one.expr), one.kind)


def _concat(node: Any, of: Of) -> Term:
    # As in PostgreSQL and DuckDB, CONCAT leaves NULL out; || does not.
    return Term(pl.concat_str([_text(item, of) for item in node.expressions], ignore_nulls=True), "text")


def _concat_ws(node: Any, of: Of) -> Term:
    separator = _constant(node.expressions[0], "CONCAT_WS")
    parts = [_text(item, of) for item in node.expressions[1:]]
    return Term(pl.concat_str(parts, separator=separator, ignore_nulls=True), "text")


def _simple(change: Callable[[pl.Expr], pl.Expr]) -> Callable[[Any, Of], Term]:
    return lambda node, of: Term(change(_text(node.this, of)), "text")


def _numeric(change: Callable[[pl.Expr], pl.Expr]) -> Callable[[Any, Of], Term]:
    return lambda node, of: Term(change(of(node.this).number()), "number")


def _trim(node: Any, of: Of) -> Term:
    letters = node.args.get("expression")
    what = None if letters is None else _constant(letters, "TRIM")
    text = _text(node.this, of)
    match str(node.args.get("position") or "").upper():
        case "LEADING":
            return Term(text.str.strip_chars_start(what), "text")
        case "TRAILING":
            return Term(text.str.strip_chars_end(what), "text")
    return Term(text.str.strip_chars(what), "text")


def _substring(node: Any, of: Of) -> Term:
    start = _count(node.args["start"], "SUBSTR")
    if start < 1:
        raise Refused("uses SUBSTR with a start below 1; the first character is 1")
    length = node.args.get("length")
    count = None if length is None else max(_count(length, "SUBSTR"), 0)
    return Term(_text(node.this, of).str.slice(start - 1, count), "text")


def _left(node: Any, of: Of) -> Term:
    return Term(_text(node.this, of).str.head(_count(node.expression, "LEFT")), "text")


def _right(node: Any, of: Of) -> Term:
    return Term(_text(node.this, of).str.tail(_count(node.expression, "RIGHT")), "text")


def _replace(node: Any, of: Of) -> Term:
    old = _constant(node.expression, "REPLACE")
    new = node.args.get("replacement")
    replaced = "" if new is None else _constant(new, "REPLACE")
    if not old:
        raise Refused("uses REPLACE with nothing to replace")
    return Term(_text(node.this, of).str.replace_all(old, replaced, literal=True), "text")


def _split_part(node: Any, of: Of) -> Term:
    mark = _constant(node.args["delimiter"], "SPLIT_PART")
    index = _count(node.args["part_index"], "SPLIT_PART")
    if not mark or index == 0:
        raise Refused("uses SPLIT_PART with no separator, or with part 0; the first part is 1")
    parts = _text(node.this, of).str.split(mark)
    return Term(parts.list.get(index - 1 if index > 0 else index, null_on_oob=True), "text")


def _contains(node: Any, of: Of) -> Term:
    """CONTAINS(set, 'element') is about elements; on other texts it is about a part of them."""
    word = _constant(node.expression, "CONTAINS")
    text = _text(node.this, of)
    element = pl.lit(_json_string(word))
    is_set = text.str.starts_with('["')
    found = (
        pl.when(is_set)
        .then(text.str.contains(element, literal=True))
        .otherwise(text.str.contains(pl.lit(word), literal=True))
    )
    return Term(found, "bool")


def _json_string(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _starts(node: Any, of: Of) -> Term:
    return Term(_text(node.this, of).str.starts_with(_text(node.expression, of)), "bool")


def _ends(node: Any, of: Of) -> Term:
    return Term(_text(node.this, of).str.ends_with(_text(node.expression, of)), "bool")


def _round(node: Any, of: Of) -> Term:
    decimals = node.args.get("decimals")
    places = 0 if decimals is None else _count(decimals, "ROUND")
    if not 0 <= places <= 10:
        raise Refused("uses ROUND with decimals outside 0 to 10")
    return Term(of(node.this).number().round(places), "number")


def _extreme(node: Any, of: Of) -> Term:
    terms = [of(node.this), *(of(item) for item in node.expressions)]
    numbers = [term.number() for term in terms]
    combine = pl.max_horizontal if isinstance(node, exp.Greatest) else pl.min_horizontal
    known = reduce(lambda one, other: one & other, (number.is_not_null() for number in numbers))
    return Term(pl.when(known).then(combine(numbers)), "number")


def _cast(node: Any, of: Of) -> Term:
    term, target = of(node.this), node.args["to"].this
    if target in exp.DataType.TEXT_TYPES:
        return Term(term.text(), "text")
    if target in exp.DataType.INTEGER_TYPES:
        return Term(term.number().cast(pl.Int64, strict=False).cast(pl.Float64), "number")
    if target in exp.DataType.NUMERIC_TYPES:
        return Term(term.number(), "number")
    if target == exp.DataType.Type.BOOLEAN:
        return Term(term.truth(), "bool")
    raise Refused(f"casts to {node.args['to'].sql()}; allowed are TEXT, INTEGER, DOUBLE and BOOLEAN")


FUNCTIONS: Final[dict[Any, Callable[[Any, Of], Term]]] = {
    exp.Abs: _numeric(lambda number: number.abs()),
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Ceil: _numeric(lambda number: number.ceil()),
    exp.Coalesce: _coalesce,
    exp.Concat: _concat,
    exp.ConcatWs: _concat_ws,
    exp.Contains: _contains,
    exp.EndsWith: _ends,
    exp.Floor: _numeric(lambda number: number.floor()),
    exp.Greatest: _extreme,
    exp.Initcap: _simple(lambda text: text.str.to_titlecase()),
    exp.Least: _extreme,
    exp.Left: _left,
    exp.Length: lambda node, of: Term(_text(node.this, of).str.len_chars().cast(pl.Float64), "number"),
    exp.Lower: _simple(lambda text: text.str.to_lowercase()),
    exp.Nullif: _nullif,
    exp.Replace: _replace,
    exp.Right: _right,
    exp.Round: _round,
    exp.SplitPart: _split_part,
    exp.StartsWith: _starts,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.Upper: _simple(lambda text: text.str.to_uppercase()),
}
