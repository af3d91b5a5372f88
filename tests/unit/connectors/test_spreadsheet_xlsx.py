"""Excel workbooks: read as people fill them in, written so that everything else in them stays."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table

from synchub.api import BrokenRow, ConfigurationError, Field, Key, Operation, Result
from synchub.testing.host import LocalHost
from synchub_connectors.spreadsheet.connector import Spreadsheet
from synchub_connectors.spreadsheet.settings import SpreadsheetSettings

Rows = list[dict[str, Any]]

HEADER = ("id", "name", "phone", "born", "seen", "vip")
ANN = (1, "Ann", 4930123, date(1990, 5, 1), datetime(2024, 5, 1, 10, 2, 3), True)
BOB = (2, "Bob", 4930124, date(1991, 5, 1), datetime(2024, 5, 2, 0, 0, 0), False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Leads"
    for row in (HEADER, ANN, BOB):
        sheet.append(row)
    book.create_sheet("Empty")
    book.save(tmp_path / "leads.xlsx")
    return tmp_path / "leads.xlsx"


def connect(file: Path, **settings: Any) -> Spreadsheet:
    host = LocalHost("fair", file.parent, timezone="Europe/Berlin")
    return Spreadsheet(SpreadsheetSettings(**{"path": file.name} | settings), host)


def edit(file: Path, change: Callable[[Any], Any]) -> None:
    book = openpyxl.load_workbook(file)
    change(book)
    book.save(file)


def cells(file: Path, sheet: str = "Leads") -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(file)[sheet].iter_rows(values_only=True))


def read_all(connector: Spreadsheet, stream: str = "Leads") -> tuple[Rows, list[BrokenRow]]:
    rows: Rows = []
    broken: list[BrokenRow] = []
    for page in connector.read(stream, None, ()):
        rows += pl.DataFrame(page.rows).to_dicts()
        broken += page.broken
    return rows, broken


def create(**values: Any) -> Operation:
    return Operation("create", None, values, "k")


def update(remote_id: str, before: dict[str, Any] | None = None, **values: Any) -> Operation:
    return Operation("update", remote_id, values, "k", before=before or {})


def test_cells_are_read_as_native_text(file: Path) -> None:
    rows, broken = read_all(connect(file))
    assert rows == [
        dict(zip(HEADER, row, strict=True))
        for row in (
            ("1", "Ann", "4930123", "1990-05-01", "2024-05-01T10:02:03", "true"),
            ("2", "Bob", "4930124", "1991-05-01", "2024-05-02", "false"),
        )
    ]
    assert broken == []


def test_dates_times_and_booleans_have_their_type(file: Path) -> None:
    (stream,) = connect(file).streams()
    assert stream.fields == (
        Field("id"),
        Field("name"),
        Field("phone"),
        Field("born", "date"),
        Field("seen", "datetime"),
        Field("vip", "bool"),
    )
    assert (stream.name, stream.key, stream.incremental) == ("Leads", ("id",), True)


def test_a_table_may_begin_anywhere(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Leads"
    sheet["A1"] = "Fair in May"
    sheet["C3"], sheet["D3"], sheet["E3"], sheet["F3"] = "id", "name", None, "city"
    sheet["C5"], sheet["D5"], sheet["F5"] = 7, "Ann", "Ulm"
    book.save(tmp_path / "leads.xlsx")
    connector = connect(tmp_path / "leads.xlsx", header_row=3)
    assert read_all(connector)[0] == [{"id": "7", "name": "Ann", "city": "Ulm"}]
    connector.write("Leads", [update("7", city="Bonn"), create(name="Bob")])
    assert cells(tmp_path / "leads.xlsx")[4:] == [
        (None, None, 7, "Ann", None, "Bonn"),
        (None, None, 8, "Bob", None, None),
    ]


def test_a_column_with_values_needs_a_name(file: Path) -> None:
    edit(file, lambda book: book["Leads"].cell(2, 8, "stray"))
    with pytest.raises(ConfigurationError, match="columns without a name: number 7"):
        read_all(connect(file))


def test_an_error_in_a_cell_is_not_a_blank(file: Path) -> None:
    edit(file, lambda book: book["Leads"].cell(3, 2, "#REF!"))
    rows, broken = read_all(connect(file))
    assert [row["id"] for row in rows] == ["1"]
    assert [(row.where, row.reason) for row in broken] == [
        ("leads.xlsx, sheet Leads, row 3", "A cell of it holds the error #REF!.")
    ]
    assert '"id":"2"' in broken[0].raw


def test_an_empty_sheet_is_not_a_table_without_rows(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Sheet Empty of leads\.xlsx is empty"):
        read_all(connect(file), "Empty")


@pytest.mark.parametrize("content", [b"id,name\n1,Ann\n", b"PK\x03\x04", b""])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "leads.xlsx").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"leads\.xlsx is not an Excel workbook"):
        connect(tmp_path / "leads.xlsx").check()


def test_a_zip_bomb_is_not_opened(file: Path) -> None:
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", b"0" * 20_000_000)
    with pytest.raises(ConfigurationError, match="would unpack"):
        connect(file).check()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "leads.ods").touch()
    with pytest.raises(ConfigurationError, match="neither a CSV file nor an Excel workbook"):
        connect(tmp_path / "leads.ods").check()


def test_a_folder_gives_a_stream_for_every_sheet(file: Path) -> None:
    (file.parent / "more.csv").write_text("id,name\n1,Ann\n")
    connector = connect(file, path=".")
    assert [stream.name for stream in connector.streams()] == ["leads/Leads", "more"]
    assert len(read_all(connector, "leads/Leads")[0]) == 2
    with pytest.raises(ConfigurationError, match="Did you mean 'leads/Leads'"):
        read_all(connector, "Leads")


def test_a_bad_file_in_a_folder_stops_no_other(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    (file.parent / "bad.xlsx").write_bytes(b"no workbook")
    connector = connect(file, path=".")
    assert [stream.name for stream in connector.streams()] == ["leads/Leads"]
    assert "bad.xlsx is not an Excel workbook" in caplog.text
    assert len(read_all(connector, "leads/Leads")[0]) == 2
    with pytest.raises(ConfigurationError, match=r"bad\.xlsx is not an Excel workbook"):
        read_all(connector, "bad/Sheet1")
    with pytest.raises(ConfigurationError, match=r"bad\.xlsx is not an Excel workbook"):
        connector.check()


def test_writes_keep_types_and_formats(file: Path) -> None:
    def style(book: Any) -> None:
        sheet = book["Leads"]
        sheet["B3"].font = Font(bold=True)
        sheet["D3"].number_format = "dd.mm.yyyy"
        sheet["A9"] = None
        book["Empty"]["A1"] = "untouched"

    edit(file, style)
    day, moment = date(2000, 1, 2), datetime(2024, 6, 1, 8, 30, 0, 123456, tzinfo=UTC)
    connector = connect(file)
    results = connector.write(
        "Leads",
        [
            update("2", {"phone": "4930124"}, name="Rob", phone="4930999", born=day, seen=moment, vip=True),
            create(id="3", name="=1+1", phone="+49 30 1", born=None),
            update("1", vip=None),
        ],
    )
    assert [result.status for result in results] == ["ok", "ok", "ok"]
    assert results[0].stored == {
        "id": "2",
        "name": "Rob",
        "phone": "4930999",
        "born": "2000-01-02",
        "seen": "2024-06-01T10:30:00.123",
        "vip": "true",
    }
    assert read_all(connector)[0][1:] == [results[0].stored, results[1].stored]
    sheet = openpyxl.load_workbook(file)["Leads"]
    assert (sheet["A4"].value, sheet["C3"].value, sheet["C4"].value) == (3, 4930999, "+49 30 1")
    assert (sheet["B4"].value, sheet["B4"].data_type, sheet["B4"].quotePrefix) == ("=1+1", "s", True)
    assert (sheet["B3"].font.b, sheet["B4"].font.b, sheet["D3"].number_format) == (True, True, "dd.mm.yyyy")
    assert sheet["F2"].value is None
    assert cells(file, "Empty") == [("untouched",)]


@pytest.mark.parametrize("text", ["007", "1.50", "1e5", "-0", "1234567890123456789", "+5", " 5"])
def test_a_number_cell_never_changes_the_text(file: Path, text: str) -> None:
    connector = connect(file)
    (result,) = connector.write("Leads", [update("1", phone=text)])
    assert result.stored is not None
    assert result.stored["phone"] == text
    assert read_all(connector)[0][0]["phone"] == text


def test_a_removed_row_leaves_a_gap(file: Path) -> None:
    connector = connect(file)
    (result,) = connector.write("Leads", [Operation("delete", "1", {}, "k")])
    assert result == Result("ok", "1")
    assert cells(file)[1] == (None,) * 6
    assert [row["id"] for row in read_all(connector)[0]] == ["2"]


def test_a_row_changed_since_it_was_read_is_a_conflict(file: Path) -> None:
    connector = connect(file)
    edit(file, lambda book: book["Leads"].cell(2, 2, "Anna"))
    results = connector.write(
        "Leads", [update("1", {"name": "Ann"}, name="x"), update("2", {"born": date(1991, 5, 1)}, name="y")]
    )
    assert [result.status for result in results] == ["conflict", "ok"]
    assert [row[1] for row in cells(file)] == ["name", "Anna", "y"]


def test_formulas_keep_what_they_came_to(file: Path) -> None:
    """openpyxl drops the results of formulas: others would see blanks until somebody saves the workbook."""

    def formulas(book: Any) -> None:
        for row in (2, 3):
            book["Leads"].cell(row, 7, f"=A{row}*2")
        book["Leads"].cell(1, 7, "double")
        book["Empty"]["A1"] = '="Total: "&2'

    edit(file, formulas)
    _compute(file, {"G2": b"<v>2</v>", "G3": b"<v>4</v>", "A1": b"<v>Total: 2</v>"})
    connector = connect(file)
    assert [row["double"] for row in read_all(connector)[0]] == ["2", "4"]
    results = connector.write("Leads", [update("1", name="Anna"), update("2", name="Rob", double="5")])
    assert [result.status for result in results] == ["ok", "rejected"]
    assert "G3 holds a formula" in results[1].reason
    rows = read_all(connector)[0]
    assert [(row["name"], row["double"]) for row in rows] == [("Anna", "2"), ("Bob", "4")]
    assert openpyxl.load_workbook(file, data_only=True)["Empty"]["A1"].value == "Total: 2"
    assert cells(file)[1][6] == "=A2*2"


def _compute(file: Path, results: dict[str, bytes]) -> None:
    """Do what Excel does when it saves: write the results of formulas beside them."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            for cell, result in results.items():
                start, found, rest = data.partition(f'<c r="{cell}"'.encode())
                if found and name.startswith("xl/worksheets/") and b"<f>" in rest.split(b"</c>")[0]:
                    kind = b' t="str"' if b"Total" in result else b""
                    data = start + found + kind + rest.replace(b"<v />", result, 1).replace(b"<v/>", result, 1)
            archive.writestr(name, data)


