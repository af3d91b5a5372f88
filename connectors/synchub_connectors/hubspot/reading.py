"""Reading: everything by the list, or what changed by searching for it.

Search lags behind writes, so a read from a cursor starts some minutes before it. It never pages by offset: a
record that changes meanwhile would move to the end and let another slip through. Every question goes on
behind the last record seen instead, by time, and among records of one time by id; so nothing is missed, and
the limit of 10,000 results is never met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from synchub.api import Cursor, Page, PluginError
from synchub_connectors.hubspot.client import SEARCH_PAGE, Client, ListPage, Told
from synchub_connectors.hubspot.kinds import KEY
from synchub_connectors.hubspot.rows import Shape, merged
from synchub_connectors.hubspot.values import moment

OVERLAP = timedelta(minutes=5)
"""How far search may lag behind without anything being missed."""
KEPT = timedelta(days=85)
"""Archived objects vanish from HubSpot after 90 days: an older cursor can't tell of all of them."""
AHEAD = timedelta(days=1)
"""How far HubSpot's clock may be ahead of ours: a cursor beyond that would see no change until its time has come."""


def since(cursor: Cursor | None, now: datetime) -> datetime | None:
    """Where to go on from; None if everything has to be read."""
    try:
        start = datetime.fromisoformat((cursor or {})["since"])
    except (KeyError, TypeError, ValueError):
        return None
    return None if start.tzinfo is None or now - start > KEPT or start - now > AHEAD else start


def everything(client: Client, shape: Shape) -> Iterator[Page]:
    """A full read. Its cursor is the server's time before the first page; only the last page has it: a read of what
    changed since would not bring the pages that are still to come."""
    page = client.page(shape.kind, shape.properties)
    cursor = _cursor(page.at)
    while True:
        rows = [shape.row(told) for told in page.objects]
        last = page.after is None
        end = cursor if last else None
        yield Page(rows, shape.fields, cursor=end, complete=last, merged=merged(page.objects))
        if page.after is None:
            return
        page = _following(client, shape, page.after, shape.properties)


def changes(client: Client, shape: Shape, start: datetime) -> Iterator[Page]:
    """What was archived and what changed since a cursor; some records come again."""
    gone, at = _archived(client, shape, start - OVERLAP)
    for objects in _searched(client, shape, start - OVERLAP):
        # Search may not have learnt yet that a record is gone.
        alive = [told for told in objects if told["id"] not in gone]
        links = client.links(shape.kind, [told["id"] for told in alive]) if shape.linked else None
        yield Page([shape.row(told, links) for told in alive], shape.fields, merged=merged(alive))
    yield Page([], shape.fields, cursor=_cursor(max(at, start)), deleted=tuple(sorted(gone)))


def _searched(client: Client, shape: Shape, start: datetime) -> Iterator[list[Told]]:
    """Everything changed at `start` or later, in pages; nothing twice."""
    kind, time = shape.kind, milliseconds(start)
    names = [kind.updated_at, *shape.properties]
    seen: set[str] = set()
    while True:
        page = client.search(kind, [_filter(kind.updated_at, "GTE", time)], names, sort=kind.updated_at)
        times = {told["id"]: _changed(told, kind.updated_at) for told in page}
        yield [told for told in page if told["id"] not in seen]
        if len(page) < SEARCH_PAGE:
            return
        last = max(times.values())
        if last > time:
            seen = {one for one, at in times.items() if at == last}
            time = last
        else:
            # A whole page of one time, as a batch leaves it: only ids lead further.
            yield from _of_one_time(client, shape, time, seen | set(times))
            seen = set()
            time += 1


def _of_one_time(client: Client, shape: Shape, time: int, seen: set[str]) -> Iterator[list[Told]]:
    kind, behind = shape.kind, 0
    names = [kind.updated_at, *shape.properties]
    bounds = [_filter(kind.updated_at, "GTE", time), _filter(kind.updated_at, "LTE", time)]
    while True:
        page = client.search(kind, [*bounds, _filter(KEY, "GT", behind)], names, sort=KEY)
        yield [told for told in page if told["id"] not in seen]
        if len(page) < SEARCH_PAGE:
            return
        behind = max(int(told["id"]) for told in page)


def _archived(client: Client, shape: Shape, start: datetime) -> tuple[set[str], datetime]:
    """The ids of what was archived since, and the server's time when it was asked.

    The list of the archived knows no filter, so all of it is looked through.
    """
    gone: set[str] = set()
    page = client.page(shape.kind, [KEY], archived=True)
    asked = page.at
    while True:
        for told in page.objects:
            at = told.get("archivedAt")
            if at is None or moment(at) >= start:
                gone.add(str(told["id"]))
        if page.after is None:
            return gone, asked
        page = _following(client, shape, page.after, [KEY], archived=True)


def _following(client: Client, shape: Shape, after: str, names: Sequence[str], *, archived: bool = False) -> ListPage:
    """The next page of a list. One that names itself as the next would never end."""
    page = client.page(shape.kind, names, after=after, archived=archived)
    if page.after == after:
        raise PluginError(
            f"HubSpot names page {after!r} as the one after itself.",
            not_done="The read broke off; nothing counts as deleted.",
            next_step="Run the sync again later; if it stays so, ask HubSpot's support.",
        )
    return page


def milliseconds(at: datetime) -> int:
    """A time as filters want it: milliseconds since 1970, exactly."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _changed(told: Told, name: str) -> int:
    return milliseconds(moment((told.get("properties") or {}).get(name) or told["updatedAt"]))


def _filter(name: str, operator: str, value: int) -> Told:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _cursor(at: datetime) -> Cursor:
    return {"since": at.astimezone(UTC).isoformat()}
