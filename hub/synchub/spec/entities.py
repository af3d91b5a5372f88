"""The built-in entities: their fields, the rules that hold unless hub.toml says otherwise, and fields decided as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from synchub.model import FieldType

LIFECYCLE: Final = (
    "subscriber",
    "lead",
    "marketing_qualified",
    "sales_qualified",
    "opportunity",
    "customer",
    "evangelist",
)


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """One canonical field. `values` are an enum's, in their order. `inward`: read, compared and explained, never sent."""

    name: str
    type: FieldType
    values: tuple[str, ...] = ()
    inward: bool = False


def _fields(*declared: FieldDeclaration) -> dict[str, FieldDeclaration]:
    return {field.name: field for field in declared}


F = FieldDeclaration

CONTACT_FIELDS: Final = _fields(
    F("hub_id", "text"),
    F("email", "email"),
    F("other_emails", "set"),
    F("phone", "phone"),
    F("mobile", "phone"),
    F("first_name", "text"),
    F("last_name", "text"),
    F("full_name", "text"),
    F("salutation", "text"),
    F("company", "text"),
    F("job_title", "text"),
    F("website", "url"),
    F("street", "text"),
    F("city", "text"),
    F("region", "text"),
    F("postal_code", "text"),
    F("country", "country"),
    F("language", "language"),
    F("timezone", "text"),
    F("birthday", "date"),
    F("lifecycle_stage", "enum", LIFECYCLE),
    F("lead_score", "number"),
    F("tags", "set"),
    F("owner", "text"),
    F("revenue", "money"),
    F("source", "text"),
    F("notes", "text"),
    F("opted_out", "bool"),
    F("consent_at", "datetime"),
    F("created_at", "datetime", inward=True),
    F("updated_at", "datetime", inward=True),
)

EVENT_FIELDS: Final = _fields(
    F("hub_id", "text"),
    F("contact", "ref"),
    F("type", "text"),
    F("occurred_at", "datetime"),
    F("source", "text"),
    F("subject", "text"),
    F("url", "url"),
    F("amount", "money"),
    F("properties", "json"),
)

BUILT_IN_FIELDS: Final = {"contact": CONTACT_FIELDS, "event": EVENT_FIELDS}

DEFAULT_RULES: Final[dict[str, tuple[str, ...]]] = {
    "opted_out": ("any",),
    "tags": ("union",),
    "other_emails": ("union",),
    "lifecycle_stage": ("furthest",),
    "created_at": ("oldest",),
}
"""Built-in fields whose rule is not `newest`."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "address": ("street", "city", "region", "postal_code", "country"),
    "consent": ("opted_out", "consent_at"),
}
"""Fields that only make sense together: the first field's rule (or the only one that hub.toml names) decides for all."""

DEFAULT_MATCH: Final[dict[str, tuple[str, ...]]] = {"contact": ("email",), "event": ()}
