"""Reports as plain data for `--json`: the fields of their dataclasses, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

FORMAT_VERSION = 1
"""Raised only if a field is ever removed or changes its meaning. Adding fields doesn't raise it."""


def jsonable(thing: object) -> Any:
    """`thing` as dicts, lists, text, numbers, booleans and None. Times are ISO 8601 with their offset."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: jsonable(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): jsonable(each) for key, each in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [jsonable(each) for each in thing]
    if isinstance(thing, date):
        return thing.isoformat()
    if isinstance(thing, Path):
        return str(thing)
    return thing


def document(command: str, **content: object) -> str:
    """What `--json` prints: one object with the format's version, the command, and its content."""
    whole = {"format_version": FORMAT_VERSION, "command": command, **jsonable(content)}
    # ASCII only: what is piped on must not depend on the terminal's encoding, nor steer a terminal.
    return json.dumps(whole, indent=2, ensure_ascii=True)
