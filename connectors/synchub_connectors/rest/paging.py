"""From one page to the next, by every kind of paging. Pure.

Pages that are counted shift when a record is deleted meanwhile: one that moves up is never seen, and must not count as
deleted. By offset each page is asked for with the last record of the one before, which shows it. By page number only a
total shows it, that stays the same and is what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from synchub_connectors.rest.calls import Paging
from synchub_connectors.rest.client import Answer, Asked
from synchub_connectors.rest.places import MISSING, at, filled, put, text

NEXT_LINK = re.compile(r'<([^>]+)>\s*(?:;[^,<]*?)?;\s*rel="?next"?', re.IGNORECASE)


@dataclass
class Walk:
    """One walk through a list. `start` is the question for its first page."""

    start: Asked
    paging: Paging
    pages: int = 0
    records: int = 0
    last_id: str = ""
    steady: bool = True
    """Whether each page by offset began with the record that the one before ended with."""
    totals: set[int | None] = field(default_factory=set)

    def step(self, answer: Answer, ids: Sequence[str]) -> tuple[int, Asked | None]:
        """Take a page, told by the ids of its records. Returns how many of them came already, and the next question;
        None if the list has ended."""
        known = 0
        if self.paging.kind == "offset" and self.pages:
            known = 1 if ids and ids[0] == self.last_id else 0
            self.steady = self.steady and bool(known and self.last_id)
        fresh = ids[known:]
        self.pages += 1
        self.records += len(fresh)
        self.last_id = fresh[-1] if fresh else self.last_id
        self.totals.add(total_of(answer, self.paging))
        return known, self._following(answer, fresh=bool(fresh))

    @property
    def whole(self) -> bool:
        """Whether a list that has ended was surely seen whole."""
        if self.paging.total is not None and self.totals != {self.records}:
            return False
        match self.paging.kind:
            case "page":
                return self.pages == 1 or self.paging.total is not None
            case "offset":
                return self.steady
            case _:
                return True

    def _following(self, answer: Answer, *, fresh: bool) -> Asked | None:
        told, paging = answer.told, self.paging
        if paging.more is not None and filled(told, paging.more) in (None, False, 0, ""):
            return None
        match paging.kind:
            case "page" | "offset":
                total = total_of(answer, paging)
                if not fresh or (total is not None and self.records >= total):
                    return None
                return _with(
                    self.start, paging, paging.first + self.pages if paging.kind == "page" else self.records - 1
                )
            case "cursor":
                cursor = text(told, paging.next)
                return _with(self.start, paging, cursor) if cursor else None
            case "last_id":
                return _with(self.start, paging, self.last_id) if fresh and self.last_id else None
            case "next_url":
                address = text(told, paging.next)
                return _elsewhere(self.start, address) if address else None
            case "link":
                link = NEXT_LINK.search(answer.headers.get("Link") or "")
                return _elsewhere(self.start, link[1]) if link else None
            case _:
                return None


def walk(asked: Asked, paging: Paging) -> Walk:
    """The walk that begins with this question."""
    return Walk(_with(asked, paging, paging.first) if paging.kind == "page" else asked, paging)


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
    body = deepcopy(asked.body or {})
    put(body, paging.param, value)
    return replace(asked, body=body)


def _elsewhere(asked: Asked, address: str) -> Asked:
    """The same question at an address that brings its parameters along."""
    return replace(asked, path=address, params={})
