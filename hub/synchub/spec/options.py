"""What a command asks of a run, and how a run tells how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

LimitKind = Literal["creates", "updates", "deletes"]
Format = Literal["parquet", "arrow"]
"""Of the files of an export."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `plan` and `sync`.

    full        read everything, whatever the cursors say
    systems     only members of these systems are read and written; empty means all
    record      only the record with this key value or hub id
    allow       limits raised for this once: {"deletes": 120}
    save        keep the plan so that `sync --plan ID` can do exactly it
    plan        do exactly this saved plan
    accept      members added to a sync that has run before, now to be written
    recompute   apply changed rules to older claims too
    paused      systems that are left alone, and why: their members take no part
    """

    full: bool = False
    systems: tuple[str, ...] = ()
    record: str | None = None
    allow: Mapping[LimitKind, int] = field(default_factory=dict)
    save: bool = False
    plan: str | None = None
    accept: tuple[str, ...] = ()
    recompute: bool = False
    paused: Mapping[str, str] = field(default_factory=dict)


class Progress(Protocol):
    """Where a run tells how far it is. Steps may overlap; a step is known by its name.

    Calls come from any thread.
    """

    def start(self, step: str, total: int | None = None) -> None:
        """A step begins: "reading crm", of `total` records if that is known.

        Starting again sets a new total.
        """
        ...

    def advance(self, step: str, count: int = 1) -> None:
        """`count` more records are done."""
        ...

    def finish(self, step: str) -> None:
        """The step has ended."""
        ...


class Silent:
    """A Progress that tells nobody."""

    def start(self, step: str, total: int | None = None) -> None:
        return

    def advance(self, step: str, count: int = 1) -> None:
        return

    def finish(self, step: str) -> None:
        return
