"""Tables and resources as other libraries make them: pandas, Arrow, dlt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synchub.api import Frame, Page
from synchub.errors import PluginError
from synchub.mapping.native import native_frame
from synchub.plugins.framed import FrameSettings, connector_of
from synchub.testing.host import LocalHost

DATA: dict[str, list[Any]] = {
    "id": [1, 2],
    "name": ["Ann", None],
    "count": [7, None],
    "paid": [1.5, None],
    "vip": [True, None],
    "seen": [datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None],
    "born": [date(1990, 1, 2), None],
    "tags": [["a", "b"], None],
}
ANN = {
    "id": "1",
    "name": "Ann",
    "count": "7",
    "paid": "1.5",
    "vip": "true",
    "seen": "2024-01-02T03:04:05+00:00",
    "born": "1990-01-02",
    "tags": '["a","b"]',
}


def pages(read: Callable[..., Any], host: LocalHost | None = None) -> list[Page]:
    made = connector_of([Frame("people", read, key=("id",))])(FrameSettings(), host or LocalHost("x", Path(".")))
    return list(made.read("people", None, ()))


def texts(read: list[Page]) -> list[dict[str, str | None]]:
    """The rows as the hub hears them."""
    frames = [native_frame(page.rows, list(page.fields), delivered=page.fields) for page in read]
    return [row for frame in frames for row in frame.to_dicts()]


def pandas_table() -> Any:
    import pandas as pd

    return pd.DataFrame(DATA)


def pandas_nullable() -> Any:
    return pandas_table().convert_dtypes()


def pandas_on_arrow() -> Any:
    return pandas_table().convert_dtypes(dtype_backend="pyarrow")


def arrow_table() -> Any:
    import pyarrow as pa

    return pa.table(DATA)


def arrow_batch() -> Any:
    return arrow_table().to_batches()[0]


def arrow_reader() -> Any:
    return arrow_table().to_reader()


def polars_lazy() -> Any:
    return pl.LazyFrame(DATA)


TABLES = (pandas_table, pandas_nullable, pandas_on_arrow, arrow_table, arrow_batch, arrow_reader, polars_lazy)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_says_the_same(table: Callable[[], Any]) -> None:
    """What is missing is blank, whatever a library takes for it: NaN, NaT, NA or null."""
    read = pages(table)
    assert texts(read) == [ANN, {**dict.fromkeys(DATA, ""), "id": "2"}]
    assert read[-1].complete


def test_numbers_of_arrow_keep_their_digits() -> None:
    import pyarrow as pa

    exact = Decimal("12345678901234567890.12")
    (row,) = texts(pages(lambda: pa.table({"id": [1], "amount": [exact]})))
    assert row["amount"] == "12345678901234567890.12"


def test_an_index_is_no_column_and_that_is_told() -> None:
    with pytest.raises(PluginError, match="reset_index"):
        pages(lambda: pandas_table().set_index("id"))


def test_a_function_with_a_default_of_its_own_is_called_without_the_host(tmp_path: Path) -> None:
    host = LocalHost("people", tmp_path)

    def plain(since: str = "2020") -> pl.DataFrame:
        return pl.DataFrame({"id": [since]})

    def asking(host: LocalHost | None = None) -> pl.DataFrame:
        return pl.DataFrame({"id": [host.system if host else "nobody"]})

    assert texts(pages(plain, host)) == [{"id": "2020"}]
    assert texts(pages(asking, host)) == [{"id": "people"}]


@pytest.fixture
def dlt(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    import dlt

    return dlt


def ids(read: list[Page]) -> list[str | None]:
    return sorted((row["id"] for row in texts(read)), key=str)


def test_a_resource_of_dlt_is_read_whole_and_again(dlt: Any) -> None:
    @dlt.resource(primary_key="id")
    def people() -> Iterator[Any]:
        yield {"id": 1}
        yield [{"id": 2}, {"id": 3, "name": "Eve"}]
        yield arrow_table().slice(0, 1).select(["id"]).set_column(0, "id", [[4]])
        yield pandas_table().head(1)[["id"]].assign(id=5)

    for read in (people, lambda: people, lambda: people()):
        assert ids(pages(read)) == ["1", "2", "3", "4", "5"]
        assert pages(read)[-1].complete


def test_a_resource_of_somebody_elses_source(dlt: Any) -> None:
    @dlt.resource
    def deals() -> Iterator[Any]:
        yield [{"id": 1}, {"id": 2}]

    @dlt.transformer(data_from=deals)
    def doubled(rows: list[dict[str, int]]) -> Iterator[Any]:
        yield [{"id": row["id"] * 2} for row in rows]

    @dlt.source
    def shop() -> Any:
        return [deals, doubled]

    assert ids(pages(lambda: shop().resources["deals"])) == ["1", "2"]
    assert ids(pages(lambda: shop().resources["doubled"])) == ["2", "4"]
    assert ids(pages(lambda: shop().resources["deals"].add_limit(1).add_map(lambda row: row))) == ["1", "2"]


def test_what_dlt_remembers_is_not_kept(dlt: Any) -> None:
    """Each read begins where the resource itself does: what is kept nowhere can't make a second read a shorter one."""

    @dlt.resource
    def people(number: Any = dlt.sources.incremental("number", initial_value=0)) -> Iterator[Any]:
        yield [{"id": each, "number": each} for each in range(number.last_value, 3)]

    assert ids(pages(lambda: people)) == ["0", "1", "2"]
    assert ids(pages(lambda: people)) == ["0", "1", "2"]


def test_a_resource_that_breaks_off_is_never_complete(dlt: Any) -> None:
    @dlt.resource
    def people() -> Iterator[Any]:
        yield [{"id": number} for number in range(10_001)]
        raise OSError("the line was cut")

    made = connector_of([Frame("people", lambda: people, key=("id",))])(FrameSettings(), LocalHost("x", Path(".")))
    reading = made.read("people", None, ())
    assert not next(reading).complete
    with pytest.raises(Exception, match="the line was cut"):
        next(reading)
