"""What an answer to a write means for the one operation. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from synchub.api import OperationKind, Result
from synchub_connectors.rest.places import MISSING, at, text
from synchub_connectors.rest.writes import Errors, Meaning, Write

USUAL: Mapping[int, Meaning] = {404: "gone", 410: "gone", 409: "conflict", 412: "conflict", 428: "conflict"}
LONGEST = 2000
"""Characters of an answer that a pattern is looked for in."""


def meaning_of(status: int, errors: Errors) -> Meaning:
    """What a status means by itself."""
    said = errors.statuses.get(str(status))
    if said is not None:
        return said
    if status < 300:
        return "ok"
    return "retry" if status >= 500 else USUAL.get(status, "rejected")


def refusal(kind: OperationKind, remote_id: str | None, meaning: Meaning, told: Any, errors: Errors) -> Result:
    """The result of an operation that was refused. To delete what is gone is done already."""
    reason = said(told, errors) or "refused without a reason"
    field = text(told, errors.field) if told is not MISSING else ""
    if meaning == "gone" and kind in ("delete", "archive"):
        return Result("unchanged", remote_id)
    if meaning == "gone":
        return Result("rejected" if kind == "create" else "conflict", remote_id, reason=reason)
    if kind == "create" and (there := existing(told, errors)):
        return Result("conflict", there, reason=reason)
    if meaning == "conflict":
        return Result("conflict", remote_id, reason=reason)
    if meaning == "retry":
        return Result("retry", remote_id, reason=reason)
    return Result("rejected", remote_id, reason=reason, field=field or None)


def existing(told: Any, errors: Errors) -> str:
    """The id of the record that is there already, as a refusal names it; "" if it names none."""
    named = text(told, errors.existing) if errors.existing is not None and told is not MISSING else ""
    if errors.existing_pattern is None or not named:
        return named
    found = re.search(errors.existing_pattern, named[:LONGEST])
    return str(found[1] or "") if found else ""


def said(told: Any, errors: Errors) -> str:
    """What a refusal says in words, short."""
    if told is MISSING:
        return ""
    found = text(told, errors.reason) or text(told, "error.message") or text(told, "error")
    return " ".join(found.split())[:300]


def new_id(call: Write, told: Any, headers: Mapping[str, str], key: str) -> str:
    """The id of a record that was made, as the answer says it; "" if it doesn't."""
    if call.id_header is not None:
        parts = urlsplit(headers.get(call.id_header) or "").path.rstrip("/")
        return unquote(parts.rpartition("/")[2])
    if told is MISSING:
        return ""
    if call.id is not None:
        return text(told, call.id)
    return text(at(told, call.record or ""), key)
