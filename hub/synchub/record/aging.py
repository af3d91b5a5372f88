"""Aging out: replaced claims, old journals and runs that came to nothing go after a while. What still decides anything
stays for ever, and so does every run that something in the store names."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from synchub.record.store import peek, take
from synchub.spec.job import Entity

_DAYS: Final = {"d": 1, "w": 7, "m": 30.4, "y": 365.25}
_A_DAY: Final = 86_400_000_000
_NEVER_OLD: Final = frozenset({"any", "furthest", "oldest", "union", "add", "ask"})
"""Rules that look at all claims ever made: those of their fields are kept."""
NEWEST: Final = 100
"""Runs of a sync that are kept whatever they came to."""
AT_ONCE: Final = 100
"""Runs that are looked at together: what names them is found by reading whole tables."""
_NAMED: Final = (
    ("claim", "run"),
    ("history", "run"),
    ("form", "run"),
    ("aside", "run"),
    ("review", "run"),
    ("apart", "run"),
    ("operation", "run"),
    ("event", "run"),
    ("record", "made_run"),
    ("record", "deleted_run"),
    ("link", "first_run"),
    ("link", "tomb"),
    ("link", "stale_run"),
)
"""Tables, and the columns in which they name runs."""


def horizon(clock: int, history: str) -> int:
    """The time before which things are let go; `history` as in hub.toml: 90d, 12w, 6m, 2y."""
    return clock - int(float(history[:-1]) * _DAYS[history[-1]] * _A_DAY)


def age_out(tx: Connection, entity: Entity, *, before: int) -> None:
    """Let go of what was replaced before `before` (microseconds): claims that a later one of the same link replaced,
    values seen in passing, and operations of old runs that have ended. Once a day: it reads whole tables."""
    done, day = f"{entity.name} aged out", before // _A_DAY + 1  # counters begin with 1
    first = peek(tx, done)
    if first > day:
        return
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
    take(tx, done, day + 1 - first)


def thin_out(tx: Connection, sync: str, *, quiet: int, old: int) -> None:
    """Let go of runs of a sync that nothing in the store names any more: of those that began before `quiet` (microseconds)
    and were done, and of those before `old` that were not. Kept are people's decisions, the newest runs, and the last one of
    each end that a run can come to: it tells whether the sync was ever done, and when."""
    _thin(tx, sync, f"quiet runs of {sync}", before=quiet, which="state = 'done'")
    _thin(tx, sync, f"old runs of {sync}", before=min(quiet, old), which="state NOT IN ('running', 'writing')")


def _thin(tx: Connection, sync: str, done: str, *, before: int, which: str) -> None:
    """`done`: the counter that tells which run is to be looked at next. None is looked at twice."""
    first = peek(tx, done)
    given: dict[str, Any] = {"sync": sync, "first": first, "before": before, "newest": NEWEST, "others": AT_ONCE - 1}
    newest = "SELECT id FROM run WHERE sync = :sync ORDER BY id DESC LIMIT 1 OFFSET :newest"
    given["last"] = tx.execute(text(newest), given).scalar() or 0
    waiting = "sync = :sync AND id BETWEEN :first AND :last"
    clock = tx.execute(
        text(f"SELECT clock FROM run WHERE {waiting} ORDER BY id LIMIT 1 OFFSET :others"), given
    ).scalar()
    if clock is None or clock >= before:
        return
    given["last"] = tx.execute(text(f"SELECT max(id) FROM run WHERE {waiting} AND clock < :before"), given).scalar_one()
    named = " ".join(f"EXCEPT SELECT {column} FROM {table}" for table, column in _NAMED)
    tx.execute(
        text(
            f"DELETE FROM run WHERE id IN (SELECT id FROM run WHERE {waiting} AND clock < :before AND kind = 'sync' AND {which} "
            f"EXCEPT SELECT max(id) FROM run WHERE sync = :sync AND kind = 'sync' GROUP BY state {named})"
        ),
        given,
    )
    take(tx, done, given["last"] + 1 - first)
