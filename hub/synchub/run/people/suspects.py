"""What a person needs to tell who a row in review is: what it says, and who it shares a key with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection

from synchub.record import known, members, reviews
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids, entity_of
from synchub.run.told.showing import labels

MOST = 20
"""Records, and waiting rows, that are listed."""


def details(
    tx: Connection, hub: Opened, entity_name: str, asked: Mapping[str, Any], subject: str, ids: Ids
) -> Iterator[tuple[str, str]]:
    """(what, value) pairs on a row in review. `asked`: the question's own details; `subject`: member and remote id."""
    states = {state.id: state for state in members.of_entity(tx, entity_name)}
    waiting, own = _waiting(tx, list(states), subject)
    for raw in own["raw"].to_list():
        yield from ((name, str(value)) for name, value in orjson.loads(raw).items() if value not in (None, ""))
    yield from (("could be", told) for told in _records(tx, hub, entity_name, asked.get("could_be", ()), ids))
    for row in _sharing(waiting, own).to_dicts():
        state = states[row["member"]]
        yield (
            "shares a key with",
            f"row {row['remote_id']} of {state.system}/{state.stream}, which waits too: {_in_short(row['raw'])}",
        )


def waiting_with(tx: Connection, entity_name: str, subject: str) -> set[str]:
    """The rows in review, as member and remote id, that share a key with one of them."""
    waiting, own = _waiting(tx, [state.id for state in members.of_entity(tx, entity_name)], subject)
    others = _sharing(waiting, own).filter(pl.col("kind") == "review")
    return {f"{member}:{remote_id}" for member, remote_id in others.select("member", "remote_id").rows()}


def _waiting(tx: Connection, own_members: Sequence[int], subject: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All rows of an entity that wait; and of these the one in review that `subject` names."""
    number, _, remote_id = subject.partition(":")
    waiting = pl.concat([reviews.asides(tx, member) for member in own_members]).filter(pl.col("kind") != "found")
    named = (pl.col("member") == int(number)) & (pl.col("remote_id") == remote_id) & (pl.col("kind") == "review")
    return waiting, waiting.filter(named)


def _records(tx: Connection, hub: Opened, entity_name: str, hub_ids: list[str], ids: Ids) -> Iterator[str]:
    numbers = [number for number in map(ids.record, hub_ids) if number is not None][:MOST]
    fields = list(entity_of(hub, entity_name).fields)
    names = labels(known.goldens(tx, numbers, fields).select(pl.col("id").alias("record"), *fields), ids)
    yield from (f"{ids.hub_id(number)}  {names[number]}" for number in numbers if number in names)


def _sharing(waiting: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Other rows that wait and have a key in common with this one."""
    keys = own.select(pl.col("idents").str.split(",")).explode("idents").filter(pl.col("idents") != "")
    each = waiting.with_columns(pl.col("idents").str.split(",")).explode("idents")
    sharing = each.join(keys, on="idents", how="semi")["id"].unique()
    others = waiting.filter(pl.col("id").is_in(sharing.implode()) & ~pl.col("id").is_in(own["id"].implode()))
    return others.sort("member", "remote_id").head(MOST)


def _in_short(raw: str) -> str:
    values = orjson.loads(raw).values()
    return ", ".join(str(value) for value in values if isinstance(value, (str, int)) and value != "")
