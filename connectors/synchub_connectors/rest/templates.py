"""Texts with placeholders: which they name, and filling them in. Pure.

What is filled into an address is escaped, so that it stays one part of the path that the description wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def names(value: Any) -> Iterator[str]:
    """The placeholders in a text, or in all texts of some data."""
    if isinstance(value, str):
        yield from PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names(inner)


def fill(value: Any, values: Mapping[str, Any]) -> Any:
    """Data with its placeholders filled in. A text that is nothing but one gets the value itself, a list for instance."""
    if isinstance(value, str):
        whole = PLACEHOLDER.fullmatch(value)
        if whole:
            return values[whole[1]]
        return PLACEHOLDER.sub(lambda found: str(values[found[1]]), value)
    if isinstance(value, Mapping):
        return {key: fill(inner, values) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill(inner, values) for inner in value]
    return value


def path(template: str, values: Mapping[str, Any]) -> str | None:
    """A path with its placeholders filled in; None if that would lead elsewhere than the template says."""
    filled = PLACEHOLDER.sub(lambda found: quote(str(values[found[1]]), safe=""), template)
    steps = filled.split("/")
    leads_up = any(step in (".", "..") for step in steps)
    lost = any(step == "" and written for step, written in zip(steps, template.split("/"), strict=True))
    return None if leads_up or lost else filled
