"""From one page to the next, by every kind of paging. Pure.

Pages that are counted shift when a record is deleted meanwhile, and pages that are named by the answer can name themselves.
The first is noticed where the answer tells a total, the second always.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from synchub_connectors.rest.calls import Paging
from synchub_connectors.rest.client import Answer, Asked
from synchub_connectors.rest.places import MISSING, at, filled, put, text

NEXT_LINK = re.compile(r'<([^>]+)>\s*(?:;[^,<]*?)?;\s*rel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known once a page came: how many pages and records so far, and the last record's id."""

    pages: int
    records: int
    fresh: int
    last_id: str


def first(asked: Asked, paging: Paging) -> Asked:
    """The first page as it has to be asked for."""
    return _with(asked, paging, paging.first) if paging.kind == "page" else asked


def following(asked: Asked, answer: Answer, paging: Paging, seen: Seen) -> Asked | None:
    """The question for the next page; None if this was the last one. `asked` is the first page's question."""
    told = answer.told
    if paging.more is not None and filled(told, paging.more) in (None, False, 0, ""):
        return None
    match paging.kind:
        case "page" | "offset":
            total = total_of(answer, paging)
            if seen.fresh == 0 or (total is not None and seen.records >= total):
                return None
            return _with(asked, paging, paging.first + seen.pages if paging.kind == "page" else seen.records)
        case "cursor":
            cursor = text(told, paging.next)
            return _with(asked, paging, cursor) if cursor else None
        case "last_id":
            return _with(asked, paging, seen.last_id) if seen.fresh and seen.last_id else None
        case "next_url":
            address = text(told, paging.next)
            return _elsewhere(asked, address) if address else None
        case "link":
            link = NEXT_LINK.search(answer.headers.get("Link") or "")
            return _elsewhere(asked, link[1]) if link else None
        case _:
            return None


def total_of(answer: Answer, paging: Paging) -> int | None:
    """How many records there are, if the answer says so."""
    found = filled(answer.told, paging.total)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def records_of(told: Any, records: str, record: str, *, alone: bool = False) -> Sequence[Any] | None:
    """The records in an answer; None if they are not where they should be. Null stands for none. `alone`: one that is
    told by itself will do."""
    listed = at(told, records) if told is not MISSING else MISSING
    if listed is None and records:
        return []
    if alone and isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list):
        return None
    return [at(each, record) for each in listed] if record else listed


def _with(asked: Asked, paging: Paging, value: int | str) -> Asked:
    if paging.within == "params":
        return replace(asked, params={**asked.params, paging.param: value})
    body = {**(asked.body or {})}
    put(body, paging.param, value)
    return replace(asked, body=body)


def _elsewhere(asked: Asked, address: str) -> Asked:
    """The same question at an address that brings its parameters along."""
    return replace(asked, path=address, params={})
