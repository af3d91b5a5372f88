"""What stood about a record that is joined into another: questions, answers and what it was parted from go with it."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import text

from synchub.record import decisions, reviews
from synchub.run.people.deciding import Deciding


def follow(now: Deciding, kept: int, gone: int) -> None:
    """Let everything about `gone` be about `kept`, which has its links already."""
    decisions.move_parted(now.tx, gone, kept)
    for row in reviews.of_record(now.tx, now.entity.name, gone):
        if row["kind"] in reviews.PAIRS:
            _pair(now, row, kept, gone)
        elif row["kind"] == "ask":  # what they disagree about as one is asked when they are next decided about
            _close(now, row)
        else:
            reviews.move(now.tx, row, row["subject"], kept, row["details"])
    for row in reviews.of_record(now.tx, now.entity.name, kept):
        if row["kind"] in reviews.PAIRS and _are_parted(now, *map(int, row["subject"].split("+"))):
            _close(now, row)
    now.tx.execute(
        text("UPDATE review SET answer = :kept WHERE entity = :entity AND kind = 'match' AND answer = :gone"),
        {"entity": now.entity.name, "kept": f"join {kept}", "gone": f"join {gone}"},
    )


def _pair(now: Deciding, row: dict[str, Any], kept: int, gone: int) -> None:
    """A question about this record and a third is about the joined one and the third now, unless that is asked already."""
    sides = sorted({int(side) for side in row["subject"].split("+")} - {gone} | {kept})
    subject = "+".join(map(str, sides))
    if len(sides) == 1 or reviews.is_asked(now.tx, now.entity.name, row["kind"], subject):
        _close(now, row)
        return
    one, other = sides
    details = {**row["details"], "other": other}
    if "of" in details:
        details["of"] = now.hub_id(other)
    reviews.move(now.tx, row, subject, one, details)


def _are_parted(now: Deciding, one: int, other: int) -> bool:
    """Whether a person said that they are not the same."""
    return decisions.not_parted(now.tx, pl.DataFrame({"one": [one], "other": [other]})).is_empty()


def _close(now: Deciding, row: dict[str, Any]) -> None:
    reviews.close_all(now.tx, pl.Series([row["id"]], dtype=pl.Int64))
