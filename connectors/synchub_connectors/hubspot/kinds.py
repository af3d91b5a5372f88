"""What differs between contacts and notes, and what a stream's fields are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synchub.api import Field, FieldType, OperationKind, Stream

KEY = "hs_object_id"
HUB_ID = "synchub_id"
"""A text property with unique values that people may add to their account: it keeps the hub's own id."""
MERGED = "hs_merged_object_ids"
CONTACT = "contact"
"""Of a note: the id of the contact that it is of. No property, but an association."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its name in addresses, the property with its last change, the writes it takes."""

    name: str
    updated_at: str
    writes: frozenset[OperationKind]
    unique: tuple[str, ...] = ()
    """Built-in properties that name one record."""
    html: frozenset[str] = frozenset()
    """Properties that hold HTML there and text here."""
    linked: bool = False
    """Whether it belongs to contacts."""


KINDS = {
    "contacts": Kind(
        "contacts",
        updated_at="lastmodifieddate",
        writes=frozenset({"create", "update", "archive"}),
        unique=("email",),
    ),
    "notes": Kind(
        "notes",
        updated_at="hs_lastmodifieddate",
        writes=frozenset({"create"}),
        html=frozenset({"hs_note_body"}),
        linked=True,
    ),
}

_TYPES: Mapping[str, FieldType] = {
    "number": "number",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "enum",
}


def stream(kind: Kind, definitions: Sequence[Mapping[str, Any]]) -> Stream:
    """The stream of a kind, from the definitions of its properties."""
    fields = [_field(kind, told) for told in definitions if not told.get("archived")]
    names = {field.name for field in fields}
    if kind.linked:
        fields.append(Field(CONTACT, "text", summary="The id of the contact that the note is of"))
    unique = {told["name"] for told in definitions if told.get("hasUniqueValue")}
    external = HUB_ID if HUB_ID in unique else None
    matching = [name for name in (*kind.unique, *sorted(unique)) if name in names and name != KEY]
    return Stream(
        name=kind.name,
        fields=tuple(fields),
        key=(KEY,),
        matching_keys=tuple(dict.fromkeys(matching)),
        updated_at=kind.updated_at,
        external_id=external,
        incremental=True,
        sees_deletes=True,
        writes=kind.writes,
        batch=BATCH,
    )


def _field(kind: Kind, told: Mapping[str, Any]) -> Field:
    type_ = _type(told)
    closed = bool(told.get("calculated") or told.get("modificationMetadata", {}).get("readOnlyValue"))
    options = tuple(option["value"] for option in told.get("options") or ()) if type_ in ("enum", "set") else ()
    return Field(
        told["name"],
        type_,
        writable=not closed and told["name"] != KEY,
        required=kind.linked and told["name"] == "hs_timestamp",
        options=options,
        summary=told.get("label") or "",
    )


def _type(told: Mapping[str, Any]) -> FieldType:
    """A property's type here. Ids are not numbers to count with; owners stand in a list kept elsewhere."""
    type_, field = told.get("type", "string"), told.get("fieldType", "")
    if told["name"] == KEY or told.get("externalOptions"):
        return "text"
    if field == "booleancheckbox":
        return "bool"
    if type_ == "enumeration" and field == "checkbox":
        return "set"
    return _TYPES.get(type_, "text")
