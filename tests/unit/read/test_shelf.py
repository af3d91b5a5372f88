"""Frames laid down: taken whole or in part, and many small ones as few large ones."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from synchub.read.shelf import Pile, Shelf

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.mark.parametrize("room", [0, 1_000_000])
def test_a_frame_is_taken_as_it_was_laid_or_some_columns_of_it(tmp_path: Path, room: int) -> None:
    laid = Shelf(tmp_path, room).lay(FRAME)
    assert len(list(tmp_path.iterdir())) == (1 if room == 0 else 0)
    for _ in range(2):
        assert laid.taken().equals(FRAME)
        assert laid.taken(["b"]).equals(FRAME.select("b"))


def test_many_small_frames_are_laid_down_as_few_large_ones(tmp_path: Path) -> None:
    pile = Pile(Shelf(tmp_path, room=0), 6, {"a": pl.Int64, "b": pl.String})
    for _ in range(5):
        pile.add(FRAME)
    assert len(list(tmp_path.iterdir())) == 2
    assert pl.concat(list(pile.frames())).equals(pl.concat([FRAME] * 5))
    assert pile.among("a", pl.DataFrame({"a": [2]}))["b"].to_list() == ["y"] * 5
    assert pile.among("a", None).height == 15


def test_an_empty_pile_has_its_columns(tmp_path: Path) -> None:
    pile = Pile(Shelf(tmp_path), 6, {"a": pl.Int64})
    assert pile.among("a", None).schema == {"a": pl.Int64}
    assert pile.among("a", pl.DataFrame({"a": [1]})).is_empty()
