"""What becomes of a batch of operations, decided against the rows as they are now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Plan:
    """What to send, by kind; and the results of what needs no sending, by their place in the batch."""

    creates: list[Change] = field(default_factory=list)
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
    fitting = _fitting([operation for _, operation in operations], kinds, writable, zone)
    for (place, operation), values in zip(operations, fitting, strict=True):
        row = present.get(operation.remote_id or "")
        if isinstance(values, Result):
            plan.results[place] = values
        elif operation.kind == "create":
            plan.creates.append(Change(place, None, values))
        elif operation.kind == "archive":
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
            plan.updates.append(Change(place, operation.remote_id, values))
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


def _fitting(
    operations: Sequence[Operation], kinds: Mapping[str, Kind], writable: frozenset[str], zone: ZoneInfo
) -> list[dict[str, Any] | Result]:
    """The understood values of each operation, or why it is rejected. Worked out column by column."""
    found: list[dict[str, Any] | Result] = [{} for _ in operations]
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, operation in enumerate(operations):
        alike.setdefault(tuple(operation.values), []).append(place)
    for columns, places in alike.items():
        values: list[list[Any]] = []
        reasons: dict[int, tuple[str, str]] = {}
        for column in columns:
            given = [operations[place].values[column] for place in places]
            if column in writable:
                fits, unfit = all_understood(given, kinds[column], zone)
            else:
                known = f"The database computes column {column!r} itself."
                error = Unfit(known if column in kinds else f"There is no column {column!r}.")
                fits, unfit = given, dict.fromkeys(range(len(given)), error)
            values.append(fits)
            reasons = {at: (column, str(error)) for at, error in unfit.items()} | reasons
        for place, row in zip(places, zip(*values, strict=True), strict=False):
            found[place] = dict(zip(columns, row, strict=True))
        for at, (column, reason) in reasons.items():
            remote_id = operations[places[at]].remote_id
            found[places[at]] = Result("rejected", remote_id, reason=reason, field=column)
    return found


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
