"""Which rule decided a field from which claim on: a changed rule applies from then on."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection, delete, select, text

from synchub.record import tables
from synchub.record.store import peek

Epoch = tuple[int, tuple[str, ...]]
History = dict[str, tuple[Epoch, ...]]


def keep(tx: Connection, entity: str, rules: dict[str, tuple[str, ...]], *, anew: bool) -> History:
    """Note changed rules, and give the history of fields whose rule ever changed. `anew` forgets all history: today's
    rules then apply to all claims."""
    own = tables.rule_epoch
    if anew:
        tx.execute(delete(own).where(own.c.entity == entity))
    history, changed = _with_today(tx, entity, rules)
    fresh = [
        {"entity": entity, "field": field, "since": since, "rule": orjson.dumps(list(chain)).decode()}
        for field, (since, chain) in changed.items()
    ]
    if fresh:
        clash = "ON CONFLICT (entity, field, since) DO UPDATE SET rule = excluded.rule"
        tx.execute(
            text(
                f"INSERT INTO rule_epoch (entity, field, since, rule) VALUES (:entity, :field, :since, :rule) {clash}"
            ),
            fresh,
        )
    return history


def look_up(tx: Connection, entity: str, rules: dict[str, tuple[str, ...]]) -> History:
    """The history as `keep` would give it; nothing is noted."""
    return _with_today(tx, entity, rules)[0]


def _with_today(tx: Connection, entity: str, rules: dict[str, tuple[str, ...]]) -> tuple[History, dict[str, Epoch]]:
    """The history of fields whose rule ever changed, today's rules among it; and of all fields what is not noted yet."""
    own = tables.rule_epoch
    history: dict[str, list[Epoch]] = {}
    for row in tx.execute(select(own).where(own.c.entity == entity).order_by(own.c.field, own.c.since)):
        history.setdefault(row.field, []).append((row.since, tuple(orjson.loads(row.rule))))
    changed: dict[str, Epoch] = {}
    for field, chain in rules.items():
        past = history.setdefault(field, [])
        if not past or past[-1][1] != tuple(chain):
            changed[field] = (peek(tx, "claim") if past else 0, tuple(chain))
            past.append(changed[field])
    return {field: tuple(past) for field, past in history.items() if len(past) > 1 and field in rules}, changed
