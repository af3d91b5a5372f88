"""Where frames lie between two steps of a run: in memory while they are small, then on disk."""

from __future__ import annotations

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

    def taken(self) -> pl.DataFrame:
        """The frame; it goes on lying there."""
        return pl.read_ipc(self._lies) if isinstance(self._lies, Path) else self._lies


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
