"""One SQL scalar expression as a Polars expression: parsed by sqlglot, translated node by node.

A blank value is NULL, and NULL spreads as in SQL: through arithmetic, `||` and comparisons. Where a number is
needed a text is read as one, and is NULL if it is none. Names with dots or spaces stand in double quotes,
texts in single ones.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from synchub.mapping.sql_functions import FUNCTIONS, NAMES
from synchub.mapping.terms import Kind, Refused, Term, as_kind, common_kind, null_term

_LONGEST: Final = 4000

Node = Any
"""A node of sqlglot's tree; the name of their base class differs between its versions."""

_ARITHMETIC: Final[dict[Any, Callable[[pl.Expr, pl.Expr], Any]]] = {
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: operator.mul,
}
_COMPARISONS: Final[dict[Any, Callable[[pl.Expr, pl.Expr], Any]]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}


def parse_scalar(text: str) -> Node:
    """One expression, parsed. Raises Refused."""
    if len(text) > _LONGEST:
        raise Refused(f"is longer than {_LONGEST} characters")
    try:
        statements = sqlglot.parse(text)
    except SqlglotError as error:
        raise Refused(f"can't be understood: {_first_line(error)}") from None
    except RecursionError:
        raise Refused("is nested too deeply") from None
    if len(statements) != 1 or statements[0] is None:
        raise Refused("must be one single expression")
    return statements[0]


def column_names(tree: Node) -> tuple[str, ...]:
    """The fields that an expression names, each once, in their order."""
    return tuple(dict.fromkeys(_name(column) for column in tree.find_all(exp.Column, bfs=False)))


def translate(tree: Node, columns: Mapping[str, Term]) -> Term:
    """A parsed expression over the given columns. Raises Refused on anything that is not allowed."""
    try:
        return _Translation(columns).of(tree)
    except RecursionError:
        raise Refused("is nested too deeply") from None


