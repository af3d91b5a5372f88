"""Which part of a batch's answer belongs to which of its inputs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synchub_connectors.hubspot.kinds import HUB_ID
from synchub_connectors.hubspot.refusals import concerned

Inputs = Mapping[int, Mapping[str, Any]]
"""What was sent, by number. The trace id of each is its number."""


def done(inputs: Inputs, told: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The objects that came of the inputs, by number."""
    found: dict[int, dict[str, Any]] = {}
    for one in told.get("results") or ():
        number = _number(inputs, one.get("objectWriteTraceId"), one)
        if number is not None:
            found[number] = one
    return found


def failed(inputs: Inputs, told: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The errors of the inputs that were refused, by number."""
    found: dict[int, dict[str, Any]] = {}
    for error in told.get("errors") or ():
        traced = "objectWriteTraceId" in (error.get("context") or {})
        for one in concerned(error):
            number = _number(inputs, one if traced else None, {"id": one})
            if number is not None:
                found[number] = error
    return found


def _number(inputs: Inputs, trace: Any, told: Mapping[str, Any]) -> int | None:
    """The input that an object or an error belongs to: by trace id, id, or a value that it alone has."""
    if trace is not None:
        return int(trace) if str(trace).isdigit() and int(trace) in inputs else None
    by_id = [number for number, sent in inputs.items() if sent.get("id") == str(told.get("id"))]
    if by_id:
        return by_id[0]
    values = told.get("properties") or {}
    for name in (HUB_ID, "email"):
        value = str(values.get(name) or "").lower()
        same = [n for n, sent in inputs.items() if value and _sent(sent, name) == value and "id" not in sent]
        if len(same) == 1:
            return same[0]
    return None


def _sent(sent: Mapping[str, Any], name: str) -> str:
    return str((sent.get("properties") or {}).get(name) or "").lower()
