"""Functions that return tables: the streams of one connector, which has the plugin's name."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import polars as pl
import pytest

from synchub.api import Connector, Frame, Page
from synchub.errors import PluginError
from synchub.plugins import connector_class, load
from synchub.plugins.framed import FrameSettings, connector_of
from synchub.testing.host import LocalHost


class Exported:
    """A table of another library: all that is known of it is that it exports Arrow data."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def made(*frames: Frame, folder: Path = Path(".")) -> Connector:
    return connector_of(frames)(FrameSettings(), LocalHost("guests", folder))


def pages(connector: Connector, stream: str = "people") -> list[Page]:
    return list(connector.read(stream, None, ()))


def rows(read: list[Page]) -> list[dict[str, Any]]:
    return [
        dict(row)
        for page in read
        for row in (page.rows.to_dicts() if isinstance(page.rows, pl.DataFrame) else page.rows)
    ]


TABLE = pl.DataFrame({"id": [1, 2], "name": ["Ann", "Bob"], "vip": [True, None], "tags": [["a"], []], "paid": [1.5, 2]})


@pytest.mark.parametrize("table", [TABLE, Exported(TABLE)], ids=["polars", "arrow"])
def test_a_table_tells_its_columns_and_is_read_whole(table: Any) -> None:
    connector = made(Frame("people", lambda: table, key=("id",)))
    (stream,) = connector.streams()

    assert [(field.name, field.type) for field in stream.fields] == [
        ("id", "integer"),
        ("name", "text"),
        ("vip", "bool"),
        ("tags", "json"),
        ("paid", "number"),
    ]
    assert (stream.key, stream.writes, stream.incremental) == (("id",), frozenset(), False)
    read = pages(connector)
    assert rows(read) == TABLE.to_dicts()
    assert [page.complete for page in read] == [False, True]


def test_the_function_is_called_once_for_looking_and_reading_and_again_for_the_next() -> None:
    calls = []
    connector = made(Frame("people", lambda: calls.append(1) or TABLE, key=("id",)))
    connector.streams()
    connector.streams()
    pages(connector)
    assert len(calls) == 1
    pages(connector)
    assert len(calls) == 2


def test_a_large_table_comes_in_pages() -> None:
    connector = made(Frame("people", lambda: pl.DataFrame({"id": range(25_000)}), key=("id",)))
    assert [len(page.rows) for page in pages(connector)] == [10_000, 10_000, 5_000, 0]  # type: ignore[arg-type]


def test_rows_lists_and_tables_may_be_handed_out_bit_by_bit() -> None:
    def bits() -> Any:
        yield {"id": 1}
        yield [{"id": 2, "name": "Bob"}, {"id": 3}]
        yield TABLE.head(1)

    connector = made(Frame("people", bits, key=("id",)))
    assert connector.streams()[0].fields == ()
    read = pages(connector)
    assert sorted(row["id"] for row in rows(read)) == [1, 1, 2, 3]
    assert read[-1].complete
    assert {"id", "name"} <= set(read[-1].fields)


def test_many_single_rows_are_put_together() -> None:
    connector = made(Frame("people", lambda: ({"id": number} for number in range(20_001)), key=("id",)))
    assert [len(page.rows) for page in pages(connector)] == [10_000, 10_000, 1, 0]  # type: ignore[arg-type]


def test_what_breaks_off_is_never_complete() -> None:
    def broken() -> Any:
        yield from ({"id": number} for number in range(10_001))
        raise OSError("the line was cut")

    reading = made(Frame("people", broken, key=("id",))).read("people", None, ())
    assert not next(reading).complete
    with pytest.raises(OSError, match="cut"):
        next(reading)


def test_the_host_is_handed_to_a_function_that_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id\n7\n")
    connector = made(
        Frame("people", lambda host: pl.read_csv(host.folder / "people.csv"), key=("id",)), folder=tmp_path
    )
    assert rows(pages(connector)) == [{"id": 7}]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (None, "returned a value of type NoneType"),
        ("id,name", "returned a value of type str"),
        ({"id": [1]}, "returned a value of type dict"),
        (pl.DataFrame({"no": [1]}), "returned no column id; it has: no"),
        ([1], "handed out a value of type int"),
    ],
)
def test_what_is_no_table_is_named(result: Any, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        pages(made(Frame("people", lambda: result, key=("id",))))


CODE = """
    from synchub.api import Frame, hookimpl

    @hookimpl
    def synchub_frames():
        return [{frames}]

    def read():
        return []
"""


def write(hub: Path, frames: str, name: str = "guests") -> None:
    path = hub / "plugins" / f"{name}.py"
    path.write_text(dedent(CODE).format(frames=frames))
    path.chmod(0o644)


def test_the_frames_of_a_plugin_are_one_connector(hub: Path) -> None:
    write(hub, 'Frame("people", read, key="id", summary="who came"), Frame("seats", read, key=("row", "seat"))')
    plugins = load(hub, entry_points=[])
    assert plugins.problems == ()
    offered = plugins.connectors["guests"]
    assert offered.info.summary == "who came"
    connector = connector_class(offered)(FrameSettings(), LocalHost("guests"))
    assert [(stream.name, stream.key) for stream in connector.streams()] == [
        ("people", ("id",)),
        ("seats", ("row", "seat")),
    ]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ("read", "a value of type function where a Frame belongs"),
        ('Frame("people", 7, key="id")', "whose read is no function"),
        ('Frame("people", read, key=())', "whose key is no name of a column"),
        ('Frame("People", read, key="id")', "a frame named 'People'"),
        ('Frame("a", read, key="id"), Frame("a", read, key="id")', "two frames named a"),
    ],
)
def test_a_frame_that_is_none_is_reported(hub: Path, frames: str, said: str) -> None:
    write(hub, frames)
    plugins = load(hub, entry_points=[])
    assert plugins.connectors == {}
    assert said in plugins.problems[0]


def test_a_plugin_whose_name_no_connector_can_have_is_reported(hub: Path) -> None:
    write(hub, 'Frame("people", read, key="id")', name="Guests")
    plugins = load(hub, entry_points=[])
    assert plugins.connectors == {}
    assert "its frames are left out: they would be a connector named 'Guests'" in plugins.problems[0]
