"""What was done with one member."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl


@dataclass(slots=True)
class Done:
    """What was done with one member. `undone`: records that still differ and are to be looked at again. `missing`: rows
    were to be written that are not there any more; only a full read can tell that they are gone."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    own_form: int = 0
    missing: bool = False
    undone: list[pl.Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
