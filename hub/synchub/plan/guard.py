"""The guard: sees the whole plan before the first write, and stops it where it is larger than its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synchub.spec.job import Member

_SMALL = 20
"""Shares mean nothing for so few links."""
_RESHAPED = "5%"
"""Creates and updates that a run does after a mapping or a filter was changed, where no limit is written."""
_FEW = 2
"""Deletes that a share never stops where there are so few links: people do delete one or two."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a plan would do to one member, and how many live links it had before the run. Updates that only carry
    an opt-out don't count. `reshaped`: settings of the sync's members are not what they were in the last run."""

    member: Member
    creates: int
    updates: int
    deletes: int
    links: int
    reshaped: bool = False


@dataclass(frozen=True, slots=True)
class Excess:
    """One limit that a plan goes over."""

    member: str
    what: str
    count: int
    limit: int
    reshaped: bool = False

    def __str__(self) -> str:
        why = ", for mappings or settings were changed" if self.reshaped else ""
        return f"{self.member}: {self.count} {self.what} planned, {self.limit} allowed{why}"


def excesses(loads: Sequence[Load], allowed: Mapping[Any, int]) -> list[Excess]:
    """Every limit that is exceeded. `allowed` lifts limits once: {"deletes": 120} or {"crm.deletes": 120}."""
    found = []
    for load in loads:
        for what, count in (("deletes", load.deletes), ("creates", load.creates), ("updates", load.updates)):
            limit = _limit(load, what)
            once = allowed.get(f"{load.member.name}.{what}", allowed.get(what))
            if once is not None and limit is not None:
                limit = max(limit, once)
            if limit is not None and count > limit:
                unwritten = getattr(load.member.limits, what) is None
                found.append(Excess(load.member.name, what, count, limit, unwritten))
    return found


def _limit(load: Load, what: str) -> int | None:
    """The limit as a count; None where there is none. A share says nothing on first contact and on few links; but half of
    them gone at once is more likely a side that came back half than what people did."""
    written: int | str | None = getattr(load.member.limits, what)
    if written is None and load.reshaped and what != "deletes":
        written = _RESHAPED
    if written is None or isinstance(written, int):
        return written
    share = int(load.links * float(written.removesuffix("%")) / 100)
    if load.links >= _SMALL:
        return share
    return max(share, _FEW, (load.links - 1) // 2) if what == "deletes" else None
