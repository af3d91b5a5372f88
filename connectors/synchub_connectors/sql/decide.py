"""What becomes of a batch of operations, decided against the rows as they are now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from synchub.api import Operation, Result

from .kinds import Kind
from .values import Unfit, all_understood, understood

Texts = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One operation that is to be sent. `place` is its place in the batch; `values` are understood values."""

    place: int
    remote_id: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows that are given the same columns. `values` are understood values, a column of them by its
    name; all are as long as `places`."""

    places: Sequence[int]
    values: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> Alike:
        return Alike(self.places[part], {name: column[part] for name, column in self.values.items()})

    def rows(self) -> list[dict[str, Any]]:
        """The values row by row."""
        if not self.values:
            return [{} for _ in self.places]
        return [dict(zip(self.values, row, strict=True)) for row in zip(*self.values.values(), strict=True)]


@dataclass(slots=True)
class Plan:
    """What to send, by kind; and the results of what needs no sending, by their place in the batch."""

    creates: list[Alike] = field(default_factory=list)
    updates: list[Change] = field(default_factory=list)
    deletes: list[Change] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)


def decide(
    operations: Sequence[tuple[int, Operation]],
    present: Mapping[str, Texts],
    kinds: Mapping[str, Kind],
    writable: frozenset[str],
    *,
    zone: ZoneInfo,
) -> Plan:
    """Sort the operations of a batch. `present` are the rows they name, by remote id."""
    plan = Plan()
    others = [each for each in operations if each[1].kind != "create"]
    for fitting in _fitting([each for each in operations if each[1].kind == "create"], kinds, writable, zone):
        plan.results |= fitting.unfit
        if fitting.fit:
            plan.creates.append(fitting.fit)
    fit: dict[int, dict[str, Any]] = {}
    for fitting in _fitting(others, kinds, writable, zone):
        plan.results |= fitting.unfit
        fit |= zip(fitting.fit.places, fitting.fit.rows(), strict=True)
    for place, operation in others:
        row = present.get(operation.remote_id or "")
        if place in plan.results:
            continue
        if operation.kind == "archive":
            reason = "A table has no archive."
            plan.results[place] = Result("rejected", operation.remote_id, reason=reason)
        elif row is None:
            plan.results[place] = _gone(operation)
        elif conflict := _conflict(operation, row, kinds, zone):
            plan.results[place] = conflict
        elif operation.kind == "delete":
            plan.deletes.append(Change(place, operation.remote_id, {}))
        elif all(same(row[column], value, kinds[column], zone) for column, value in operation.values.items()):
            plan.results[place] = Result("unchanged", operation.remote_id, stored=row)
        else:
            plan.updates.append(Change(place, operation.remote_id, fit[place]))
    return plan


def same(held: Any, value: Any, kind: Kind, zone: ZoneInfo) -> bool:
    """Whether two plain values, or native texts, are the same to a column of this kind."""
    if held in (None, "") or value in (None, ""):
        return held in (None, "") and value in (None, "")
    try:
        return bool(understood(held, kind, zone) == understood(value, kind, zone))
    except Unfit:
        return str(held) == str(value)


def key_text(row: Mapping[str, str | None], key: Sequence[str]) -> str:
    """The text that names a row: the key's value, or a JSON array of them."""
    parts = [row[column] or "" for column in key]
    return parts[0] if len(parts) == 1 else json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def key_texts(rows: Sequence[Mapping[str, str | None]], key: Sequence[str]) -> list[str]:
    """The text that names each row."""
    if len(key) == 1:
        (column,) = key
        return [row[column] or "" for row in rows]
    return [key_text(row, key) for row in rows]


def key_parts(text: str, key: Sequence[str]) -> tuple[str, ...] | None:
    """The values that a remote id is made of; None if it names no row of such a key."""
    if len(key) == 1:
        return (text,)
    try:
        parts = json.loads(text)
    except ValueError:
        return None
    return tuple(str(part) for part in parts) if isinstance(parts, list) and len(parts) == len(key) else None


def waves(operations: Sequence[Operation]) -> list[list[tuple[int, Operation]]]:
    """The operations with their places, parted so that none names a row twice: what follows sees what went
    before."""
    if {operation.remote_id for operation in operations} == {None}:
        return [list(enumerate(operations))]
    turns: dict[str, int] = {}
    parted: list[list[tuple[int, Operation]]] = [[]]
    for place, operation in enumerate(operations):
        turn = 0
        if operation.remote_id is not None:
            turn = turns.get(operation.remote_id, 0)
            turns[operation.remote_id] = turn + 1
        while len(parted) <= turn:
            parted.append([])
        parted[turn].append((place, operation))
    return parted


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Operations of the same columns: those whose values fit, and why others are rejected, by their place."""

    fit: Alike
    unfit: Mapping[int, Result]


def _fitting(
    operations: Sequence[tuple[int, Operation]],
    kinds: Mapping[str, Kind],
    writable: frozenset[str],
    zone: ZoneInfo,
) -> Iterator[_Fitting]:
    """The understood values of the operations. Worked out column by column."""
    alike: dict[tuple[str, ...], list[tuple[int, Operation]]] = {}
    for each in operations:
        alike.setdefault(tuple(each[1].values), []).append(each)
    for columns, some in alike.items():
        rows = [operation.values for _, operation in some]
        values: dict[str, list[Any]] = {}
        reasons: dict[int, tuple[str, str]] = {}
        for column in columns:
            given = list(map(itemgetter(column), rows))
            values[column], unfit = _column(column, given, kinds, writable, zone)
            reasons = {at: (column, str(error)) for at, error in unfit.items()} | reasons
        fit = Alike([place for place, _ in some], values)
        if reasons:
            fits = [at not in reasons for at in range(len(some))]
            kept = {column: list(compress(found, fits)) for column, found in values.items()}
            fit = Alike(list(compress(fit.places, fits)), kept)
        rejected = {
            some[at][0]: Result("rejected", some[at][1].remote_id, reason=reason, field=column)
            for at, (column, reason) in reasons.items()
        }
        yield _Fitting(fit, rejected)


def _column(
    column: str, given: list[Any], kinds: Mapping[str, Kind], writable: frozenset[str], zone: ZoneInfo
) -> tuple[list[Any], dict[int, Unfit]]:
    if column in writable:
        return all_understood(given, kinds[column], zone)
    known = f"The database computes column {column!r} itself."
    error = Unfit(known if column in kinds else f"There is no column {column!r}.")
    return given, dict.fromkeys(range(len(given)), error)


def _gone(operation: Operation) -> Result:
    if operation.kind == "delete":
        return Result("unchanged", operation.remote_id)
    return Result("conflict", operation.remote_id, reason="There is no row with this key any more.")


def _conflict(operation: Operation, row: Texts, kinds: Mapping[str, Kind], zone: ZoneInfo) -> Result | None:
    for column, believed in operation.before.items():
        if column in kinds and not same(row[column], believed, kinds[column], zone):
            reason = "The row was changed since it was read."
            return Result("conflict", operation.remote_id, stored=row, reason=reason, field=column)
    return None
