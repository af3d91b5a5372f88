"""Settings of a connector that can't be imported here: a model made of their JSON Schema.

It tells which are secret and which are missing; what else must hold of them the connector's own model says, in its process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model


def model_of(schema: Mapping[str, Any]) -> type[BaseModel]:
    """The model of a whole schema, as `model_json_schema` gives it."""
    return _model(schema, schema.get("$defs") or {}, str(schema.get("title") or "Settings"))


def _model(schema: Mapping[str, Any], known: Mapping[str, Any], name: str) -> type[BaseModel]:
    needed = schema.get("required") or ()
    fields: dict[str, Any] = {}
    for number, (key, said) in enumerate((schema.get("properties") or {}).items()):
        default = ... if key in needed else None
        about = Field(default, alias=key, description=said.get("description"))
        kind = _kind(said, known)
        fields[f"field_{number}"] = (kind if key in needed else kind | None, about)
    extra: Any = "forbid" if schema.get("additionalProperties") is False else "allow"
    config = ConfigDict(extra=extra, frozen=True, hide_input_in_errors=True)
    return create_model(name, __config__=config, **fields)


def _kind(said: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """The type of one setting: its secrets and tables as they are, all else as the connector finds it."""
    if "$ref" in said:
        return _kind(known.get(str(said["$ref"]).rpartition("/")[2], {}), known)
    for choice in ("anyOf", "oneOf", "allOf"):
        kinds = [_kind(each, known) for each in said.get(choice) or () if each.get("type") != "null"]
        if kinds:
            return SecretStr if SecretStr in kinds else kinds[0] if len(kinds) == 1 else Any
    match said:
        case {"format": "password"}:
            return SecretStr
        case {"type": "object", "properties": {}}:
            return _model(said, known, str(said.get("title") or "Table"))
        case {"type": "object", "additionalProperties": dict(inner)}:
            return dict[str, _kind(inner, known)]  # type: ignore[misc]
        case {"type": "array", "items": dict(inner)}:
            return list[_kind(inner, known)]  # type: ignore[misc]
    return Any
