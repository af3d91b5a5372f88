"""Rows as lines that can be compared."""

from __future__ import annotations

import json
from typing import Any

Row = dict[str, Any]


def line(row: Row) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def named(row: Row) -> str:
    """What people call a row by."""
    return str(row.get("email") or row.get("mail") or row)
