"""JSON Schema of hub.toml and of mapping files, from the declarations, for editors that understand it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from synchub.config.described import in_files
from synchub.spec.hub import HubFile
from synchub.spec.mapping import MappingFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FROM_ENVIRONMENT = "^env:."
REFERENCE = "^(env|keyring|file):."
NAME = "^[a-z][a-z0-9_-]*$"

Schema = dict[str, Any]


def schema(models: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Schema]:
    """{"hub": …, "mapping": …, "CONNECTOR.SETTING": …}, each a JSON Schema; the last of a file that a setting names.

    `models` are the Config classes of the connectors whose settings are known, by name.
    """
    hub = _tidied(HubFile.model_json_schema(), FROM_ENVIRONMENT)
    definitions = hub["$defs"]
    choices = []
    for name, model in sorted((models or {}).items()):
        settings = _connector(name, model)
        definitions |= settings.pop("$defs", {})
        definitions[f"connector.{name}"] = settings
        choices.append(
            {
                "if": {"properties": {"connector": {"const": name}}, "required": ["connector"]},
                "then": {"$ref": f"#/$defs/connector.{name}"},
            }
        )
    if choices:
        hub["properties"]["systems"]["patternProperties"][NAME]["allOf"] = choices
    mapping = _tidied(MappingFile.model_json_schema(), None)
    return {
        "hub": {"$schema": DIALECT, **hub, "title": "hub.toml"},
        "mapping": {"$schema": DIALECT, **mapping, "title": "mappings/NAME.toml"},
        **{
            f"{name}.{setting}": {"$schema": DIALECT, **_tidied(file.model_json_schema(), None)}
            for name, model in sorted((models or {}).items())
            for setting, file in in_files(model).items()
        },
    }


def _connector(name: str, model: type[BaseModel]) -> Schema:
    """What [systems.NAME] may hold for one connector: its settings, any of which may be a reference."""
    settings = model.model_json_schema(ref_template=f"#/$defs/connector.{name}.{{model}}")
    inner = settings.pop("$defs", {})
    settings["$defs"] = {f"connector.{name}.{key}": part for key, part in inner.items()}
    tidied = _tidied(settings, REFERENCE)
    connector = {"const": name, "description": "Which connector plugin talks to this system."}
    return {**tidied, "properties": {"connector": connector, **tidied.get("properties", {})}}


def _tidied(part: Any, reference: str | None) -> Any:
    """A schema as TOML needs it: nothing is null, names are names, and a value may be a reference."""
    if isinstance(part, list):
        return [_tidied(inner, reference) for inner in part]
    if not isinstance(part, dict):
        return part
    tidy = {key: inner for key, inner in part.items() if key != "default" or inner is not None}
    if "patternProperties" in tidy:
        tidy.setdefault("additionalProperties", False)
    for key in ("properties", "patternProperties", "$defs"):
        if key in tidy:
            tidy[key] = {name: _tidied(inner, reference) for name, inner in tidy[key].items()}
    for key in ("items", "additionalProperties"):
        if key in tidy:
            tidy[key] = _tidied(tidy[key], reference)
    if "anyOf" in tidy:
        options = [_tidied(option, None) for option in tidy["anyOf"] if option != {"type": "null"}]
        tidy.pop("anyOf")
        tidy |= options[0] if len(options) == 1 else {"anyOf": options}
    return _or_reference(tidy, reference)


def _or_reference(part: Schema, reference: str | None) -> Schema:
    """The same, or a reference, where the value isn't free text anyway."""
    narrow = {
        "pattern",
        "enum",
        "const",
        "format",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
    } & part.keys()
    simple = part.get("type") in ("string", "integer", "number", "boolean")
    if reference is None or not ((simple and (narrow or part["type"] != "string")) or "anyOf" in part):
        return part
    words: Schema = {key: part[key] for key in ("title", "description", "default") if key in part}
    rest = {key: inner for key, inner in part.items() if key not in words}
    options = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    return {**words, "anyOf": [*options, {"type": "string", "pattern": reference}]}
