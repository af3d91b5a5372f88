"""CSV files: read whatever people export, written back without harm."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synchub.api import (
    BrokenRow,
    ConfigurationError,
    Key,
    Operation,
    Result,
    RetryLater,
)
from synchub.testing.host import LocalHost
from synchub_connectors.spreadsheet import pieces, text_table
from synchub_connectors.spreadsheet.cells import unescaped
from synchub_connectors.spreadsheet.connector import Spreadsheet
from synchub_connectors.spreadsheet.records import records
from synchub_connectors.spreadsheet.settings import SpreadsheetSettings

Rows = list[dict[str, Any]]
Open = Callable[..., Spreadsheet]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """A connector on leads.csv with the given content; settings may follow."""

    def make(content: bytes | str, **settings: Any) -> Spreadsheet:
        (tmp_path / "leads.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        return Spreadsheet(SpreadsheetSettings(**{"path": "leads.csv"} | settings), LocalHost("fair", tmp_path))

    return make


def rows_of(connector: Spreadsheet, stream: str = "leads") -> Rows:
    return read_all(connector, stream)[0]


def read_all(connector: Spreadsheet, stream: str = "leads") -> tuple[Rows, list[BrokenRow]]:
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


def delete(remote_id: str, **before: Any) -> Operation:
    return Operation("delete", remote_id, {}, "k", before=before)


ANN = {"id": "1", "name": "Ann", "city": "Ulm"}


@pytest.mark.parametrize(
    "content",
    [
        b"id,name,city\n1,Ann,Ulm\n",
        b"id,name,city\r\n1,Ann,Ulm\r\n",
        b"id,name,city\r1,Ann,Ulm\r",
        b"\xef\xbb\xbfid;name;city\n1;Ann;Ulm",
        b"id\tname\tcity\n1\tAnn\tUlm\n",
        b'"id"|"name"|"city"\n"1"|"Ann"|"Ulm"\n',
        b"sep=;\r\nid;name;city\r\n1;Ann;Ulm\r\n",
        " id ,name,city\n1,Ann,Ulm\n".encode("utf-16"),
        b"id,name,city\n\n1,Ann,Ulm\n,,\n\n",
    ],
    ids=["plain", "crlf", "cr", "bom, semicolon", "tab", "quoted, bar", "sep line", "utf-16", "blank rows"],
)
def test_every_dialect_gives_the_same_rows(opened: Open, content: bytes) -> None:
    connector = opened(content)
    assert rows_of(connector) == [ANN]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_encoding_is_found_out(opened: Open, encoding: str) -> None:
    assert rows_of(opened("id,name\n1,Jürgen Weiß\n".encode(encoding))) == [{"id": "1", "name": "Jürgen Weiß"}]


def test_lines_above_the_header_are_left_out(opened: Open) -> None:
    assert rows_of(opened("Export of May\n\nid,name,city\n1,Ann,Ulm\n", header_row=3)) == [ANN]


def test_numbers_dates_and_blanks_stay_the_text_they_are(opened: Open) -> None:
    content = 'id,postal_code,born,note\n007,01067,2024-05-01,\n1.50,,,""\n'
    assert rows_of(opened(content)) == [
        {"id": "007", "postal_code": "01067", "born": "2024-05-01", "note": None},
        {"id": "1.50", "postal_code": None, "born": None, "note": None},
    ]


BROKEN = [
    ("2,Bob\n", "It has 2 fields; the header has 3."),
    ("2,Bob,Bonn,x\n", "It has 4 fields; the header has 3."),
    ('2,"Bob,Bonn\n', "A quote in it is not closed, or stands where none may be."),
    ('2,"Bob"by,Bonn\n', "A quote in it is not closed, or stands where none may be."),
]


@pytest.mark.parametrize(("line", "reason"), BROKEN)
@pytest.mark.parametrize("after", ["3,Cem,Köln\n", '3,"Cem",Köln\n', ""], ids=["plain", "quoted", "end of file"])
def test_a_broken_row_is_set_aside_and_the_others_go_on(opened: Open, line: str, reason: str, after: str) -> None:
    rows, broken = read_all(opened("id,name,city\n1,Ann,Ulm\n" + line + after))
    assert broken == [BrokenRow("leads.csv line 3", line.rstrip(), reason)]
    assert rows == [ANN, {"id": "3", "name": "Cem", "city": "Köln"}][: 2 if after else 1]


def test_a_row_that_is_no_text_is_set_aside(opened: Open) -> None:
    content = "id,name\n1,Jürgen\n2,Zoë\n".encode() + b"3,M\xfcller\n4,Ann\n"
    rows, broken = read_all(opened(content))
    assert [row["id"] for row in rows] == ["1", "2", "4"]
    assert broken == [
        BrokenRow(
            "leads.csv line 4",
            "3,M\\xfcller",
            "It holds bytes that are not text in the encoding of this file.",
        )
    ]


def test_text_of_several_lines_counts_for_line_numbers(opened: Open) -> None:
    rows, broken = read_all(opened('id,note\n1,"a\nb\n""c"""\n2\n'))
    assert rows == [{"id": "1", "note": 'a\nb\n"c"'}]
    assert [row.where for row in broken] == ["leads.csv line 5"]


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_text_of_several_lines_hides_no_delimiter(opened: Open, eol: str) -> None:
    rows, broken = read_all(opened(f'id,note{eol}1,"a\nb"{eol}2,c{eol}'))
    assert [(row["id"], row["note"]) for row in rows] == [("1", "a\nb"), ("2", "c")]
    assert broken == []


