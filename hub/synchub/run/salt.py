"""What tells this hub's ids from any other hub's."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from synchub.record import tables
from synchub.run.opening import Opened


def salt_of(tx: Connection, hub: Opened) -> str:
    """Tells this hub's ids from any other hub's."""
    found = tx.execute(select(tables.meta.c.value).where(tables.meta.c.name == "salt")).scalar()
    if found is None:
        found = hub.outside.new_id()[:6]
        tx.execute(tables.meta.insert().values(name="salt", value=found))
    return str(found)


def salt_if_any(tx: Connection) -> str:
    """The prefix of this hub's ids; "" before the first run."""
    return str(tx.execute(text("SELECT value FROM meta WHERE name = 'salt'")).scalar() or "")
