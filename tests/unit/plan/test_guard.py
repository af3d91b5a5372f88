"""The guard's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synchub.plan.guard import Load, excesses
from synchub.spec.hub import Limits
from synchub.spec.job import Member
from synchub.spec.mapping import MappingFile


def _load(limits: dict[str, Any], *, creates: int = 0, updates: int = 0, deletes: int = 0, links: int = 100) -> Load:
    mapping = MappingFile(entity="contact", key="id", fields={"email": "email"})
    return Load(
        Member("shop", 0, "shop", "people", "m", mapping, limits=Limits(**limits)), creates, updates, deletes, links
    )


@pytest.mark.parametrize(
    ("limits", "counts", "links", "stopped"),
    [
        ({}, {"deletes": 5}, 100, []),
        ({}, {"deletes": 6}, 100, ["deletes"]),
        ({}, {"deletes": 9}, 19, []),
        ({}, {"deletes": 10}, 19, ["deletes"]),
        ({}, {"deletes": 3}, 7, []),
        ({}, {"deletes": 2}, 2, []),
        ({}, {"deletes": 3}, 3, ["deletes"]),
        ({"deletes": "100%"}, {"deletes": 19}, 19, []),
        ({}, {"deletes": 2}, 20, ["deletes"]),
        ({}, {"creates": 9000, "updates": 9000}, 100, []),
        ({"creates": 10}, {"creates": 11}, 0, ["creates"]),
        ({"creates": "10%"}, {"creates": 500}, 0, []),
        ({"updates": 0}, {"updates": 1}, 100, ["updates"]),
        ({"updates": "50%"}, {"updates": 51}, 100, ["updates"]),
        ({"deletes": None}, {"deletes": 100}, 100, []),
        ({"deletes": 0, "creates": 0}, {"deletes": 1, "creates": 1}, 5, ["deletes", "creates"]),
    ],
)
def test_limits(limits: dict[str, Any], counts: dict[str, int], links: int, stopped: list[str]) -> None:
    assert [excess.what for excess in excesses([_load(limits, links=links, **counts)], {})] == stopped


def test_a_limit_is_lifted_once_as_far_as_was_said() -> None:
    load = _load({}, deletes=10)
    assert excesses([load], {"deletes": 10}) == []
    assert excesses([load], {"shop.deletes": 10}) == []
    assert [str(excess) for excess in excesses([load], {"deletes": 9})] == ["shop: 10 deletes planned, 9 allowed"]
    assert len(excesses([load], {"creates": 99})) == 1


def test_allowing_less_than_the_limit_lowers_nothing() -> None:
    assert excesses([_load({}, deletes=5)], {"deletes": 1}) == []


@pytest.mark.parametrize(
    ("limits", "links", "stopped"),
    [
        ({}, 100, ["creates", "updates"]),
        ({}, 19, []),
        ({"updates": "100%"}, 100, ["creates"]),
        ({"creates": 9}, 100, ["updates"]),
    ],
)
def test_changed_settings_never_flood_unasked(limits: dict[str, Any], links: int, stopped: list[str]) -> None:
    """Without written limits nothing holds creates and updates back; but a mapping that was just changed may be wrong."""
    load = replace(_load(limits, creates=6, updates=6, links=links), reshaped=True)
    assert [excess.what for excess in excesses([load], {})] == stopped
    assert excesses([load], {"creates": 6, "updates": 6} if stopped else {}) == []


def test_it_is_said_that_the_settings_were_changed() -> None:
    load = replace(_load({}, updates=6), reshaped=True)
    assert [str(excess) for excess in excesses([load], {})] == [
        "shop: 6 updates planned, 5 allowed, for mappings or settings were changed"
    ]
