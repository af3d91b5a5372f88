"""Settings that are declared by JSON Schema, as a part of hub.toml to be filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CHOICES = ("oneOf", "anyOf")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, its place with dots."""

    place: str
    said: Mapping[str, Any]
    required: bool
    choice: bool


def tables(spec: Any) -> str:
    """[systems.NAME.settings] and [systems.NAME.secrets], as a manifest declares them; what may be left out is commented."""
    declared = list(_settings(spec, "", required=True, choice=False))
    texts = []
    for table, secret in (("settings", False), ("secrets", True)):
        lines = [_line(each, secret) for each in declared if bool(each.said.get("airbyte_secret")) == secret]
        if lines:
            texts.append("\n".join([f"[systems.NAME.{table}]", *lines]))
    return "\n\n".join(texts)


def lines(spec: Any) -> str:
    """The settings of a connector, which stand in [systems.NAME] itself."""
    return "\n".join(_line(each, _secret(each.said)) for each in _settings(spec, "", required=True, choice=False))


def _secret(said: Mapping[str, Any]) -> bool:
    options = [each for word in CHOICES for each in said.get(word) or ()]
    return any(each.get("format") == "password" for each in (said, *options))


def _settings(spec: Any, path: str, *, required: bool, choice: bool) -> Iterator[Setting]:
    properties = spec.get("properties") if isinstance(spec, Mapping) else None
    if not isinstance(properties, Mapping):
        return
    needed = spec.get("required")
    for name, said in properties.items():
        if not isinstance(said, Mapping):
            continue
        here = required and name in (needed if isinstance(needed, list) else ())
        options = next((said[word] for word in CHOICES if isinstance(said.get(word), list) and said[word]), None)
        inner = said if options is None else options[0]
        if isinstance(inner, Mapping) and inner.get("properties"):
            yield from _settings(inner, f"{path}{name}.", required=here, choice=choice or options is not None)
        else:
            yield Setting(f"{path}{name}", said, here, choice)


def _line(setting: Setting, secret: bool) -> str:
    """`name = value  # what it is`"""
    said = setting.said
    value = "keyring:NAME" if secret else said.get("const", said.get("default", _example(said)))
    name = json.dumps(setting.place) if secret and "." in setting.place else setting.place
    title = " ".join(str(said.get("title") or "").split())
    several = "one of several ways, see the manifest" if setting.choice else ""
    about = "; ".join(part for part in (title, several) if part)
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}{f'  # {about}' if about else ''}"
    return line if setting.required else f"# {line}"


def _example(said: Mapping[str, Any]) -> Any:
    match said.get("type"):
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "array":
            return []
    examples = said.get("examples")
    return str(examples[0]) if isinstance(examples, list) and examples else "…"