def test_an_inch_mark_is_text(opened: Open) -> None:
    rows, broken = read_all(opened('id,size,x\n1,5" pipe,a\n2,7,b\n'))
    assert rows == [{"id": "1", "size": '5" pipe', "x": "a"}, {"id": "2", "size": "7", "x": "b"}]
    assert broken == []


def _many(odd: tuple[int, ...]) -> Iterator[str]:
    for number in range(1_000):
        match number % 100:
            case 7:
                yield f'{number},"Lee, Ann","two\nlines"\n'
            case 55:
                yield "\n"
            case 13 if 13 in odd:
                yield f"{number},short\n"
            case 42 if 42 in odd:
                yield f'{number},"open,x\n'
            case 5 if 5 in odd:
                yield f'{number},5" pipe,x\n'
            case _:
                yield f"{number},Ünal,x{number}\n"


@pytest.mark.parametrize("size", [1, 64, 1000, 10_000, 1_000_000])
@pytest.mark.parametrize("odd", [(), (13,), (42,), (5,), (5, 13, 42)], ids=str)
def test_where_the_file_is_cut_into_pieces_makes_no_difference(size: int, odd: tuple[int, ...]) -> None:
    """The fast way, the careful way and every mixture of them read the same."""
    body = "".join(_many(odd)).encode()
    parts = iter([body[at : at + size] for at in range(0, len(body), size)])
    columns = ("id", "name", "note")
    good: Rows = []
    bad: list[BrokenRow] = []
    for frame, broken in text_table.rows(lambda: next(parts, b""), columns, ",", name="x.csv", line=2):
        good += frame.to_dicts()
        bad += broken
    expected = list(records(io.StringIO(body.decode(), newline=""), delimiter=",", width=3, first=2))
    assert good == [
        {column: value or None for column, value in zip(columns, record.fields, strict=True)}
        for record in expected
        if record.fields
    ]
    assert bad == [record.broken("x.csv") for record in expected if record.reason]
    assert len(bad) == 10 * len([kind for kind in odd if kind != 5])


TOKENS = ('"', '""', '"x"', "a", "é", " ", ",", "\n", "\r\n", "'=1")


