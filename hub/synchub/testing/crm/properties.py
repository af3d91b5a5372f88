"""The stand-in's properties: which there are, and which values they take. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
LONGEST = 65_536
LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


@dataclass(frozen=True, slots=True)
class Property:
    """One property as its definition tells it."""

    name: str
    type: str = "string"
    field: str = "text"
    options: tuple[str, ...] = ()
    unique: bool = False
    read_only: bool = False
    own: bool = False
    """Made by a user, not by the CRM."""

    def definition(self) -> dict[str, Any]:
        """The definition as the interface tells it."""
        return {
            "name": self.name,
            "label": self.name,
            "description": "",
            "type": self.type,
            "fieldType": self.field,
            "groupName": "contactinformation",
            "options": [
                {"label": option, "value": option, "hidden": False, "displayOrder": at, "description": ""}
                for at, option in enumerate(self.options)
            ],
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": not self.own,
            "calculated": False,
            "externalOptions": False,
            "formField": not self.read_only,
            "archived": False,
            "modificationMetadata": {
                "archivable": self.own,
                "readOnlyDefinition": not self.own,
                "readOnlyOptions": not self.own,
                "readOnlyValue": self.read_only,
            },
        }


def from_definition(told: dict[str, Any]) -> Property:
    """A property from what a user sent to have it made, or from a kept file."""
    metadata = told.get("modificationMetadata", {})
    return Property(
        name=told["name"],
        type=told["type"],
        field=told["fieldType"],
        options=tuple(option["value"] for option in told.get("options", ())),
        unique=bool(told.get("hasUniqueValue")),
        read_only=bool(metadata.get("readOnlyValue")),
        own=not told.get("hubspotDefined", False),
    )


def _by_name(properties: Iterable[Property]) -> dict[str, Property]:
    return {one.name: one for one in properties}


def predefined() -> dict[str, dict[str, Property]]:
    """What a fresh account has, and the properties that our mappings ask people to make in it."""
    text = (
        "firstname",
        "lastname",
        "salutation",
        "company",
        "jobtitle",
        "website",
        "address",
        "city",
        "state",
        "zip",
        "country",
        "hubspot_owner_id",
        "message",
        "hs_timezone",
    )
    contacts = [
        Property("email"),
        *(Property(name) for name in text),
        Property("phone", field="phonenumber"),
        Property("mobilephone", field="phonenumber"),
        Property("lifecyclestage", "enumeration", "radio", LIFECYCLE),
        Property("hs_lead_status", "enumeration", "radio", ("NEW", "OPEN", "CONNECTED", "UNQUALIFIED")),
        Property("hs_language", "enumeration", "select", ("de", "en", "en-gb", "es", "fr", "it", "nl", "pl")),
        Property("hs_email_optout", "bool", "booleancheckbox", read_only=True),
        Property("hs_additional_emails", "enumeration", "checkbox", read_only=True),
        Property("hs_merged_object_ids", "enumeration", "checkbox", read_only=True),
        Property("hs_object_id", "number", "number", unique=True, read_only=True),
        Property("createdate", "datetime", "date", read_only=True),
        Property("lastmodifieddate", "datetime", "date", read_only=True),
        Property("synchub_id", unique=True, own=True),
        Property("opted_out", "bool", "booleancheckbox", own=True),
        Property("consent_at", "datetime", "date", own=True),
        Property("birthday", "date", "date", own=True),
        Property("lead_score", "number", "number", own=True),
        Property("interests", "enumeration", "checkbox", ("news", "events", "offers", "webinars"), own=True),
    ]
    notes = [
        Property("hs_timestamp", "datetime", "date"),
        Property("hs_note_body", field="html"),
        Property("hubspot_owner_id"),
        Property("hs_object_id", "number", "number", unique=True, read_only=True),
        Property("hs_createdate", "datetime", "date", read_only=True),
        Property("hs_lastmodifieddate", "datetime", "date", read_only=True),
        Property("hs_merged_object_ids", "enumeration", "checkbox", read_only=True),
        Property("synchub_id", unique=True, own=True),
    ]
    return {"contacts": _by_name(contacts), "notes": _by_name(notes)}


def stamp(at: datetime) -> str:
    """A time as the interface writes it: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def accept(rule: Property, value: str) -> str:
    """The value as it is kept. Raises ValueError with (code, message) if it is not one of the property's."""
    if value == "":
        return value
    if len(value) > LONGEST:
        raise ValueError("INVALID_LENGTH", f"{rule.name} is longer than {LONGEST} characters")
    match rule.type:
        case "number":
            return _number(value)
        case "bool":
            if value not in ("true", "false"):
                raise ValueError("INVALID_OPTION", f"{value} was not one of the allowed options: [true, false]")
            return value
        case "date":
            return _date(value)
        case "datetime":
            return stamp(moment(value))
        case "enumeration":
            return _chosen(rule, value)
        case _ if rule.name == "email":
            if not EMAIL.fullmatch(value.strip()):
                raise ValueError("INVALID_EMAIL", f"Email address {value} is invalid")
            return value.strip().lower()
        case _:
            return value


def moment(value: str) -> datetime:
    """A time from ISO 8601 or from milliseconds since 1970."""
    try:
        if re.fullmatch(r"-?\d+", value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("INVALID_LONG", f"{value} was not a valid long.") from None


def _number(value: str) -> str:
    try:
        if not Decimal(value).is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError("INVALID_NUMBER", f"{value} was not a valid number.") from None
    return value


def _date(value: str) -> str:
    try:
        if re.fullmatch(r"-?\d+", value):
            return moment(value).date().isoformat()
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("INVALID_DATE", f"{value} was not a valid date.") from None


def _chosen(rule: Property, value: str) -> str:
    parts = value.split(";") if rule.field == "checkbox" else [value]
    for part in parts:
        if part and part not in rule.options:
            allowed = ", ".join(rule.options)
            raise ValueError("INVALID_OPTION", f"{part} was not one of the allowed options: [{allowed}]")
    return value
