"""Records gathered into pages, and what is known of a read by its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synchub.api import BrokenRow, Page

ROWS = 5_000
"""Rows of a page, at most."""
BYTES = 16_000_000
"""Bytes of the lines that a page is made of, about, at most."""


@dataclass(slots=True)
class Gathering:
    """The rows of one stream since the last page, and the state that the program was in.

    `wanted`: the fields that are asked for; all if empty. A record says nothing of a field that it does not name, so rows
    that name others lie apart. `state` stands for all records that came before it, and those are handed out no later.
    """

    wanted: Sequence[str]
    keep_state: bool
    piles: dict[tuple[str, ...], list[Mapping[str, Any]]] = field(default_factory=dict)
    rows: int = 0
    size: int = 0
    state: Any = None
    broken: list[BrokenRow] = field(default_factory=list)
    damaged: bool = False
    begun: bool = False
    declared: tuple[str, ...] = ()
    _tops: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._tops = frozenset({*self.wanted, *(name.split(".")[0] for name in self.wanted)})

    def record(self, values: Mapping[str, Any], size: int) -> None:
        """Take in one row, of a line of so many bytes."""
        kept = {key: values[key] for key in values if key in self._tops} if self._tops else values
        self.piles.setdefault(tuple(kept), []).append(kept)
        self.rows += 1
        self.size += size

    def declare(self, fields: tuple[str, ...]) -> None:
        """The program has begun with the stream, which has these fields."""
        self.begun, self.declared = True, fields

    def remember(self, state: Any) -> None:
        """Where the program could go on from. After what was lost none counts: that is to be read again."""
        if not self.damaged:
            self.state = state or self.state

    def lose(self, text: str) -> None:
        """A row may be lost with this line."""
        self.damaged = True
        self.rows += 1
        self.broken.append(BrokenRow("a line of the program", text, "it is no whole message"))

    @property
    def full(self) -> bool:
        return self.rows >= ROWS or self.size >= BYTES

    def pages(self, *, complete: bool = False) -> Iterator[Page]:
        """What was gathered. Only the last of these pages has the cursor: it stands for all of them."""
        piles, self.piles, self.rows, self.size = self.piles, {}, 0, 0
        broken, self.broken = tuple(self.broken), []
        for names, rows in piles.items():
            yield Page(rows, names)
        cursor = {"state": self.state} if self.keep_state and self.state else None
        yield Page([], self.declared, cursor, complete=complete, broken=broken)
