"""A workbook written: single cells are changed, all else in it stays."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from openpyxl import load_workbook
from openpyxl.cell import MergedCell
from openpyxl.utils.cell import coordinate_from_string
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from synchub.api import ConfigurationError

from .cells import escaped, key_text, native_text
from .decide import Changes
from .parts import computed, put_back, would_be_lost

if TYPE_CHECKING:
    from .workbook import SheetTable

# Only what a number cell gives back as it was: "007" and "1.50" stay text.
_NUMBER = re.compile(r"(?=[-.\d]{1,16}$)(?:0|-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?))")


def rewrite(table: SheetTable, new: Path, changes: Changes, key: Sequence[str]) -> dict[str, str]:
    """Write the workbook, with `changes`, to `new`.

    Returns the keys of edits that could not be done, with the reason. Raises ConfigurationError if something
    in the workbook would be lost by writing it. A removed row is left blank, so that the rows below keep
    their place.
    """
    results = computed(table.file)
    book = _load(table.file)
    sheet = book[table.sheet]
    places = _places(table, sheet)
    rows = _rows(table, changes, key)
    numeric = {column for column in _touched(changes) if _is_numeric(sheet, places[column], table.header_row)}
    failed = {}
    for name, values in changes.edits.items():
        cells = {column: sheet.cell(rows[name], places[column]) for column in values}
        fixed = next((cell for cell in cells.values() if _is_fixed(cell)), None)
        if fixed is not None:
            failed[name] = f"Cell {fixed.coordinate} holds a formula or is merged with others."
            continue
        for column, cell in cells.items():
            _put(cell, values[column], as_number=column in numeric)
    for name in changes.removed:
        _clear(sheet, rows[name], places)
    _append(table, sheet, places, changes.added, numeric=numeric)
    book.save(new)
    put_back(new, results)
    return failed


def _load(file: Path) -> Workbook:
    lost: list[str] = list(would_be_lost(file))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        book = load_workbook(file, keep_vba=file.suffix.lower() == ".xlsm", rich_text=True)
    lost += [str(warning.message) for warning in said if "not supported" in str(warning.message)]
    if lost:
        raise ConfigurationError(
            f"{file.name} holds what would be lost by writing it: {', '.join(lost)}.",
            not_done="Nothing was written to it.",
            next_step='Move the table to a workbook of its own, or set direction = "in" for this member.',
        )
    return book


def _places(table: SheetTable, sheet: Worksheet) -> dict[str, int]:
    """Column name to column number, from 1."""
    names = {native_text(cell.value).strip(): cell.column for cell in sheet[table.header_row] if cell.value}
    return {column: names[column] for column in table.columns}


def _rows(table: SheetTable, changes: Changes, key: Sequence[str]) -> dict[str, int]:
    """The row number of every key that is changed or removed."""
    wanted = changes.edits.keys() | changes.removed
    at = [table.columns.index(column) + 1 for column in key]
    frame = table.rows.select("row", *(pl.nth(place).alias(name) for place, name in zip(at, key, strict=True)))
    named = ((key_text(row, key), row["row"]) for row in frame.iter_rows(named=True))
    return {name: row for name, row in named if name in wanted}


def _touched(changes: Changes) -> set[str]:
    return {column for values in (*changes.edits.values(), *changes.added) for column in values}


def _is_numeric(sheet: Worksheet, column: int, header_row: int) -> bool:
    """Whether every filled cell of a column is a number: then what is written to it is one too, not text."""
    (cells,) = sheet.iter_cols(min_col=column, max_col=column, min_row=header_row + 1)
    kinds = {cell.data_type for cell in cells if cell.value is not None}
    return kinds == {"n"}


def _is_fixed(cell: Any) -> bool:
    return isinstance(cell, MergedCell) or cell.data_type == "f"


def _put(cell: Any, value: Any, *, as_number: bool) -> None:
    """Set a cell. Text is always stored as text, so that nothing in it is ever computed."""
    if isinstance(value, bool | date) or value is None:
        cell.value = value
        return
    text = native_text(value)
    if (as_number or isinstance(value, int | float | Decimal)) and _NUMBER.fullmatch(text):
        cell.value = Decimal(text)
        return
    cell.value = text or None
    if text:
        cell.data_type = "s"
        cell.quotePrefix = escaped(text) != text


def _clear(sheet: Worksheet, row: int, places: Mapping[str, int]) -> None:
    for column in places.values():
        cell = sheet.cell(row, column)
        if not isinstance(cell, MergedCell):
            cell.value = None


def _append(
    table: SheetTable,
    sheet: Worksheet,
    places: Mapping[str, int],
    added: Sequence[Mapping[str, Any]],
    *,
    numeric: set[str],
) -> None:
    """Add rows below the last one, formatted like it, and let a table that ended there end further down."""
    if not added:
        return
    last = table.rows["row"].max() if table.rows.height else table.header_row
    assert isinstance(last, int)
    for row, values in enumerate(added, last + 1):
        for column, place in places.items():
            cell: Any = sheet.cell(row, place)
            if last > table.header_row:
                model: Any = sheet.cell(last, place)
                cell._style = copy(model._style)
            if column in values:
                _put(cell, values[column], as_number=column in numeric)
    for excel_table in sheet.tables.values():
        first, _, end = excel_table.ref.partition(":")
        column, bottom = coordinate_from_string(end)
        if bottom == last:
            excel_table.ref = f"{first}:{column}{last + len(added)}"
            if excel_table.autoFilter:
                excel_table.autoFilter.ref = excel_table.ref