@settings(deadline=None, max_examples=400, database=None)
@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=16), st.integers(1, 3), st.integers(1, 20))
def test_both_ways_of_reading_agree_on_anything(tokens: list[str], width: int, size: int) -> None:
    text = "".join(tokens)
    body = text.encode()
    parts = iter([body[at : at + size] for at in range(0, len(body), size)])
    found = list(text_table.rows(lambda: next(parts, b""), ("a", "b", "c")[:width], ",", name="x", line=1))
    careful = list(records(io.StringIO(text, newline="\n"), delimiter=",", width=width))
    rows = [tuple(unescaped(value) or None for value in record.fields) for record in careful if record.fields]
    assert [row for frame, _ in found for row in frame.rows()] == rows
    assert [row for _, broken in found for row in broken] == [each.broken("x") for each in careful if each.reason]


def test_a_file_in_order_is_read_the_fast_way_wherever_it_is_cut() -> None:
    body = "".join(_many(())).encode()
    parts = iter([body[at : at + 100] for at in range(0, len(body), 100)])
    found = [pieces.at_once(data, ("id", "name", "note"), ",") for data, *_ in pieces.pieces(lambda: next(parts, b""))]
    assert len(found) > 50
    assert all(frame is not None for frame in found)


def test_two_inch_marks_make_no_quote(opened: Open) -> None:
    rows, broken = read_all(opened('id,size\n1,5" pipe\n2,6" pipe\n3,x\n'))
    assert [row["size"] for row in rows] == ['5" pipe', '6" pipe', "x"]
    assert broken == []


