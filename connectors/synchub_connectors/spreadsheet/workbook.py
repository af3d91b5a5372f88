"""A sheet of an Excel workbook as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import fastexcel
import polars as pl

from synchub.api import BrokenRow, ConfigurationError, Field, FieldType

from .cells import column_names, native_text
from .decide import Changes
from .parts import error_rows

PAGE = 20_000
"""Rows a page."""
LONGEST_TEXT = 32_767
"""A cell holds no more characters."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY = r"^\d{4}-\d\d-\d\d 00:00:00$"
_MOMENT = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$"
_ROW = "row"


@dataclass(frozen=True)
class SheetTable:
    """A sheet of a workbook. Dates, times and booleans have their type; numbers are text, because a column of
    numbers is as often one of phone numbers or postal codes."""

    file: Path
    sheet: str
    header_row: int
    timezone: str

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return column_names([name for _, name in self.header], where=f"{self.file.name}, sheet {self.sheet},")

    @cached_property
    def header(self) -> tuple[tuple[int, str | None], ...]:
        """Place (from 0, in the frame) and name of every column. One without name and value is none."""
        if self._cells.is_empty():
            raise ConfigurationError(
                f"Sheet {self.sheet} of {self.file.name} is empty: it has no header row.",
                next_step="Name its columns in the first row, or correct header_row in hub.toml.",
            )
        names = self._cells.row(0)
        filled = self._cells.slice(1).select(pl.all().is_not_null().any()).row(0)
        return tuple((at, name) for at, name in enumerate(names) if (name or "").strip() or filled[at])

    def fields(self) -> tuple[Field, ...]:
        return tuple(
            Field(name, _type_of(self._cells.to_series(at).slice(1)))
            for name, (at, _) in zip(self.columns, self.header, strict=True)
        )

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The rows that are not blank, as native text, their number in the sheet first."""
        columns = [_as_native(pl.nth(at)).alias(f"c{place}") for place, (at, _) in enumerate(self.header)]
        numbers = pl.int_range(self.header_row + 1, self.header_row + self._cells.height, dtype=pl.Int64)
        frame = self._cells.slice(1).select(numbers.alias(_ROW), *columns)
        return frame.filter(pl.any_horizontal(pl.exclude(_ROW).is_not_null()))

    def batches(self) -> Iterator[tuple[pl.DataFrame, tuple[BrokenRow, ...]]]:
        """All rows but blank ones. A row with an error in a cell (#REF!) is broken: it is not a blank."""
        faults = error_rows(self.file, self.sheet)
        names = self.columns
        for frame in self.rows.iter_slices(PAGE):
            faulty = frame.filter(pl.col(_ROW).is_in(list(faults)))
            broken = tuple(
                BrokenRow(
                    where=f"{self.file.name}, sheet {self.sheet}, row {row}",
                    raw=native_text(dict(zip(names, cells, strict=True))),
                    reason=f"A cell of it holds the error {faults[row]}.",
                )
                for row, *cells in faulty.iter_rows()
            )
            good = frame.filter(~pl.col(_ROW).is_in(list(faults))).drop(_ROW)
            yield good.rename(dict(zip(good.columns, names, strict=True))), broken

    def refuse(self, value: Any) -> str:
        """Why a value can't stand in a cell; blank if it can."""
        text = native_text(value)
        if _CONTROL.search(text):
            return "It holds a control character, which a workbook can't."
        if len(text) > LONGEST_TEXT:
            return f"It has {len(text)} characters; a cell holds {LONGEST_TEXT}."
        return ""

    def form(self, value: Any) -> Any:
        """A value as a cell will hold it: a time loses its zone and what is shorter than a millisecond."""
        if not isinstance(value, datetime):
            return value
        if value.tzinfo is not None:
            value = value.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)
        value = value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value.date() if value == datetime(value.year, value.month, value.day) else value

    def rewrite(self, new: Path, changes: Changes, key: Sequence[str]) -> dict[str, str]:
        """Write the workbook with `changes` to `new`. Returns the keys of edits that could not be done, and
        why."""
        # openpyxl takes a third of a second to import, and most runs write to no workbook.
        from .workbook_edit import rewrite

        return rewrite(self, new, changes, key)

    @cached_property
    def _cells(self) -> pl.DataFrame:
        """Every cell from the header row on, as text."""
        book = open_workbook(self.file)
        sheet = book.load_sheet(self.sheet, header_row=None, skip_rows=self.header_row - 1, dtypes="string")
        return sheet.to_polars()


def open_workbook(file: Path) -> fastexcel.ExcelReader:
    try:
        return fastexcel.read_excel(file)
    except fastexcel.FastExcelError as error:
        raise ConfigurationError(
            f"{file.name} can't be opened as a workbook: {str(error).splitlines()[0]}.",
            next_step="Open it in a spreadsheet program, without a password, and save it again.",
        ) from None


def _as_native(cell: pl.Expr) -> pl.Expr:
    """calamine's text of a cell as native text: times in ISO 8601, a midnight as its day. Blank is null."""
    return (
        cell.str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "${1}")
        .str.replace(r"^1899-12-3[01] (\d\d:\d\d:\d\d(?:\.\d+)?)$", "${1}")
        .str.replace(r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$", "${1}T${2}")
        .replace("", None)
    )


def _type_of(cells: pl.Series) -> FieldType:
    filled = cells.drop_nulls()
    if filled.is_empty():
        return "text"
    if filled.is_in(["true", "false"]).all():
        return "bool"
    if filled.str.contains(_DAY).all():
        return "date"
    return "datetime" if filled.str.contains(_MOMENT).all() else "text"
