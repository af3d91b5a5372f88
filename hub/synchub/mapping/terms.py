"""The parts of an SQL expression while it is translated: Polars expressions and the kind of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from synchub.model import BLANK

Kind = Literal["text", "number", "bool", "null"]


class Refused(ValueError):
    """An expression that can't be parsed, or holds something that is not allowed.

    The message goes on from "the expression"; `fix` says what is allowed instead, if there is something to
    say.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Term:
    """A translated part. A blank text is NULL before it comes here."""

    expr: pl.Expr
    kind: Kind

    def text(self) -> pl.Expr:
        """As text: numbers by their shortest spelling, to ten decimals; behind those floats begin to lie."""
        if self.kind == "number":
            rounded = self.expr.round(10)
            whole = (rounded == rounded.floor()) & (rounded.abs() < 1e15)
            return (
                pl.when(whole)
                .then(rounded.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(rounded.cast(pl.String))
            )
        return self.expr.cast(pl.String)

    def number(self) -> pl.Expr:
        """As a float; NULL where a text is no number."""
        return self.expr.cast(pl.Float64, strict=False)

    def truth(self) -> pl.Expr:
        """As a boolean; NULL where a text says neither true nor false."""
        if self.kind == "text":
            lower = self.expr.str.to_lowercase()
            return pl.when(lower.is_in(["true", "1"])).then(True).when(lower.is_in(["false", "0"])).then(False)
        if self.kind == "number":
            return self.expr != 0
        return self.expr.cast(pl.Boolean)


def text_term(column: str) -> Term:
    """A column of text."""
    return Term(filled(column), "text")


def filled(column: str) -> pl.Expr:
    """A column of text with blank as NULL."""
    text = pl.col(column)
    return pl.when(text != BLANK).then(text)


def null_term() -> Term:
    return Term(pl.lit(None, dtype=pl.String), "null")


def common_kind(terms: list[Term]) -> Kind:
    """The kind that values of several terms have together: text, unless all are of one kind."""
    kinds = {term.kind for term in terms if term.kind != "null"}
    return kinds.pop() if len(kinds) == 1 else "text" if kinds else "null"


def as_kind(term: Term, kind: Kind) -> pl.Expr:
    """A term's expression as values of a kind."""
    match kind:
        case "number":
            return term.number()
        case "bool":
            return term.truth()
    return term.text()
