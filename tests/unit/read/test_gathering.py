"""Short pages taken together: nothing of any of them is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pytest

from synchub.api import BrokenRow, Page, Row
from synchub.errors import RetryLater
from synchub.read.gathering import gathered


def _page(*names: str, fields: tuple[str, ...] = ("id",), complete: bool = False) -> Page:
    return Page([{"id": name} for name in names], fields, complete=complete)


def _ids(pages: Sequence[Page]) -> list[list[object]]:
    return [[row["id"] for row in _rows(page)] for page in pages]


def _rows(page: Page) -> Sequence[Row]:
    assert isinstance(page.rows, Sequence)
    return page.rows


def test_short_pages_become_one_of_about_so_many_rows() -> None:
    pages = [_page("1", "2"), _page("3", "4"), _page("5", complete=True)]
    assert _ids(list(gathered(pages, enough=3))) == [["1", "2", "3", "4"], ["5"]]
    assert _ids(list(gathered(pages, enough=100))) == [["1", "2", "3", "4", "5"]]


def test_pages_that_deliver_other_fields_stay_apart() -> None:
    pages = [_page("1"), _page("2", fields=("id", "name")), _page("3", fields=("id", "name"))]
    found = list(gathered(pages, enough=100))
    assert _ids(found) == [["1"], ["2", "3"]]
    assert [page.fields for page in found] == [("id",), ("id", "name")]


def test_frames_go_through_as_they_are() -> None:
    frame = Page(pl.DataFrame({"id": ["1"]}), ("id",))
    assert list(gathered([frame, frame], enough=100)) == [frame, frame]


def test_all_that_pages_say_besides_their_rows_is_kept() -> None:
    broken = BrokenRow("line 3", "x", "no key")
    pages = [
        Page([{"id": "1"}], ("id",), cursor={"at": 1}, deleted=("7",), merged={"8": "1"}),
        Page([], ("id",), cursor={"at": 2}, deleted=("9",), merged={"8": "2"}, broken=(broken,)),
        Page([{"id": "2"}], ("id",), complete=True),
    ]
    (found,) = gathered(pages, enough=100)
    assert found == Page(
        [{"id": "1"}, {"id": "2"}],
        ("id",),
        cursor={"at": 2},
        complete=True,
        deleted=("7", "9"),
        merged={"8": "2"},
        broken=(broken,),
    )


def test_what_was_read_before_it_broke_off_comes_before_the_error() -> None:
    def read() -> Iterator[Page]:
        yield _page("1")
        yield _page("2")
        raise RetryLater("gone")

    found: list[Page] = []
    with pytest.raises(RetryLater, match="gone"):
        found.extend(gathered(read(), enough=100))
    assert _ids(found) == [["1", "2"]]
    assert not found[0].complete