def test_the_header_has_to_name_every_column_once(opened: Open) -> None:
    with pytest.raises(ConfigurationError, match="more than one column named 'name'"):
        rows_of(opened("id,name,name\n1,a,b\n"))
    with pytest.raises(ConfigurationError, match="columns without a name: number 2, 3"):
        rows_of(opened("id,, \n1,a,b\n"))


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_not_a_table_without_rows(opened: Open, content: str) -> None:
    with pytest.raises(ConfigurationError, match=r"leads\.csv is empty"):
        rows_of(opened(content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    connector = Spreadsheet(SpreadsheetSettings(path="gone.csv"), LocalHost(folder=tmp_path))
    with pytest.raises(ConfigurationError, match=r"There is no file or folder 'gone\.csv'"):
        connector.check()


def test_the_last_page_is_complete_and_alone_has_a_cursor(opened: Open) -> None:
    pages = list(opened("id,name\n1,Ann\n").read("leads", None, ()))
    assert [page.complete for page in pages] == [False, True]
    assert pages[0].cursor is None
    assert set(pages[-1].cursor or {}) == {"mtime_ns", "size", "sha", "read_as"}


def test_a_read_with_broken_rows_is_not_complete(opened: Open) -> None:
    last = list(opened("id,name\n1,Ann\n2\n").read("leads", None, ()))[-1]
    assert last.cursor
    assert not last.complete


def test_an_unchanged_file_is_not_read_again(opened: Open, tmp_path: Path) -> None:
    connector = opened("id,name\n1,Ann\n")
    cursor = list(connector.read("leads", None, ()))[-1].cursor
    os.utime(tmp_path / "leads.csv")
    (page,) = connector.read("leads", cursor, ())
    assert (list(page.rows), page.complete, page.deleted) == ([], False, ())


def test_a_changed_file_is_read_whole_even_if_its_time_is_the_same(opened: Open, tmp_path: Path) -> None:
    connector = opened("id,name\n1,Ann\n")
    file = tmp_path / "leads.csv"
    cursor = list(connector.read("leads", None, ()))[-1].cursor
    state = file.stat()
    file.write_text("id,name\n1,Bob\n")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert list(connector.read("leads", cursor, ()))[-1].complete


def test_other_settings_make_the_cursor_worthless(opened: Open) -> None:
    content = "id;name\n1;Ann\n"
    cursor = list(opened(content).read("leads", None, ()))[-1].cursor
    assert list(opened(content, delimiter=",").read("leads", cursor, ()))[-1].complete


def test_a_file_saved_while_it_is_read_does_not_count(opened: Open, tmp_path: Path) -> None:
    pages = opened("id,name\n1,Ann\n").read("leads", None, ())
    next(pages)
    (tmp_path / "leads.csv").write_text("id,name\n")
    with pytest.raises(RetryLater, match="changed while it was read"):
        list(pages)


def test_a_write_touches_only_what_changes(opened: Open, tmp_path: Path) -> None:
    before = b'\xef\xbb\xbfid;"name";city;extra\r\n1;Ann;"Ulm";"keep"\r\n2;Bob;Bonn;=1+1\r\n3;broken\r\n\r\n4;Cem;;\'=x'
    connector = opened(before)
    (tmp_path / "leads.csv").chmod(0o640)
    results = connector.write(
        "leads", [update("2", {"name": "Bob"}, name="Rob"), create(id="9", name="Zoë;x"), delete("1")]
    )
    assert [result.status for result in results] == ["ok", "ok", "ok"]
    assert results[0].stored == {"id": "2", "name": "Rob", "city": "Bonn", "extra": "=1+1"}
    assert (tmp_path / "leads.csv").read_bytes() == (
        b'\xef\xbb\xbfid;"name";city;extra\r\n2;Rob;Bonn;=1+1\r\n'
        b"3;broken\r\n\r\n4;Cem;;'=x\r\n" + '9;"Zoë;x";;\r\n'.encode()
    )
    assert (tmp_path / "leads.csv").stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["leads.csv"]


def test_a_file_that_quotes_everything_goes_on_doing_so(opened: Open, tmp_path: Path) -> None:
    opened('"id","name"\n"1","Ann"\n').write("leads", [create(id="2", name="Bob"), update("1", name=None)])
    assert (tmp_path / "leads.csv").read_text() == '"id","name"\n"1",""\n"2","Bob"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_the_encoding_is_kept(opened: Open, tmp_path: Path, encoding: str) -> None:
    connector = opened("id,name\n1,Jürgen\n".encode(encoding))
    connector.write("leads", [create(id="2", name="Zoë")])
    assert (tmp_path / "leads.csv").read_bytes() == "id,name\n1,Jürgen\n2,Zoë\n".encode(encoding)


def test_what_the_encoding_lacks_is_rejected_alone(opened: Open) -> None:
    connector = opened("id,name\n1,Jürgen\n".encode("cp1252"))
    results = connector.write("leads", [create(id="2", name="Łukasz"), create(id="3", name="Zoë")])
    assert [(result.status, result.field) for result in results] == [("rejected", "name"), ("ok", None)]
    assert "cp1252" in results[0].reason
    assert [row["id"] for row in rows_of(connector)] == ["1", "3"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|x", "'+cmd|x"),
        ("-1+A1", "'-1+A1"),
        ("\tx", "'\tx"),
        ("'=x", "''=x"),
        ("+49 (30) 123-45", "+49 (30) 123-45"),
        ("-12.50", "-12.50"),
        ("O'Neill", "O'Neill"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_formulas_are_made_harmless_and_read_back_as_they_were(
    opened: Open, tmp_path: Path, text: str, cell: str
) -> None:
    connector = opened("id,name\n")
    (result,) = connector.write("leads", [create(id="1", name=text)])
    assert (tmp_path / "leads.csv").read_text() == f"id,name\n1,{cell}\n"
    assert result.stored == {"id": "1", "name": text}
    assert rows_of(connector) == [{"id": "1", "name": text}]


def test_a_row_changed_since_it_was_read_is_a_conflict(opened: Open, tmp_path: Path) -> None:
    connector = opened("id,name,city\n1,Ann,Ulm\n")
    (tmp_path / "leads.csv").write_text("id,name,city\n1,Anna,Ulm\n2,Bob,Bonn\n")
    results = connector.write(
        "leads",
        [
            update("1", {"name": "Ann"}, name="Anne"),
            update("2", {"city": "Bonn"}, city="Köln"),
            update("8", name="x"),
            delete("8"),
            delete("1", name="Ann"),
        ],
    )
    assert [result.status for result in results] == ["conflict", "ok", "conflict", "unchanged", "conflict"]
    assert results[0].stored == {"id": "1", "name": "Anna", "city": "Ulm"}
    assert (tmp_path / "leads.csv").read_text() == "id,name,city\n1,Anna,Ulm\n2,Bob,Köln\n"


def test_what_is_there_already_is_not_written(opened: Open, tmp_path: Path) -> None:
    connector = opened("id,name,city\n1,Ann,Ulm\n")
    before = (tmp_path / "leads.csv").stat()
    results = connector.write("leads", [update("1", name="Ann"), create(id="1", name="Bea")])
    assert results == [
        Result("unchanged", "1", stored=ANN),
        Result("conflict", "1", stored=ANN, reason="A row with this key exists already."),
    ]
    assert (tmp_path / "leads.csv").stat() == before


def test_operations_on_one_row_follow_each_other(opened: Open, tmp_path: Path) -> None:
    connector = opened("id,name\n1,Ann\n2,Bob\n")
    operations = [
        update("1", name="A"),
        update("1", {"name": "A"}, id="7"),
        update("7", name="B"),
        create(id="1", name="new"),
        update("1", name="newer"),
        delete("2"),
        create(id="2", name="again"),
        create(id="5"),
        delete("5"),
    ]
    results = connector.write("leads", operations)
    assert {result.status for result in results} == {"ok"}
    assert [result.remote_id for result in results[:3]] == ["1", "7", "7"]
    assert (tmp_path / "leads.csv").read_text() == "id,name\n7,B\n1,newer\n2,again\n"


def test_rows_with_the_same_key_are_read_but_not_written(opened: Open) -> None:
    connector = opened("id,name\n1,Ann\n1,Bob\n")
    assert [row["name"] for row in rows_of(connector)] == ["Ann", "Bob"]
    (result,) = connector.write("leads", [update("1", name="x")])
    assert (result.status, result.reason) == ("rejected", "2 rows have the key 1. Leave one of them.")


@pytest.mark.parametrize(
    ("content", "settings", "made"),
    [
        ("id,name\n3,Ann\n12,Bob\n", {}, ["13", "14"]),
        ("id,name\n", {}, ["1", "2"]),
        ("id,name\na7,Ann\n", {}, ["fair-1", "fair-2"]),
        ("email,name\na@x.org,Ann\n", {}, [None, None]),
        ("nr,name\n1,Ann\n", {"key": "nr"}, ["2", "3"]),
    ],
)
def test_new_rows_get_a_key(opened: Open, content: str, settings: dict[str, Any], made: list[str | None]) -> None:
    results = opened(content, **settings).write("leads", [create(name="x"), create(name="y")])
    assert [result.remote_id for result in results] == made
    assert [result.status for result in results] == ["ok" if key else "rejected" for key in made]


def test_a_key_of_several_columns(opened: Open) -> None:
    connector = opened("shop,nr,name\na,1,Ann\nb,1,Bob\n", key=["shop", "nr"])
    results = connector.write("leads", [update('["b", "1"]', name="Rob"), create(shop="c", nr="2", name="Cem")])
    assert [(result.status, result.remote_id) for result in results] == [
        ("ok", '["b","1"]'),
        ("ok", '["c","2"]'),
    ]
    assert connector.lookup("leads", [Key("shop,nr", '["b","1"]')]) == [{"shop": "b", "nr": "1", "name": "Rob"}]


def test_without_a_key_a_sheet_is_read_only(opened: Open) -> None:
    connector = opened("name,city\nAnn,Ulm\n")
    (stream,) = connector.streams()
    assert (stream.key, stream.writes) == ((), frozenset())
    with pytest.raises(ConfigurationError, match="not known which column names a row"):
        connector.write("leads", [create(name="x")])


def test_check_names_a_key_that_is_no_column(opened: Open) -> None:
    with pytest.raises(ConfigurationError, match="no column 'nr'"):
        opened("id,name\n1,Ann\n", key="nr").check()


def test_lookup_by_any_column(opened: Open) -> None:
    connector = opened("id,email,city\n1,Ann@X.org,Ulm\n2,bob@x.org,Ulm\n3,c@x.org,Bonn\n")
    found = connector.lookup("leads", [Key("email", "ann@x.org"), Key("id", "1"), Key("id", "3"), Key("nope", "1")])
    assert [row["id"] for row in found] == ["1", "3"]
    assert connector.lookup("leads", [Key("email", "nobody@x.org")]) == []


def test_a_row_can_not_take_the_key_of_another(opened: Open, tmp_path: Path) -> None:
    results = opened("id,name\n1,Ann\n2,Bob\n").write("leads", [update("1", id="2"), update("2", id=None)])
    assert [(result.status, result.reason) for result in results] == [
        ("rejected", "Another row has the key 2 already."),
        ("rejected", "The key may not be blank."),
    ]
    assert (tmp_path / "leads.csv").read_text() == "id,name\n1,Ann\n2,Bob\n"


def test_an_unknown_column_is_rejected_for_this_record(opened: Open) -> None:
    (result,) = opened("id,name\n1,Ann\n").write("leads", [update("1", phone="1")])
    assert (result.status, result.field) == ("rejected", "phone")


@pytest.mark.parametrize("mark", ["~$leads.csv", ".~lock.leads.csv#"])
def test_a_file_open_in_a_spreadsheet_program_is_left_alone(opened: Open, tmp_path: Path, mark: str) -> None:
    connector = opened("id,name\n1,Ann\n")
    (tmp_path / mark).touch()
    with pytest.raises(RetryLater, match="is open in a spreadsheet program"):
        connector.write("leads", [delete("1")])


def test_a_folder_gives_a_stream_for_every_file(tmp_path: Path) -> None:
    for name in ("a.csv", "b.tsv", "notes.md", ".hidden.csv", "~$c.csv"):
        (tmp_path / name).write_text("id\tname\n1\tAnn\n")
    connector = Spreadsheet(SpreadsheetSettings(path="."), LocalHost(folder=tmp_path))
    assert [stream.name for stream in connector.streams()] == ["a", "b"]
    with pytest.raises(ConfigurationError, match=r"no stream .../a."):
        rows_of(connector, "../a")


def test_links_and_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.mkdir()
    (tmp_path / "secret.csv").write_text("id,name\n1,Ann\n")
    for path in ("../secret.csv", "link.csv", "."):
        (hub / "link.csv").unlink(missing_ok=True)
        (hub / "link.csv").symlink_to(tmp_path / "secret.csv")
        connector = Spreadsheet(SpreadsheetSettings(path=path), LocalHost(folder=hub))
        with pytest.raises(ConfigurationError, match="leads out of"):
            connector.check()
    whole = Spreadsheet(SpreadsheetSettings(path=str(tmp_path / "secret.csv")), LocalHost(folder=hub))
    assert len(rows_of(whole, "secret")) == 1


def test_a_file_changed_during_a_write_is_decided_again(opened: Open, tmp_path: Path) -> None:
    """Somebody saves the file while ours is prepared: here, while the connector asks for an id."""
    connector = opened("id,name\na,Ann\n")
    file = tmp_path / "leads.csv"
    host = LocalHost("fair", tmp_path)

    class Interrupted(LocalHost):
        def new_id(self) -> str:
            if not file.read_text().endswith("b,Bob\n"):
                file.write_text("id,name\na,Anna\nb,Bob\n")
            return host.new_id()

    connector = Spreadsheet(SpreadsheetSettings(path="leads.csv"), Interrupted("fair", tmp_path))
    results = connector.write("leads", [create(name="Cem"), update("a", {"name": "Ann"}, name="x")])
    assert [result.status for result in results] == ["ok", "conflict"]
    assert file.read_text() == "id,name\na,Anna\nb,Bob\nfair-2,Cem\n"
