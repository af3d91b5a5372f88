"""What a manifest says of its settings: which of them are secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

READER = """
import json, sys, yaml
try:
    with open(sys.argv[1], encoding="utf-8") as file:
        said = yaml.safe_load(file)
except (OSError, ValueError, yaml.YAMLError) as error:
    sys.exit(" ".join(str(error).split()))
if not isinstance(said, dict):
    sys.exit("it is no table")
print(json.dumps((said.get("spec") or {}).get("connection_specification") or {}, default=str))
"""
"""Run by airbyte-cdk's own Python, which can read YAML: prints the declaration of the settings."""
CHOICES = ("oneOf", "anyOf", "allOf")


def secrets(spec: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The places of all settings that are marked as secret."""
    if not isinstance(spec, Mapping):
        return
    if spec.get("airbyte_secret") and path:
        yield path
    properties = spec.get("properties")
    for name, said in properties.items() if isinstance(properties, Mapping) else ():
        yield from secrets(said, *path, str(name))
    for choice in CHOICES:
        options = spec.get(choice)
        for said in options if isinstance(options, list) else ():
            yield from secrets(said, *path)


def in_the_open(spec: Any, settings: Mapping[str, Any]) -> list[str]:
    """The secret ones that stand among those that are not, with dots."""
    return sorted({".".join(path) for path in secrets(spec) if _filled(settings, path)})


def _filled(settings: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        settings = settings.get(name) if isinstance(settings, Mapping) else None
    return settings not in (None, "")
