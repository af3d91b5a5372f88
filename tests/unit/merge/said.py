"""Claims for tests of merging, written as short as they can be."""

from __future__ import annotations

from typing import Any

import polars as pl

from synchub.merge.chains import decide, decide_over_time
from synchub.merge.claims import SCHEMA, standing, strong
from synchub.merge.rules import RULES
from synchub.spec.entities import FieldDeclaration

SYSTEMS = ("hub", "crm", "shop", "fair")
TEXT = FieldDeclaration("x", "text")


def say(
    system: str, value: str, at: int | None = None, *, base: str | None = None, link: int | None = None, **more: Any
) -> dict[str, Any]:
    """One claim. Systems stand in the order hub, crm, shop, fair; a system has one link unless `link` says otherwise."""
    rank = SYSTEMS.index(system) - 1
    own = None if system == "hub" else (rank if link is None else link)
    kind = "hub" if system == "hub" else "claim"
    return {
        "record": 1,
        "field": "x",
        "link": own,
        "system": system,
        "rank": rank,
        "remote_id": str(own),
        "value": value,
        "base": base,
        "at": at,
        "seen": at or 0,
        "run": 1,
        "kind": kind,
        **more,
    }


def frame(*claims: dict[str, Any]) -> pl.DataFrame:
    """Claims in the order in which they were heard."""
    return pl.DataFrame([{"seq": number, **claim} for number, claim in enumerate(claims, start=1)], schema=SCHEMA)


def verdict(claims: pl.DataFrame, *chain: str, field: FieldDeclaration = TEXT) -> dict[str, Any]:
    """What a chain of rules makes of claims; the same whatever the order of their rows."""
    told = strong(standing(claims))
    found = [
        decide(rows, chain, field, RULES).to_dicts()
        for rows in (told, told.reverse(), told.sample(fraction=1.0, shuffle=True, seed=7))
    ]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 1
    return found[0][0]


def golden(*claims: dict[str, Any], chain: tuple[str, ...] | str, field: FieldDeclaration = TEXT) -> str | None:
    """The value that a chain of rules chooses; None while a question is open."""
    rules = (chain,) if isinstance(chain, str) else chain
    told = verdict(frame(*claims), *rules, field=field)
    return None if told["open"] else told["value"]


def golden_over_time(claims: pl.DataFrame, *epochs: tuple[int, str], field: FieldDeclaration = TEXT) -> str:
    """The same where the rule was changed: (from which claim on, the rule)."""
    history = [(since, (rule,)) for since, rule in epochs]
    return str(decide_over_time(claims, history, field, RULES)["value"][0])
