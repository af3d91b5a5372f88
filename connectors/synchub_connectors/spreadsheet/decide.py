"""What a batch of operations does to a sheet, decided before anything is touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synchub.api import Operation, Result

from .cells import key_parts, key_text, native_text, same

Cells = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the decision needs to know of a sheet.

    rows     the present rows of every key that the operations name, by key
    form     the value as the sheet will hold it
    refuse   why a value can't stand in a cell; blank if it can
    new_key  makes the value of the key column for a new row; None where only the mapping can give it
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: Mapping[str, Sequence[Cells]]
    form: Callable[[Any], Any]
    refuse: Callable[[Any], str]
    new_key: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows to change (key: column: value), to remove, and to add. Keys are those that the sheet has now."""

    edits: Mapping[str, dict[str, Any]]
    removed: frozenset[str]
    added: Sequence[dict[str, Any]]

    def __bool__(self) -> bool:
        return bool(self.edits or self.removed or self.added)


@dataclass(slots=True)
class _Line:
    """A row while it is worked on. `origin` is the key it has in the sheet; None for one that is new."""

    origin: str | None
    cells: Cells
    new: dict[str, Any] = field(default_factory=dict)
    gone: bool = False


def decide(operations: Sequence[Operation], sheet: Sheet) -> tuple[Changes, list[Result]]:
    """The changes to make, and one result for each operation as it will be once they are made.

    Operations on one row follow each other: the second sees what the first has done.
    """
    present = {key: [_Line(key, dict(row)) for row in rows] for key, rows in sheet.rows.items()}
    lines = [line for found in present.values() for line in found]
    results = []
    for operation in operations:
        result = _refused(operation, sheet)
        if result is None and operation.kind == "create":
            result = _create(operation, sheet, present, lines)
        results.append(result or _change(operation, sheet, present))
    return _changes(lines), results


def _changes(lines: Sequence[_Line]) -> Changes:
    return Changes(
        edits={line.origin: line.new for line in lines if line.origin and line.new and not line.gone},
        removed=frozenset(line.origin for line in lines if line.origin and line.gone),
        added=[line.new for line in lines if line.origin is None and not line.gone],
    )


def _refused(operation: Operation, sheet: Sheet) -> Result | None:
    if operation.kind == "archive":
        return Result("rejected", operation.remote_id, reason="A spreadsheet has no archive.")
    for column, value in operation.values.items():
        if column not in sheet.columns:
            reason = f"There is no column {column!r}. Add it to the header row."
        else:
            reason = sheet.refuse(value)
        if reason:
            return Result("rejected", operation.remote_id, reason=reason, field=column)
    return None


def _create(operation: Operation, sheet: Sheet, present: dict[str, list[_Line]], lines: list[_Line]) -> Result:
    values = {column: sheet.form(value) for column, value in operation.values.items()}
    if len(sheet.key) == 1 and sheet.key[0] not in values and sheet.new_key:
        values[sheet.key[0]] = sheet.new_key()
    cells: Cells = {column: native_text(values.get(column)) or None for column in sheet.columns}
    key = key_text(cells, sheet.key)
    if not key:
        reason = f"The key ({', '.join(sheet.key)}) needs a value, and the mapping gives none."
        return Result("rejected", reason=reason, field=sheet.key[0])
    if present.get(key):
        stored = dict(present[key][0].cells)
        return Result("conflict", key, stored=stored, reason="A row with this key exists already.")
    line = _Line(None, cells, values)
    present[key] = [line]
    lines.append(line)
    return Result("ok", key, stored=dict(cells))


def _change(operation: Operation, sheet: Sheet, present: dict[str, list[_Line]]) -> Result:
    asked = operation.remote_id or ""
    key = present_key(asked, sheet.key)
    found = present.get(key, [])
    if len(found) > 1:
        reason = f"{len(found)} rows have the key {asked}. Leave one of them."
        return Result("rejected", asked, reason=reason, field=sheet.key[0])
    if not found and operation.kind == "delete":
        return Result("unchanged", asked)
    if not found:
        return Result("conflict", asked, reason="There is no row with this key any more.")
    line = found[0]
    for column, believed in operation.before.items():
        if column in line.cells and not same(line.cells[column] or "", native_text(sheet.form(believed))):
            reason = "The row was changed since it was read."
            return Result("conflict", asked, stored=dict(line.cells), field=column, reason=reason)
    if operation.kind == "delete":
        line.gone = True
        del present[key]
        return Result("ok", asked)
    return _update(operation, sheet, present, line)


def _update(operation: Operation, sheet: Sheet, present: dict[str, list[_Line]], line: _Line) -> Result:
    values = {column: sheet.form(value) for column, value in operation.values.items()}
    new = {column: value for column, value in values.items() if native_text(value) != (line.cells[column] or "")}
    if not new:
        return Result("unchanged", operation.remote_id, stored=dict(line.cells))
    after = line.cells | {column: native_text(value) or None for column, value in new.items()}
    old_key, new_key = key_text(line.cells, sheet.key), key_text(after, sheet.key)
    if not new_key:
        reason = "The key may not be blank."
        return Result("rejected", operation.remote_id, reason=reason, field=sheet.key[0])
    if new_key != old_key and present.get(new_key):
        reason = f"Another row has the key {new_key} already."
        return Result("rejected", operation.remote_id, reason=reason, field=sheet.key[0])
    del present[old_key]
    present[new_key] = [line]
    line.cells = after
    line.new.update(new)
    return Result("ok", new_key, stored=dict(after))


def present_key(remote_id: str, key: Sequence[str]) -> str:
    """The remote id as this package spells it: a JSON array may be spaced in another way."""
    parts = key_parts(remote_id, len(key))
    return key_text(dict(zip(key, parts, strict=True)), key) if parts else ""


def given_key(operation: Operation, key: Sequence[str]) -> str:
    """The key that an operation gives a row; blank if it gives none."""
    parts = [native_text(operation.values.get(column)) for column in key]
    return present_key(parts[0] if len(parts) == 1 else native_text(parts), key) if all(parts) else ""
