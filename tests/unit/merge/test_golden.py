"""Merging many records: a few at a time, as if each were alone."""

from __future__ import annotations

import polars as pl
from unit.merge.said import say

from synchub.merge.claims import SCHEMA
from synchub.merge.golden import Merged, merge
from synchub.merge.rules import RULES
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_settings import contact

PEOPLE = 9_000
ENTITY = contact(
    [MemorySystem(name, ["email", "first_name", "tags"]) for name in ("crm", "shop")],
    rules={},
    match=("email",),
)


def _said(rank: int, system: str, names: list[str | None]) -> pl.DataFrame:
    """What one system said of everybody at first contact."""
    number = pl.int_range(PEOPLE, dtype=pl.Int64)
    return pl.DataFrame({"v.first_name": names}).select(
        "v.first_name",
        record=number,
        link=number * 2 + rank,
        system=pl.lit(system),
        rank=pl.lit(rank, dtype=pl.Int64),
        remote_id=number.cast(pl.String),
        at=pl.when(number % 3 == 0).then(number + rank),
        seen=pl.lit(PEOPLE, dtype=pl.Int64),
        run=pl.lit(1, dtype=pl.Int64),
        seq=number * 2 + rank,
        kind=pl.lit("claim"),
        void_before=pl.lit(0, dtype=pl.Int64),
    )


def _merged(said: list[pl.DataFrame], later: pl.DataFrame) -> Merged:
    return merge(said, later, ENTITY, epochs={}, rules=RULES, run=1)


def test_many_records_are_merged_as_few_are() -> None:
    said = [
        _said(0, "crm", [f"C{number}" if number % 4 else None for number in range(PEOPLE)]),
        _said(1, "shop", [f"S{number}" if number % 5 else f"C{number}" for number in range(PEOPLE)]).filter(
            pl.col("record") % 7 != 0
        ),
    ]
    claims = [
        say("shop", f"L{number}", PEOPLE + number, record=number, field="first_name", link=number * 2 + 1, run=1)
        for number in range(0, PEOPLE, 11)
    ]
    later = pl.DataFrame([{"seq": 3 * PEOPLE + place, **claim} for place, claim in enumerate(claims)], schema=SCHEMA)
    whole = _merged(said, later)
    thirds = [
        _merged([frame.filter(own) for frame in said], later.filter(own))
        for own in (pl.col("record").is_between(start, start + 2_999) for start in range(0, PEOPLE, 3_000))
    ]
    names = ["record", "first_name"]
    assert (
        whole.golden.select(names)
        .sort("record")
        .equals(pl.concat([third.golden.select(names) for third in thirds]).sort("record"))
    )
    for told in ("verdicts", "conflicts"):
        parts = pl.concat([getattr(third, told) for third in thirds])
        assert getattr(whole, told).sort("record", "field").equals(parts.sort("record", "field"))
    assert whole.golden.height == PEOPLE
    assert whole.conflicts.height > 1_000