def test_an_excel_table_grows_with_its_rows(file: Path) -> None:
    edit(file, lambda book: book["Leads"].add_table(Table(displayName="T", ref="A1:F3")))
    connect(file).write("Leads", [create(name="Cem"), create(name="Dee")])
    table = openpyxl.load_workbook(file)["Leads"].tables["T"]
    assert (table.ref, table.autoFilter and table.autoFilter.ref) == ("A1:F5", "A1:F5")
    assert [row[0] for row in cells(file)] == ["id", 1, 2, 3, 4]


def test_a_workbook_with_charts_is_not_written(file: Path) -> None:
    def chart(book: Any) -> None:
        made = BarChart()
        made.add_data(Reference(book["Leads"], min_col=1, min_row=1, max_row=3))
        book["Leads"].add_chart(made, "H1")

    edit(file, chart)
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="would be lost by writing it: charts, drawings"):
        connect(file).write("Leads", [update("1", name="x")])
    assert file.read_bytes() == before
    assert len(read_all(connect(file))[0]) == 2


def test_what_a_cell_can_not_hold_is_rejected_alone(file: Path) -> None:
    results = connect(file).write(
        "Leads", [update("1", name="a\x07"), update("2", name="x" * 32_768), create(name="ok\ttab")]
    )
    assert [result.status for result in results] == ["rejected", "rejected", "ok"]


def test_an_unchanged_workbook_is_not_read_again(file: Path) -> None:
    connector = connect(file)
    cursor = list(connector.read("Leads", None, ()))[-1].cursor
    (page,) = connector.read("Leads", cursor, ())
    assert (page.rows, page.complete) == ([], False)
    connector.write("Leads", [update("1", name="x")])
    assert list(connector.read("Leads", cursor, ()))[-1].complete


def test_lookup(file: Path) -> None:
    assert [row["id"] for row in connect(file).lookup("Leads", [Key("name", "BOB"), Key("id", "2")])] == ["2"]


def test_what_was_looked_at_before_is_read_as_it_is_now(file: Path) -> None:
    """A sheet that is described and then read is loaded once, but not if it was saved in between."""
    connector = connect(file)
    assert len(connector.streams()) == 1
    before, _ = read_all(connector)
    assert [stream.name for stream in connector.streams()] == ["Leads"]
    edit(file, lambda book: book["Leads"].append((3, "Cy")))
    after, _ = read_all(connector)
    assert ([row["name"] for row in before], [row["name"] for row in after]) == (["Ann", "Bob"], ["Ann", "Bob", "Cy"])
