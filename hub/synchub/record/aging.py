"""Aging out: replaced claims and old journals go after a while. What still decides anything stays for ever."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, text

from synchub.spec.job import Entity

_DAYS: Final = {"d": 1, "w": 7, "m": 30.4, "y": 365.25}
_NEVER_OLD: Final = frozenset({"any", "furthest", "oldest", "union", "add", "ask"})
"""Rules that look at all claims ever made: those of their fields are kept."""


def horizon(clock: int, history: str) -> int:
    """The time before which replaced claims are let go; `history` as in hub.toml: 90d, 12w, 6m, 2y."""
    return clock - int(float(history[:-1]) * _DAYS[history[-1]] * 86_400_000_000)


def age_out(tx: Connection, entity: Entity, *, before: int) -> None:
    """Let go of what was replaced before `before` (microseconds): claims that a later one of the same link replaced,
    values seen in passing, and operations of old runs that have ended."""
    kept = [name for name, chain in entity.rules.items() if any(rule.split()[0] in _NEVER_OLD for rule in chain)]
    old = "run IN (SELECT id FROM run WHERE clock < :before AND entity = :entity)"
    given = {"before": before, "entity": entity.name}
    tx.execute(text(f"DELETE FROM history WHERE {old}"), given)
    tx.execute(text(f"DELETE FROM operation WHERE state NOT IN ('open', 'rejected') AND {old}"), given)
    replaced = text(
        f"DELETE FROM claim WHERE link IS NOT NULL AND {old} AND field NOT IN :kept AND EXISTS "
        "(SELECT 1 FROM claim later WHERE later.link = claim.link AND later.field = claim.field AND later.seq > claim.seq)"
    ).bindparams(bindparam("kept", expanding=True))
    tx.execute(replaced, {**given, "kept": [*kept, ""]})  # PostgreSQL takes no empty list for one of texts
