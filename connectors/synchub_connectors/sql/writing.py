"""A batch written in one transaction: fast while all goes well, row by row where one is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy import exc

from synchub.api import Operation, Result

from .catalogue import Source
from .decide import Change, Plan, Texts, decide, key_parts, key_text, waves
from .faults import fault, is_unique, reason
from .rows import by_values
from .statements import delete, insert, update

Act = Callable[[sa.Connection, Source, sa.Table, Sequence[Change]], list[str]]


class _LeftOut(Exception):
    """The database took a statement, but not all of its rows."""


Failed = list[tuple[Change, exc.DBAPIError | _LeftOut]]


def write(
    connection: sa.Connection, source: Source, table: sa.Table, operations: Sequence[Operation]
) -> list[Result]:
    """One result for each operation, in order. Raises the database's error if it is not one record's
    fault."""
    writable = frozenset(field.name for field in source.stream.fields if field.writable)
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
    failed: Failed = []

    def sent(changes: Sequence[Change], act: Act) -> list[tuple[Change, str]]:
        shaped: dict[frozenset[str], list[Change]] = {}
        for change in changes:
            shaped.setdefault(frozenset(change.values), []).append(change)
        return [
            done
            for alike in shaped.values()
            for done in _tried(lambda some: act(connection, source, table, some), alike, connection, failed)
        ]

    results = {change.place: Result("ok", change.remote_id) for change, _ in sent(plan.deletes, delete)}
    written = sent(plan.updates, update) + sent(plan.creates, insert)
    stored = _rows(connection, source, (remote_id for _, remote_id in written))
    for change, remote_id in written:
        results[change.place] = Result("ok", remote_id, stored=stored.get(remote_id))
    for change, error in failed:
        results[change.place] = _failure(connection, source, change, error)
    return results


def _tried(
    act: Callable[[Sequence[Change]], list[str]],
    changes: Sequence[Change],
    connection: sa.Connection,
    failed: Failed,
) -> Iterator[tuple[Change, str]]:
    """All at once; if the database refuses, each half by itself, down to the row that is at fault."""
    try:
        with connection.begin_nested():
            names = act(changes)
            if len(names) != len(changes):
                raise _LeftOut
    except (exc.DBAPIError, _LeftOut) as error:
        if isinstance(error, exc.DBAPIError) and fault(error) != "record":
            raise
        if len(changes) == 1:
            failed.append((changes[0], error))
            return
        middle = len(changes) // 2
        yield from _tried(act, changes[:middle], connection, failed)
        yield from _tried(act, changes[middle:], connection, failed)
    else:
        yield from zip(changes, names, strict=True)


def _failure(
    connection: sa.Connection, source: Source, change: Change, error: exc.DBAPIError | _LeftOut
) -> Result:
    """What is said of a record that the database refused; of a create that exists already, which record that
    is."""
    if isinstance(error, _LeftOut):
        return Result(
            "rejected", change.remote_id, reason="The database left the row out; a trigger may do so."
        )
    if is_unique(error) and change.remote_id is None:
        for columns in source.uniques:
            values = [change.values.get(column) for column in columns]
            if None not in values:
                for row in by_values(connection, source, columns, [values]):
                    said = f"A row with this {', '.join(columns)} exists already."
                    return Result("conflict", key_text(row, source.key), stored=row, reason=said)
    column = getattr(getattr(error.orig, "diag", None), "column_name", None)
    return Result("rejected", change.remote_id, reason=reason(error), field=column)


def _rows(
    connection: sa.Connection, source: Source, names: Iterable[str], *, lock: bool = False
) -> dict[str, Texts]:
    """The rows with these remote ids, by remote id."""
    keys = [parts for name in names if (parts := key_parts(name, source.key))]
    return {
        key_text(row, source.key): row for row in by_values(connection, source, source.key, keys, lock=lock)
    }


def _respelled(operation: Operation, key: Sequence[str]) -> Operation:
    """The operation with its remote id as it is spelled here: JSON arrays may be spaced in other ways."""
    parts = key_parts(operation.remote_id, key) if operation.remote_id is not None else None
    if not parts:
        return operation
    return replace(operation, remote_id=key_text(dict(zip(key, parts, strict=True)), key))