class _Translation:
    def __init__(self, columns: Mapping[str, Term]) -> None:
        self._columns = columns

    def of(self, node: Node) -> Term:
        kind = type(node)
        if kind in _ARITHMETIC:
            return Term(_ARITHMETIC[kind](self._number(node.this), self._number(node.expression)), "number")
        if kind in _COMPARISONS:
            return self._compare(node.this, node.expression, _COMPARISONS[kind])
        if kind in FUNCTIONS:
            return FUNCTIONS[kind](node, self.of)
        if kind in _NODES:
            return _NODES[kind](self, node)
        raise Refused(f"uses {_called(node)}, which is not allowed", f"allowed are {', '.join(NAMES)}")

    def _number(self, node: Node) -> pl.Expr:
        return self.of(node).number()

    def _column(self, node: Node) -> Term:
        name = _name(node)
        if name not in self._columns:
            raise Refused(f"names {name}, which is not a field here")
        return self._columns[name]

    def _literal(self, node: Node) -> Term:
        if node.is_string:
            return Term(pl.lit(str(node.this), dtype=pl.String), "text")
        return Term(pl.lit(float(node.this), dtype=pl.Float64), "number")

    def _boolean(self, node: Node) -> Term:
        return Term(pl.lit(bool(node.this)), "bool")

    def _paren(self, node: Node) -> Term:
        return self.of(node.this)

    def _negative(self, node: Node) -> Term:
        return Term(-self._number(node.this), "number")

    def _divide(self, node: Node) -> Term:
        top, bottom = self._number(node.this), self._number(node.expression)
        quotient = top % bottom if isinstance(node, exp.Mod) else top / bottom
        return Term(pl.when(bottom != 0).then(quotient), "number")

    def _and(self, node: Node) -> Term:
        return Term(self.of(node.this).truth() & self.of(node.expression).truth(), "bool")

    def _or(self, node: Node) -> Term:
        return Term(self.of(node.this).truth() | self.of(node.expression).truth(), "bool")

    def _not(self, node: Node) -> Term:
        return Term(~self.of(node.this).truth(), "bool")

    def _join(self, node: Node) -> Term:
        return Term(self.of(node.this).text() + self.of(node.expression).text(), "text")

    def _compare(self, left: Node, right: Node, compare: Callable[[pl.Expr, pl.Expr], Any]) -> Term:
        one, other = self.of(left), self.of(right)
        kinds = {one.kind, other.kind}
        if "null" in kinds:
            return Term(pl.lit(None, dtype=pl.Boolean), "bool")
        # A number or a truth decides how the text on the other side is read.
        kind: Kind = "number" if "number" in kinds else "bool" if "bool" in kinds else "text"
        return Term(compare(as_kind(one, kind), as_kind(other, kind)), "bool")

    def _between(self, node: Node) -> Term:
        low = self._compare(node.this, node.args["low"], operator.ge)
        high = self._compare(node.this, node.args["high"], operator.le)
        return Term(low.expr & high.expr, "bool")

    def _in(self, node: Node) -> Term:
        options = node.expressions
        if not options or node.args.get("query") or node.args.get("unnest"):
            raise Refused("uses IN with something other than a list of values")
        found = [self._compare(node.this, option, operator.eq).expr for option in options]
        return Term(pl.any_horizontal(found), "bool")

    def _like(self, node: Node, escape: str = "") -> Term:
        pattern = node.expression
        if not isinstance(pattern, exp.Literal) or not pattern.is_string:
            raise Refused("uses LIKE with something other than a text in quotes")
        flags = "(?is)" if isinstance(node, exp.ILike) else "(?s)"
        matched = self.of(node.this).text().str.contains(flags + _like_pattern(str(pattern.this), escape))
        return Term(matched, "bool")

    def _escape(self, node: Node) -> Term:
        if not isinstance(node.this, exp.Like | exp.ILike) or len(node.expression.name) != 1:
            raise Refused("uses ESCAPE with something other than LIKE and one character")
        return self._like(node.this, node.expression.name)

    def _is(self, node: Node) -> Term:
        term = self.of(node.this)
        if isinstance(node.expression, exp.Null):
            return Term(term.expr.is_null(), "bool")
        if isinstance(node.expression, exp.Boolean):
            return Term(term.truth().eq_missing(pl.lit(bool(node.expression.this))), "bool")
        raise Refused("uses IS with something other than NULL, TRUE or FALSE")

    def _case(self, node: Node) -> Term:
        subject = node.args.get("this")
        branches = [node] if isinstance(node, exp.If) else node.args["ifs"]
        otherwise = node.args.get("false") if isinstance(node, exp.If) else node.args.get("default")
        results = [self.of(branch.args["true"]) for branch in branches]
        last = self.of(otherwise) if otherwise is not None else null_term()
        kind = common_kind([*results, last])
        expression = as_kind(last, kind)
        for branch, result in zip(reversed(branches), reversed(results), strict=True):
            if subject is not None and not isinstance(node, exp.If):
                condition = self._compare(subject, branch.this, operator.eq).expr
            else:
                condition = self.of(branch.this).truth()
            expression = pl.when(condition).then(as_kind(result, kind)).otherwise(expression)
        return Term(expression, kind)

    def _null(self, node: Node) -> Term:
        return null_term()


_NODES: Final[dict[Any, Callable[[_Translation, Any], Term]]] = {
    exp.Column: _Translation._column,
    exp.Literal: _Translation._literal,
    exp.Boolean: _Translation._boolean,
    exp.Null: _Translation._null,
    exp.Paren: _Translation._paren,
    exp.Neg: _Translation._negative,
    exp.Div: _Translation._divide,
    exp.Mod: _Translation._divide,
    exp.And: _Translation._and,
    exp.Or: _Translation._or,
    exp.Not: _Translation._not,
    exp.DPipe: _Translation._join,
    exp.Between: _Translation._between,
    exp.In: _Translation._in,
    exp.Like: _Translation._like,
    exp.ILike: _Translation._like,
    exp.Escape: _Translation._escape,
    exp.Is: _Translation._is,
    exp.Case: _Translation._case,
    exp.If: _Translation._case,
}


def _name(column: Node) -> str:
    return ".".join(part.name for part in column.parts)


def _like_pattern(pattern: str, escape: str) -> str:
    parts: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        if escape and letter == escape:
            parts.append(re.escape(next(letters, "")))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
    return f"^{''.join(parts)}$"


def _called(node: Node) -> str:
    if isinstance(node, exp.Anonymous):
        return f"{node.name}()"
    return f"{node.sql_name()}()" if isinstance(node, exp.Func) else node.key.upper()


def _first_line(error: SqlglotError) -> str:
    details = getattr(error, "errors", None) or [{}]
    return str(details[0].get("description") or "it is not SQL").splitlines()[0].rstrip(".")
