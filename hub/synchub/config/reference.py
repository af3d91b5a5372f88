"""Every setting as Markdown, from the declarations: name, type, default, description."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from synchub.config.places import is_model, keys, nested_models
from synchub.spec.hub import HubFile
from synchub.spec.mapping import MappingFile

WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
}
"""JSON Schema's types in plain words."""

FORMATS = {"password": "secret", "toml-file": "name of a TOML file"}
"""Texts of a kind of their own."""

HEAD = """# Settings

Any text in hub.toml may be `env:NAME`; a system's settings may also be `keyring:NAME` or `file:PATH`.
"""


def settings_reference(models: Mapping[str, type[BaseModel]] | None = None) -> str:
    """All settings of hub.toml, of mapping files, and of connectors, given as name and Config class."""
    parts = [HEAD, *_sections("hub.toml", HubFile), *_sections("mappings/NAME.toml", MappingFile)]
    for name, model in sorted((models or {}).items()):
        parts += _sections(f'[systems.NAME] with connector = "{name}"', model)
    return "\n".join(parts)


def _sections(title: str, model: type[BaseModel]) -> Iterator[str]:
    """A section for the model, and one below it for each model that it holds."""
    yield f"## {title}\n"
    yield from _table(model)
    for inner in nested_models(model):
        yield f"### {_title(inner)}\n"
        yield from _table(inner)


def _title(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or model.__name__).split())


def _table(model: type[BaseModel]) -> Iterator[str]:
    properties = model.model_json_schema()["properties"]
    yield "| setting | type | default | |"
    yield "|---|---|---|---|"
    for name, field in keys(model).items():
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        cells = (f"`{name}`", _type(properties[name]), default, field.description or "")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _type(part: Mapping[str, Any]) -> str:
    if "anyOf" in part:
        options = [_type(option) for option in part["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(options))
    if "enum" in part:
        return ", ".join(f"`{json.dumps(value)}`" for value in part["enum"])
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if part.get("format") in FORMATS:
        return FORMATS[part["format"]]
    if part.get("type") == "array":
        items = part.get("items")
        return f"list of {_type(items)}" if items else "list"
    return WORDS.get(part.get("type", "object" if "$ref" in part else ""), "any value")


def _default(value: Any) -> str:
    if value is None or value in ((), {}) or is_model(type(value)):
        return ""
    plain = list(value) if isinstance(value, tuple | set | frozenset) else value
    return f"`{json.dumps(plain, default=str, ensure_ascii=False)}`"
