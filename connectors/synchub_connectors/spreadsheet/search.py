"""Rows looked for in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import polars as pl

from synchub.api import BrokenRow, Key

from .cells import key_parts, key_text
from .decide import Cells


class Rows(Protocol):
    """What can be searched."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    def batches(self) -> Iterable[tuple[pl.DataFrame, tuple[BrokenRow, ...]]]: ...


def by_key(table: Rows, key: Sequence[str], wanted: Iterable[str]) -> dict[str, list[Cells]]:
    """The rows that each of the wanted keys names."""
    found: dict[str, list[Cells]] = {name: [] for name in wanted if name}
    for row in _rows(table, tuple(key), found):
        found[key_text(row, key)].append(row)
    return found


def by_question(table: Rows, keys: Sequence[Key]) -> list[Cells]:
    """Every row that answers one of the questions, each once. Upper and lower case are the same."""
    asked: dict[tuple[str, ...], list[str]] = {}
    for question in keys:
        columns = (question.field,) if question.field in table.columns else tuple(question.field.split(","))
        if set(columns) <= set(table.columns):
            asked.setdefault(columns, []).append(question.value)
    rows: list[Cells] = []
    for frame, _ in table.batches():
        matches = [_any_of(columns, values, fold=True) for columns, values in asked.items()]
        if matches:
            rows += frame.filter(pl.any_horizontal(matches)).to_dicts()
    return rows


def next_number(table: Rows, column: str) -> int | None:
    """One more than the highest number in a column of whole numbers; None if it holds anything else."""
    highest = 0
    for frame, _ in table.batches():
        filled = frame[column].drop_nulls()
        if not filled.str.contains(r"^\d{1,18}$").all():
            return None
        highest = max(highest, int(filled.cast(pl.Int64).max() or 0))  # type: ignore[arg-type]
    return highest + 1


def _rows(table: Rows, key: tuple[str, ...], wanted: Iterable[str]) -> Iterable[Cells]:
    condition = _any_of(key, list(wanted), fold=False)
    for frame, _ in table.batches():
        yield from frame.filter(condition).to_dicts()


def _any_of(columns: tuple[str, ...], values: Sequence[str], *, fold: bool) -> pl.Expr:
    parts = [found for value in values if (found := key_parts(value, len(columns)))]

    def cell(column: str) -> pl.Expr:
        return pl.col(column).str.strip_chars().str.to_lowercase() if fold else pl.col(column)

    def text(value: str) -> str:
        return value.strip().lower() if fold else value

    if len(columns) == 1:
        return cell(columns[0]).is_in([text(value) for (value,) in parts])
    # A character that no cell of a sheet holds parts the values of a compound key.
    joined = pl.concat_str([cell(column) for column in columns], separator="\x1f")
    return joined.is_in(["\x1f".join(text(value) for value in found) for found in parts])
