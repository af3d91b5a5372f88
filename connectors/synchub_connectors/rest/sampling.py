"""The fields of a stream that declares none, guessed from its first records. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synchub.api import Field, FieldType

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DEEPEST = 3


def guessed(rows: Sequence[Any], key: str) -> tuple[Field, ...]:
    """Every value that any of the rows holds, with dots where objects lie in objects; none of them writable."""
    kinds: dict[str, set[FieldType]] = {key: set()}
    for row in rows:
        if isinstance(row, Mapping):
            for name, value in _flat(row, "", 1):
                kinds.setdefault(name, set()).update(_kind(value))
    return tuple(Field(name, _common(found), writable=False) for name, found in kinds.items())


def _flat(row: Mapping[str, Any], above: str, depth: int) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping) and value and depth < DEEPEST:
            yield from _flat(value, f"{above}{name}.", depth + 1)
        else:
            yield above + name, value


def _kind(value: Any) -> set[FieldType]:
    match value:
        case None | "":
            return set()
        case bool():
            return {"bool"}
        case int():
            return {"integer"}
        case float():
            return {"number"}
        case list() | dict():
            return {"json"}
        case str() if TIME.match(value):
            return {"datetime"}
        case str() if DAY.fullmatch(value):
            return {"date"}
        case _:
            return {"text"}


def _common(found: set[FieldType]) -> FieldType:
    if len(found) == 1:
        return next(iter(found))
    return "number" if found == {"integer", "number"} else "text"
