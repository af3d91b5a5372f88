"""What may have to be sent anew although nobody claimed anything: a changed mapping, filter, direction or member."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, func, select, update

from synchub.record import tables
from synchub.record.marks import ALL, mark_all


def live_links(tx: Connection, member: int) -> int:
    """How many live links a member has."""
    own = tables.link.c
    return int(
        tx.execute(
            select(func.count()).select_from(tables.link).where(own.member == member, own.tomb.is_(None))
        ).scalar_one()
    )


def mark_if_changed(
    tx: Connection, entity: str, sync: tuple[str, int], scopes: Sequence[tuple[int, str]], *, everything: bool
) -> None:
    """Mark all records of the entity to be looked at again by a sync (its name and mark), if the scope of any of its
    members is not what it was for this sync; `everything` marks them for every sync."""
    (name, mark), own = sync, tables.member.c
    rows = tx.execute(select(own.id, own.scope).where(own.id.in_([number for number, _ in scopes])))
    known = {row.id: orjson.loads(row.scope or "{}") for row in rows}
    if not everything and all(known.get(number, {}).get(name) == scope for number, scope in scopes):
        return
    mark_all(tx, entity, ALL if everything else mark)
    for number, scope in scopes:
        told = orjson.dumps({**known.get(number, {}), name: scope}).decode()
        tx.execute(update(tables.member).where(own.id == number).values(scope=told))
