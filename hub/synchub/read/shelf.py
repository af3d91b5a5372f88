"""Where frames lie between two steps of a run: in memory while they are small, then on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import polars as pl

ROOM = 8_000_000
"""Bytes that all frames on one shelf may take in memory."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A frame that was laid down."""

    _lies: pl.DataFrame | Path

    def taken(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """The frame; it goes on lying there. A column that is kept for long is to be taken alone: of a frame read whole it
        holds all in memory."""
        if not isinstance(self._lies, Path):
            return self._lies if columns is None else self._lies.select(columns)
        return pl.read_ipc(self._lies, columns=None if columns is None else list(columns))


class Shelf:
    """Takes frames until its run has ended. Any thread may lay something down.

    `room`: how many bytes may stay in memory, about: two threads at once may overdraw it by a frame each.
    """

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self._folder, self._room = folder, room
        self._numbers = count()

    def lay(self, frame: pl.DataFrame) -> Laid:
        """Lay a frame down."""
        size = int(frame.estimated_size())
        if size <= self._room:
            self._room -= size
            return Laid(frame)
        path = self._folder / f"{next(self._numbers)}.arrow"
        frame.write_ipc(path)
        return Laid(path)


class Pile:
    """Many small frames with the same columns, laid down as few large ones of about `enough` rows."""

    def __init__(self, shelf: Shelf, enough: int, schema: Mapping[str, type[pl.DataType]]) -> None:
        self._shelf, self._enough, self._schema = shelf, enough, schema
        self._laid: list[Laid] = []
        self._held: list[pl.DataFrame] = []
        self._count = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Put a frame on the pile."""
        self._held.append(frame)
        self._count += frame.height
        if self._count >= self._enough:
            self._laid.append(self._shelf.lay(pl.concat(self._held)))
            self._held, self._count = [], 0

    def frames(self) -> Iterator[pl.DataFrame]:
        """What is on the pile, a frame at a time; at least one, which may be empty."""
        yield pl.DataFrame(schema=self._schema)
        for laid in self._laid:
            yield laid.taken()
        yield from self._held

    def among(self, column: str, numbers: pl.DataFrame | None) -> pl.DataFrame:
        """The rows whose `column` is in the column of that name of `numbers`; all of them if there is none."""
        if numbers is None:
            return pl.concat(list(self.frames()))
        return pl.concat([frame.join(numbers, on=column, how="semi", maintain_order="left") for frame in self.frames()])
