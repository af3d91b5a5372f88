"""What the stand-in answers when it says no, in HubSpot's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CORRELATION = "00000000-0000-4000-8000-000000000000"


class Refusal(Exception):
    """An answer that is an error: a status and a body."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        details: Sequence[dict[str, Any]] = (),
        context: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {
            "status": "error",
            "message": message,
            "correlationId": CORRELATION,
            "category": category,
        }
        if details:
            self.body["errors"] = list(details)
        if context:
            self.body["context"] = context
        self.body |= extra or {}

    def in_batch(self, context: dict[str, list[str]]) -> dict[str, Any]:
        """The same as one of the errors of a 207."""
        told = {key: value for key, value in self.body.items() if key != "correlationId"}
        return {"errors": [], "links": {}, **told, "context": {**self.body.get("context", {}), **context}}


def invalid(problems: Sequence[tuple[str, str, str]]) -> Refusal:
    """Values that were refused: (property, code, message) each."""
    told = "; ".join(message for _, _, message in problems)
    details = [
        {"message": message, "code": code, "context": {"propertyName": [name]}} for name, code, message in problems
    ]
    return Refusal(400, "VALIDATION_ERROR", f"Property values were not valid: {told}", details=details)


def malformed(message: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", message)


def exists(record: str) -> Refusal:
    return Refusal(409, "CONFLICT", f"Contact already exists. Existing ID: {record}")


def taken(name: str, value: str, record: str) -> Refusal:
    """A property whose values are unique: another record has this one."""
    message = f"Cannot set PropertyValueCoordinates{{propertyName={name}, value={value}}}. "
    message += f"{record} already has that value."
    return invalid([(name, "CONFLICTING_UNIQUE_VALUE", message)])


def not_found(kind: str, ids: Sequence[str]) -> Refusal:
    message = f"Could not get some {kind.upper().rstrip('S')} objects, they may be deleted or not exist. "
    message += "Check that ids are valid."
    return Refusal(404, "OBJECT_NOT_FOUND", message, context={"ids": list(ids)})


def unknown_address() -> Refusal:
    return Refusal(404, "OBJECT_NOT_FOUND", "resource not found")


def unauthorized() -> Refusal:
    return Refusal(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
    )


def over_limit(policy: str) -> Refusal:
    return Refusal(
        429,
        "RATE_LIMITS",
        f"You have reached your {policy.lower()} limit.",
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
    )
