"""JSON Schema, in which programs of others tell what their streams have, as fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synchub.api import Field, FieldType

PLAIN: Mapping[str, FieldType] = {
    "integer": "integer",
    "number": "number",
    "boolean": "bool",
    "array": "json",
    "object": "json",
}
"""Types of JSON Schema that have one of ours."""
FORMATS: Mapping[str, FieldType] = {"date-time": "datetime", "date": "date", "singer.decimal": "number"}


def properties(schema: Any) -> dict[str, Any]:
    """The fields of a JSON Schema, by name."""
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def fields_of(schema: Any) -> tuple[Field, ...]:
    """The fields of a stream that can only be read."""
    return tuple(Field(name, field_type(said), writable=False) for name, said in properties(schema).items())


def field_type(schema: Any) -> FieldType:
    """The type of a field in the words of `Field`, from its JSON Schema."""
    if not isinstance(schema, Mapping):
        return "text"
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    for choice in ("anyOf", "oneOf"):
        options = [field_type(each) for each in schema.get(choice) or () if each != {"type": "null"}]
        if options:
            return "datetime" if "datetime" in options else options[0]
    if schema.get("airbyte_type") == "integer":
        return "integer"
    said = schema.get("type")
    kinds = [PLAIN.get(each, "text") for each in ([said] if isinstance(said, str) else said or ()) if each != "null"]
    if len(set(kinds)) == 1:
        return kinds[0]
    return "number" if kinds and set(kinds) <= {"integer", "number"} else "text"
