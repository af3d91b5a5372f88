"""What a target is given to read: messages of Singer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from synchub.api import FieldType

TOKEN = "synchub"
"""What the state is called that a target gives back: it means nothing to it."""
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "integer": {"type": ["null", "integer"]},
    "number": {"type": ["null", "number"]},
    "bool": {"type": ["null", "boolean"]},
    "date": {"type": ["null", "string"], "format": "date"},
    "datetime": {"type": ["null", "string"], "format": "date-time"},
    "set": {"type": ["null", "array"], "items": {"type": ["null", "string"]}},
    "json": {"type": ["null", "object", "array"]},
}
"""Field types as JSON Schema; all others are text."""
TEXT: Mapping[str, Any] = {"type": ["null", "string"]}


def schema(stream: str, fields: Mapping[str, FieldType], key: str) -> bytes:
    """Says what records of a stream look like; the key is what a target tells rows apart by."""
    properties = {name: SCHEMAS.get(kind, TEXT) for name, kind in fields.items()}
    said = {"type": "object", "properties": {**properties, key: {"type": "string"}}}
    return _line({"type": "SCHEMA", "stream": stream, "schema": said, "key_properties": [key]})


def record(stream: str, values: Mapping[str, Any], now: datetime) -> bytes:
    return _line({"type": "RECORD", "stream": stream, "record": values, "time_extracted": now})


def state(token: str) -> bytes:
    return _line({"type": "STATE", "value": {TOKEN: token}})


def acknowledges(line: bytes, token: str) -> bool:
    """Whether a line that a target prints is the state with this token: what came before it is loaded."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(said, dict) and said.get(TOKEN) == token


def _line(message: Mapping[str, Any]) -> bytes:
    return orjson.dumps(message, default=_exact, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _exact(value: Any) -> orjson.Fragment:
    """A number with all its digits."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no form in JSON")
