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


def has_live_links(tx: Connection, member: int) -> bool:
    """Whether a member has any live link, without counting them."""
    own = tables.link.c
    return tx.execute(select(own.id).where(own.member == member, own.tomb.is_(None)).limit(1)).first() is not None


def mark_if_changed(
    tx: Connection, entity: str, sync: tuple[str, int], scopes: Sequence[tuple[int, str]], *, everything: bool
) -> bool:
    """Mark all records or events of the entity to be looked at again by a sync (its name and mark), if the scope of any of its
    members is not what it was for this sync; `everything` marks them for every sync. Returns whether a member that took
    part before has another scope now."""
    (name, mark), known = sync, _known(tx, [number for number, _ in scopes])
    before = [(known.get(number, {}).get(name), scope) for number, scope in scopes]
    if everything or any(old != new for old, new in before):
        mark_all(tx, entity, ALL if everything else mark)
    return any(old not in (None, new) for old, new in before)


def keep(tx: Connection, sync: str, scopes: Sequence[tuple[int, str]], left: Sequence[int]) -> None:
    """Remember the scopes of a sync's members: from here on they are no news. Those of members that `left` it are forgotten:
    who comes back has missed what was said meanwhile."""
    now: dict[int, str | None] = {**dict.fromkeys(left), **dict(scopes)}
    own = tables.member.c
    for number, known in _known(tx, list(now)).items():
        if known.get(sync) != now[number]:
            kept = {name: scope for name, scope in {**known, sync: now[number]}.items() if scope is not None}
            tx.execute(update(tables.member).where(own.id == number).values(scope=orjson.dumps(kept).decode()))


def _known(tx: Connection, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    own = tables.member.c
    rows = tx.execute(select(own.id, own.scope).where(own.id.in_(numbers)))
    return {row.id: orjson.loads(row.scope or "{}") for row in rows}
