"""The lines that a tap prints, as messages; and what is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synchub_connectors.programs.lines import Noise, noise, parsed


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


Message = Record | Schema | State | Batch | Noise | None
"""None: a message that says nothing about rows."""


def message(line: bytes) -> Message:
    """What one line says."""
    said = parsed(line)
    if not isinstance(said, dict):
        return noise(line)
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
            return noise(line, damaged=True)
        case {"type": str()}:
            return None
    return noise(line)
