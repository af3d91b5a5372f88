"""Systems that failed run after run, and until when they are left alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from synchub.record import tables
from synchub.spec.answers import Failing


def load(tx: Connection) -> dict[str, Failing]:
    """Every system that failed last time, by name."""
    rows = tx.execute(select(tables.pause).order_by(tables.pause.c.system))
    return {row.system: Failing(**row._mapping) for row in rows}


def save(tx: Connection, changed: Iterable[Failing], well: Iterable[str]) -> None:
    """Keep what is known of systems that failed; forget those that are `well`."""
    kept = list(changed)
    gone = [*well, *(one.system for one in kept)]
    if gone:
        tx.execute(delete(tables.pause).where(tables.pause.c.system.in_(gone)))
    if kept:
        tx.execute(insert(tables.pause), [asdict(one) for one in kept])
