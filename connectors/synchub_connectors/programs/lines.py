"""Lines that are to be JSON, and what is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

SHOWN = 200
"""Characters of a line that are told."""


@dataclass(frozen=True, slots=True)
class Noise:
    """A line that is no message. `damaged`: it may have been one, so a row may be lost."""

    text: str
    damaged: bool


def parsed(line: bytes) -> Any:
    """What a line of JSON says; None if it is none. Some programs print numbers that JSON has not: NaN, or whole ones of
    any size."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def noise(line: bytes, *, damaged: bool = False) -> Noise:
    """What is no message, shortened."""
    text = line[:SHOWN].decode("utf-8", "replace").strip()
    return Noise(text, damaged or b'"RECORD"' in line or b'{"type' in line)
