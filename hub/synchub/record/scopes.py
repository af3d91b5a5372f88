"""What may have to be sent anew although nobody claimed anything: a changed mapping, filter, direction or member."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, text, update

from synchub.record import tables


def live_links(tx: Connection, member: int) -> int:
    """How many live links a member has."""
    own = tables.link.c
    return int(tx.execute(select(func.count()).select_from(tables.link).where(own.member == member, own.tomb.is_(None))).scalar_one())


def soil_if_changed(tx: Connection, entity: str, scopes: Sequence[tuple[int, str]], *, everything: bool) -> None:
    """Mark all records of the entity to be looked at again, if any member's scope is not what it was."""
    own = tables.member.c
    rows = tx.execute(select(own.id, own.scope).where(own.id.in_([number for number, _ in scopes])))
    known = {row.id: row.scope for row in rows}
    if not everything and all(known.get(number) == scope for number, scope in scopes):
        return
    tx.execute(text("UPDATE record SET dirty = 1 WHERE entity = :entity AND dirty = 0"), {"entity": entity})
    for number, scope in scopes:
        tx.execute(update(tables.member).where(own.id == number).values(scope=scope))
