"""Reading: everything, or what changed and what was deleted since a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from synchub.api import BrokenRow, Cursor, Page, PluginError, RetryLater
from synchub_connectors.rest.calls import Changes, Deleted, Lookup, Read
from synchub_connectors.rest.client import Answer, Asked, Client
from synchub_connectors.rest.description import StreamOf
from synchub_connectors.rest.fetching import GONE, by_id
from synchub_connectors.rest.paging import records_of, walk
from synchub_connectors.rest.places import MISSING, at, text
from synchub_connectors.rest.values import identified, moment, numbered_times, read_times

MOST_PAGES = 1_000_000
"""A list of more pages than this has no end."""
AHEAD = timedelta(days=1)
"""How far a system's clock may be ahead of ours: a cursor beyond that would see no change until its time has come."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list. `last`: the list has ended; `whole`: and all of it was seen."""

    records: Sequence[Any]
    at: datetime
    last: bool
    whole: bool


def parts(client: Client, call: Read | Lookup | Deleted, values: Mapping[str, Any], key: str) -> Iterator[Part]:
    """A list page by page. `key` says where a record's id is."""
    on = walk(client.asked(call, values), call.paging)
    asked: Asked | None = on.start
    before: list[str] = []
    while asked is not None:
        answer = client.read(asked, accept=GONE if isinstance(call, Lookup) else ())
        listed = [] if answer.status in GONE else _listed(client, call, answer, asked)
        here = [text(each, key) for each in listed]
        if len(here) > 1 and here == before and any(here):
            raise _endless(client, asked)
        known, coming = on.step(answer, here)
        if coming is not None and call.paging.kind in ("next_url", "link"):
            coming = replace(coming, path=client.below(coming.path, answer.url))
        if coming == asked or on.pages > MOST_PAGES:
            raise _endless(client, asked)
        yield Part(listed[known:], answer.at, coming is None, coming is None and on.whole)
        asked, before = coming, here


def _listed(client: Client, call: Read | Lookup | Deleted, answer: Answer, asked: Asked) -> Sequence[Any]:
    listed = records_of(answer.told, call.records, getattr(call, "record", ""), alone=isinstance(call, Lookup))
    if listed is None or any(each is MISSING for each in listed):
        where = f"no list at {call.records!r}" if call.records else "no list"
        raise RetryLater(
            f"{client.host.system} answered with {where}: {asked.method} {asked.path.partition('?')[0]}",
            not_done="Nothing was read; nothing counts as deleted.",
            next_step="Run the sync again later; if it stays so, correct `records` in the description.",
        )
    return listed


def _endless(client: Client, asked: Asked) -> PluginError:
    return PluginError(
        f"{client.host.system} gives the same page again and again: {asked.path.partition('?')[0]}",
        not_done="The read broke off; nothing counts as deleted.",
        next_step="Correct `paging` in the description: the system does not take it.",
    )


def everything(client: Client, stream: StreamOf, fields: tuple[str, ...]) -> Iterator[Page]:
    """A full read. Its cursor is the server's time before the first page; only the last page has it: a read of what
    changed since would not bring the pages that are still to come."""
    cursor: Cursor | None = None
    all_known = True
    for part in parts(client, stream.read, {}, stream.key):
        if cursor is None and stream.changes is not None:
            cursor = {"since": part.at.isoformat()}
        rows, _, broken = _told(part.records, stream)
        all_known = all_known and not broken
        end = cursor if part.last else None
        yield Page(rows, fields, cursor=end, complete=part.whole and all_known, broken=broken)


def changes(client: Client, stream: StreamOf, since: datetime, fields: tuple[str, ...]) -> Iterator[Page]:
    """What changed and what was deleted since a time; some records come again. Where a list may have shifted under us, the
    next read begins where this one did."""
    said = stream.changes
    assert said is not None
    start = {"since": moment(since - timedelta(seconds=said.overlap), said.format)}
    gone: set[str] = set()
    asked_at: datetime | None = None
    sure = True
    if stream.deleted is not None:
        for part in parts(client, stream.deleted, start, stream.deleted.id):
            asked_at, sure = asked_at or part.at, part.whole
            gone.update(text(each, stream.deleted.id) for each in part.records)
    seen = False
    for part in parts(client, changed(stream.read, said), start, stream.key):
        asked_at, seen = asked_at or part.at, part.whole
        rows, marked, broken = _told(part.records, stream)
        told = {text(row, stream.key) for row in rows}
        gone -= {one for one in told & gone if _is_there(client, stream, one)}
        gone.update(marked)
        yield Page([row for row in rows if text(row, stream.key) not in gone], fields, broken=broken)
    reached = max(asked_at, since) if asked_at is not None and sure and seen else since
    yield Page([], fields, cursor={"since": reached.isoformat()}, deleted=tuple(sorted(gone - {""})))


def _is_there(client: Client, stream: StreamOf, remote_id: str) -> bool:
    """Of a record that is told as changed and as deleted: it was restored since, or one of the two lists is late."""
    return stream.get is None or by_id(client, stream, stream.get, remote_id)[0] is not None


def changed(read: Read, said: Changes) -> Read:
    """The call for what changed: as `read`, but for what it says itself."""
    own = {name: getattr(said, name) for name in ("path", "method", "body", "records", "record", "paging")}
    told = {name: value for name, value in own.items() if value is not None}
    return read.model_copy(update={**told, "params": {**read.params, **said.params}})


def start_of(cursor: Cursor | None, said: Changes | None, now: datetime) -> datetime | None:
    """Where to go on from; None if everything has to be read."""
    if said is None:
        return None
    try:
        since = datetime.fromisoformat((cursor or {})["since"])
    except (KeyError, TypeError, ValueError):
        return None
    if since.tzinfo is None or since - now > AHEAD:
        return None
    if said.reaches_back and now - since > timedelta(days=said.reaches_back):
        return None
    return since


def _told(records: Sequence[Any], stream: StreamOf) -> tuple[list[Any], list[str], tuple[BrokenRow, ...]]:
    """The records of a page that are there, the ids of those that are marked as deleted, and what is no record."""
    rows = [each for each in records if identified(each, stream) is not None]
    broken = tuple(_broken(each, stream) for each in records if identified(each, stream) is None)
    marked: list[str] = []
    if stream.gone is not None:
        there, away = stream.gone.field, stream.gone.values
        marked = [text(row, stream.key) for row in rows if _in(at(row, there), away)]
        rows = [row for row in rows if not _in(at(row, there), away)]
    read_times(rows, numbered_times(stream))
    return rows, marked, broken


def _broken(told: Any, stream: StreamOf) -> BrokenRow:
    raw = orjson.dumps(told).decode()
    reason = f"it has no {stream.key}" if isinstance(told, dict) else "it is no JSON object"
    return BrokenRow(where="an element of the list", raw=raw[:1000], reason=reason)


def _in(value: Any, values: Sequence[Any]) -> bool:
    """1 is not true here, nor the other way round."""
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in values)
