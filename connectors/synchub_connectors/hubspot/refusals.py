"""What HubSpot's refusals mean for a single operation. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synchub.api import Result

_EXISTING = re.compile(r"Existing ID: (\d+)")
_HOLDER = re.compile(r"(\d+) already has that value")


def result(error: Mapping[str, Any], *, creates: bool) -> Result:
    """The result of an operation that was refused with this error.

    A create of something that exists is a conflict that names it, a change of something gone is a conflict
    too; a value that is not taken is rejected, with its property.
    """
    message, details = str(error.get("message") or "refused without a reason"), error.get("errors") or ()
    category = error.get("category")
    if category in ("RATE_LIMITS", "INTERNAL_ERROR"):
        return Result("retry", reason=message)
    holder = existing(error)
    if holder is not None and creates:
        return Result("conflict", remote_id=holder, reason=message)
    if category == "OBJECT_NOT_FOUND" and not creates:
        return Result("conflict", reason=message)
    told = [str(detail.get("message") or "") for detail in details if detail.get("message")]
    field = next(iter(_field(detail) for detail in details), None)
    if holder is not None and field is None and category == "CONFLICT":
        field = "email"
    return Result("rejected", reason="; ".join(told) or message, field=field)


def existing(error: Mapping[str, Any]) -> str | None:
    """The id of the record that has the value which was to be unique."""
    texts = [error.get("message"), *(detail.get("message") for detail in error.get("errors") or ())]
    for text in texts:
        match = _EXISTING.search(str(text)) or _HOLDER.search(str(text))
        if match:
            return match[1]
    return None


def concerned(error: Mapping[str, Any]) -> list[str]:
    """What in a batch an error is about: trace ids, else ids of objects."""
    context = error.get("context") or {}
    for name in ("objectWriteTraceId", "ids", "id"):
        if context.get(name):
            return [str(one) for one in context[name]]
    return []


def _field(detail: Mapping[str, Any]) -> str | None:
    names = (detail.get("context") or {}).get("propertyName") or ()
    return str(names[0]) if names else None
