"""Rows and records shared out: what hangs together stays together."""

from __future__ import annotations

import random

import polars as pl
import pytest

from synchub.match.groups import assign
from synchub.match.shares import shares


def _shares(ids: list[int], edges: list[tuple[int, int]], most: int) -> dict[int, int]:
    told = shares(
        pl.Series(ids, dtype=pl.Int64),
        pl.DataFrame(edges, schema={"id": pl.Int64, "hash": pl.Int64}, orient="row"),
        most,
    )
    return dict(told.rows())


def test_few_are_one_share() -> None:
    assert _shares([1, 2, -1], [(1, 7)], 3) == {1: 0, 2: 0, -1: 0}


def test_what_shares_a_hash_is_in_one_share_and_others_are_not() -> None:
    told = _shares([0, 1, 2, 3, -1], [(0, 7), (3, 7), (1, 8), (-1, 8), (2, 9)], 2)
    assert told[0] == told[3]
    assert told[1] == told[-1]
    assert len({told[0], told[1], told[2]}) == 3


@pytest.mark.parametrize("step", [1, -1])
def test_a_long_chain_is_one_share_whatever_its_order(step: int) -> None:
    chain = [(number + end, number) for number in range(200) for end in (0, 1)]
    told = _shares(list(range(201))[::step], chain[::step], 10)
    assert len(set(told.values())) == 1


def test_a_share_holds_about_as_many_as_it_may() -> None:
    told = _shares(list(range(100)), [(number, number // 2) for number in range(100)], 10)
    assert all(told[number] == told[number + 1] for number in range(0, 100, 2))
    assert max(list(told.values()).count(share) for share in set(told.values())) <= 11
    assert len(set(told.values())) == 10


@pytest.mark.parametrize("seed", range(20))
def test_who_is_who_is_told_share_by_share_as_if_all_were_told_at_once(seed: int) -> None:
    chance = random.Random(seed)
    rows = [(node, chance.choice(("crm", "shop")), chance.choice(("ann", "bea", ""))) for node in range(60)]
    keys = {(node, key, f"{key}{chance.randrange(40)}") for node, *_ in rows for key in (1, 2) if chance.random() < 0.7}
    known = {(record, key, f"{key}{chance.randrange(40)}") for record in range(1, 15) for key in (1, 2)}
    taken = [(record, chance.choice(("crm", "shop")), "ann") for record in range(1, 15)]
    apart = [(chance.randrange(60), chance.randrange(1, 15)) for _ in range(5)]
    frames = (
        pl.DataFrame(rows, schema={"node": pl.Int64, "system": pl.String, "name": pl.String}, orient="row"),
        pl.DataFrame(sorted(keys), schema={"node": pl.Int64, "key": pl.Int64, "text": pl.String}, orient="row"),
        pl.DataFrame(sorted(known), schema={"record": pl.Int64, "key": pl.Int64, "text": pl.String}, orient="row"),
    )
    others = {
        "taken": pl.DataFrame(taken, schema={"record": pl.Int64, "system": pl.String, "name": pl.String}, orient="row"),
        "apart": pl.DataFrame(apart, schema={"node": pl.Int64, "record": pl.Int64}, orient="row"),
    }
    edges = [(node, hash(text)) for node, _, text in keys] + [(-record - 1, hash(text)) for record, _, text in known]
    placed = _shares([*range(60), *(-record - 1 for record in range(1, 15))], edges, 5)
    assert len(set(placed.values())) > 1
    whole = assign(*frames, **others, places=3)
    for share in set(placed.values()):
        nodes = [number for number, own in placed.items() if own == share and number >= 0]
        records = [-number - 1 for number, own in placed.items() if own == share and number < 0]
        some = assign(
            *(frame.filter(pl.col("node").is_in(nodes)) for frame in frames[:2]),
            frames[2].filter(pl.col("record").is_in(records)),
            taken=others["taken"].filter(pl.col("record").is_in(records)),
            apart=others["apart"],
            places=3,
        )
        told = whole.rows.filter(pl.col("node").is_in(nodes))
        assert some.rows.sort("node").equals(told.sort("node"))
        assert some.suspects.sort("node", "record").equals(
            whole.suspects.filter(pl.col("node").is_in(nodes)).sort("node", "record")
        )
