"""The fields of simulated records, the values that people enter there, and what those stand for."""

from __future__ import annotations

from typing import Any

from synchub.mapping.native import native_text
from synchub.model import BLANK
from synchub.testing.simulation.steps import Deed

FIELDS = ("email", "first_name", "job_title", "owner", "notes", "tags", "lead_score", "lifecycle_stage", "opted_out")
TYPES = {"lead_score": "text"}
"""A score that is no number can be entered there: nobody can understand it."""
GARBLED = "many"
STAGES = ("subscriber", "lead", "customer")
PEOPLE = 4


def value_of(deed: Deed, now: int) -> Any:
    """A value of the field's kind; texts are never the same twice."""
    match deed.field:
        case "tags":
            return [tag for place, tag in enumerate("xyz") if deed.value >> place & 1] or None
        case "lead_score":
            return str(deed.value % 10)
        case "lifecycle_stage":
            return STAGES[deed.value % 3]
        case "opted_out":
            return deed.value % 2 == 0
        case "first_name":
            return f"P{deed.value % PEOPLE}"
        case "email":
            return f"p{deed.value % PEOPLE}@example.org"
    return ("abcdefghij"[deed.value % 10] * 2) + str(now)


def canonical(name: str, value: Any) -> str:
    """What a native value stands for: every field here is mapped as it is."""
    if value is None:
        return BLANK
    if name == "tags":
        return native_text(sorted(value)) or BLANK
    return native_text(value) or BLANK


def cut(value: str) -> str:
    """A system's own form of a text."""
    return value[:3]
