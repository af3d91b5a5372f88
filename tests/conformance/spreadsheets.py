"""Scenes of the spreadsheet connector: a CSV file and a workbook, edited as people do."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from openpyxl import Workbook, load_workbook

from synchub.api import Row
from synchub.plugins import load
from synchub.plugins.classes import isolated_class
from synchub.testing.conformance import Scene, Skipped
from synchub_connectors.spreadsheet.connector import Spreadsheet

COLUMNS = ("id", "email", "name", "note")
LARGEST_CELL = 32_767


class Csv(Scene):
    """A list in a CSV file."""

    connector = Spreadsheet
    stream = "people"
    mapping: ClassVar[Mapping[str, str]] = {"email": "email", "full_name": "name", "notes": "note"}
    text = "note"
    plugin = "synchub_connectors"
    many = 60

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "people.csv"
        self.save({})

    def settings(self) -> Mapping[str, Any]:
        return {"path": "people.csv"}

    def load(self) -> dict[str, dict[str, Any]]:
        with self.file.open(encoding="utf-8", newline="") as file:
            return {row["id"]: dict(row) for row in csv.DictReader(file)}

    def save(self, rows: Mapping[str, Row]) -> None:
        with self.file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows.values())

    def plant(self, values: Row) -> str:
        rows = self.load()
        name = str(max(map(int, rows), default=0) + 1)
        self.save({**rows, name: {**values, "id": name}})
        return name

    def change(self, name: str, values: Row) -> None:
        rows = self.load()
        rows[name].update(values)
        self.save(rows)

    def remove(self, name: str) -> None:
        rows = self.load()
        del rows[name]
        self.save(rows)

    def rows(self) -> Mapping[str, Row]:
        return self.load()

    def cut(self) -> None:
        raise Skipped("a file has no line that could break")


class Apart(Csv):
    """The same, read and written by a process of its own."""

    connector = isolated_class(load(None).connectors["spreadsheet"])


class Workbooks(Csv):
    """The same list in a workbook."""

    many = 8

    def settings(self) -> Mapping[str, Any]:
        return {"path": "people.xlsx"}

    def load(self) -> dict[str, dict[str, Any]]:
        sheet = load_workbook(self.folder / "people.xlsx")["people"]
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
        return {str(row["id"]): row for row in rows}

    def save(self, rows: Mapping[str, Row]) -> None:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "people"
        sheet.append(COLUMNS)
        for number, row in enumerate(rows.values(), start=2):
            for column, name in enumerate(COLUMNS, start=1):
                _enter(sheet.cell(number, column), row.get(name))
        book.save(self.folder / "people.xlsx")

    def plant(self, values: Row) -> str:
        if any(len(str(value)) > LARGEST_CELL or "\x00" in str(value) for value in values.values()):
            raise Skipped("no cell takes that")
        return super().plant(values)


def _enter(cell: Any, value: Any) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # somebody typed a text, not a formula
