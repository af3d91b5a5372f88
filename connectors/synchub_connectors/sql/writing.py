"""A batch written in one transaction: fast while all goes well, row by row where one is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from synchub.api import Operation, Result

from .catalogue import Source
from .decide import Alike, Change, Plan, Texts, decide, key_parts, key_text, key_texts, waves
from .faults import fault, is_unique, reason
from .rows import by_values
from .statements import delete, insert, tells_all, update


class _LeftOut(Exception):
    """The database took a statement, but not all of its rows."""


_Act = Callable[[sa.Connection, Source, sa.Table, Sequence[Change]], list[str]]
_Error = exc.DBAPIError | _LeftOut
_Some = TypeVar("_Some", list[Change], Alike)
_Done = TypeVar("_Done")


def write(connection: sa.Connection, source: Source, table: sa.Table, operations: Sequence[Operation]) -> list[Result]:
    """One result for each operation, in order. Raises the database's error if it is not one record's
    fault."""
    writable = source.writable
    if len(source.key) > 1:
        operations = [_respelled(operation, source.key) for operation in operations]
    results: dict[int, Result] = {}
    for wave in waves(operations):
        named = [operation.remote_id for _, operation in wave if operation.remote_id is not None]
        present = _rows(connection, source, named, lock=True)
        plan = decide(wave, present, source.kinds, writable, zone=source.zone)
        results |= plan.results | _send(connection, source, table, plan)
    return [results[place] for place in range(len(operations))]


def _send(connection: sa.Connection, source: Source, table: sa.Table, plan: Plan) -> dict[int, Result]:
    """Deletes go first and creates last: a unique value that is given up can be taken in the same batch."""
    failed: list[tuple[list[Change], _Error]] = []

    def sent(changes: Sequence[Change], act: _Act) -> list[tuple[Change, str]]:
        shaped: dict[frozenset[str], list[Change]] = {}
        for change in changes:
            shaped.setdefault(frozenset(change.values), []).append(change)
        act_here = partial(act, connection, source, table)
        return [
            done
            for alike in shaped.values()
            for some, names in _tried(act_here, alike, connection, failed)
            for done in zip(some, names, strict=True)
        ]

    results = {change.place: Result("ok", change.remote_id) for change, _ in sent(plan.deletes, delete)}
    updated = sent(plan.updates, update)
    results |= _create(connection, source, table, plan.creates)
    stored = _rows(connection, source, [remote_id for _, remote_id in updated])
    for change, remote_id in updated:
        results[change.place] = Result("ok", remote_id, stored=stored.get(remote_id))
    for (change,), error in failed:
        results[change.place] = _failure(connection, source, change, error)
    return results


def _create(connection: sa.Connection, source: Source, table: sa.Table, creates: Sequence[Alike]) -> dict[int, Result]:
    if not creates:
        return {}
    failed: list[tuple[Alike, _Error]] = []
    whole = tells_all(connection, source, table)
    columns = source.names if whole else source.key
    act = partial(insert, connection, source, table, names=columns)
    done = [tried for alike in creates for tried in _tried(act, alike, connection, failed)]
    places = [place for some, _ in done for place in some.places]
    told: list[Texts] = [dict(zip(columns, row, strict=True)) for _, made in done for row in made]
    names = key_texts(told, source.key)
    rows: list[Texts | None] = list(told)
    if not whole:
        rows = list(map(_rows(connection, source, names).get, names))
    results = {place: Result("ok", name, stored=row) for place, name, row in zip(places, names, rows, strict=True)}
    for alike, error in failed:
        change = Change(alike.places[0], None, alike.rows()[0])
        results[change.place] = _failure(connection, source, change, error)
    return results


def _tried(
    act: Callable[[_Some], list[_Done]],
    some: _Some,
    connection: sa.Connection,
    failed: list[tuple[_Some, _Error]],
) -> list[tuple[_Some, list[_Done]]]:
    """All at once; if the database refuses, each half by itself, down to the row that is at fault."""
    try:
        with connection.begin_nested():
            made = act(some)
            if len(made) != len(some):
                raise _LeftOut
    except (exc.DBAPIError, _LeftOut) as error:
        if isinstance(error, exc.DBAPIError) and fault(error) != "record":
            raise
        if len(some) == 1:
            failed.append((some, error))
            return []
        middle = len(some) // 2
        first = _tried(act, some[:middle], connection, failed)
        return first + _tried(act, some[middle:], connection, failed)
    return [(some, made)]


def _failure(connection: sa.Connection, source: Source, change: Change, error: _Error) -> Result:
    """What is said of a record that the database refused; of a create that exists already, which record that
    is."""
    if isinstance(error, _LeftOut):
        return Result("rejected", change.remote_id, reason="The database left the row out; a trigger may do so.")
    if is_unique(error) and change.remote_id is None:
        for columns in source.uniques:
            values = [change.values.get(column) for column in columns]
            if None not in values:
                for row in by_values(connection, source, columns, [values]):
                    said = f"A row with this {', '.join(columns)} exists already."
                    return Result("conflict", key_text(row, source.key), stored=row, reason=said)
    column = getattr(getattr(error.orig, "diag", None), "column_name", None)
    return Result("rejected", change.remote_id, reason=reason(error), field=column)


def _rows(connection: sa.Connection, source: Source, names: Iterable[str], *, lock: bool = False) -> dict[str, Texts]:
    """The rows with these remote ids, by remote id."""
    keys = [parts for name in names if (parts := key_parts(name, source.key))]
    rows = list(by_values(connection, source, source.key, keys, lock=lock))
    return dict(zip(key_texts(rows, source.key), rows, strict=True))


def _respelled(operation: Operation, key: Sequence[str]) -> Operation:
    """The operation with its remote id as it is spelled here: JSON arrays may be spaced in other ways."""
    parts = key_parts(operation.remote_id, key) if operation.remote_id is not None else None
    if not parts:
        return operation
    return replace(operation, remote_id=key_text(dict(zip(key, parts, strict=True)), key))
