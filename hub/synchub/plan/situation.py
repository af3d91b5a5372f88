"""What planning for one member looks at, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from synchub.model import AS, TO, WAS
from synchub.spec.job import Member

HUB_ID: Final = "hub_id"
"""The hub's id is put where a system can keep it when the hub makes the row; rows that are there are left alone, unless
they bear that of another record."""

UNSENT: Final[dict[str, type[pl.DataType]]] = {
    "record": pl.Int64,
    "link": pl.Int64,
    "field": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that planning for one member looks at.

    golden    record, hub_id, a column a field, day.*; only records that are alive and touched
    links     link, record, remote_id, tomb, version, hn.*, hv.*: this member's links of those records; and, if there are
              such, doubt: why nothing is to be sent there for now; unread: why only an opt-out is; astray: whether the
              row bears the hub's id of another record
    open      record, field: questions; these fields are not sent anywhere
    forms     link, field, state, golden, native: what the system made of values, and fields that are held back
    doomed    record: deleted elsewhere
    blocked   record, reason: nothing is created, for instance because a row in review or quarantine could be it
    outward   golden frame -> as.*, to.*, x.* (see the mapping)
    inside    golden frame -> whether `where` holds
    down      the system can't be reached now: what is to be made there waits
    today     an ISO date: a rate of one of the days before it that is missing may yet come
    """

    member: Member
    golden: pl.DataFrame
    links: pl.DataFrame
    open: pl.DataFrame
    forms: pl.DataFrame
    doomed: pl.DataFrame
    blocked: pl.DataFrame
    fields: tuple[str, ...]
    outward: Callable[[pl.DataFrame], pl.DataFrame]
    inside: Callable[[pl.DataFrame], pl.Series] | None
    can_create: bool = True
    can_update: bool = True
    down: bool = False
    today: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """`operations`: record, link, remote_id, version, kind, to.*, as.*, was.*.
    `unsent`: record, link, field, reason: what golden says and this member is not told, and why."""

    operations: pl.DataFrame
    unsent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNSENT))


def no_operations(fields: tuple[str, ...]) -> pl.DataFrame:
    base = {"record": pl.Int64, "link": pl.Int64, "remote_id": pl.String, "version": pl.String, "kind": pl.String}
    return pl.DataFrame(schema={**base, **{prefix + name: pl.String for name in fields for prefix in (TO, AS, WAS)}})
