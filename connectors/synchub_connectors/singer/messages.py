"""The lines that a tap prints, as messages; and what is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

SHOWN = 200
"""Characters of a line that are told."""


@dataclass(frozen=True, slots=True)
class Record:
    stream: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    stream: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a stream that the tap wrote into files of its own."""

    stream: str


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is no message. `damaged`: it may have been one, so a row may be lost."""

    text: str
    damaged: bool


Message = Record | Schema | State | Batch | Noise | None
"""None: a message that says nothing about rows."""


def message(line: bytes) -> Message:
    """What one line says."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        said = _leniently(line)
    if not isinstance(said, dict):
        return _noise(line)
    match said:
        case {"type": "RECORD", "stream": str(stream), "record": dict(values)}:
            return Record(stream, values)
        case {"type": "SCHEMA", "stream": str(stream), "schema": dict(schema)}:
            fields = schema.get("properties")
            return Schema(stream, tuple(fields) if isinstance(fields, dict) else ())
        case {"type": "STATE", "value": value}:
            return State(value if isinstance(value, dict) else {})
        case {"type": "BATCH", "stream": str(stream)}:
            return Batch(stream)
        case {"type": "RECORD" | "SCHEMA" | "BATCH"}:
            return _noise(line, damaged=True)
        case {"type": str()}:
            return None
    return _noise(line)


def _leniently(line: bytes) -> Any:
    """Some taps print numbers that JSON has not: NaN, or whole ones of any size."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _noise(line: bytes, *, damaged: bool = False) -> Noise:
    text = line[:SHOWN].decode("utf-8", "replace").strip()
    return Noise(text, damaged or b'"RECORD"' in line or b'{"type' in line)
