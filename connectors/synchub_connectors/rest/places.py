"""Places in JSON: what lies at one, and putting something there. Pure.

A place is written with dots, `data.items.0`; a name that holds dots itself is found whole. "" is everything.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""There is no such place: not the same as null there."""


def at(data: Any, place: str) -> Any:
    """What lies at a place; MISSING if there is none. The longest name that exists wins at each step."""
    if place == "":
        return data
    found = _step(data, place)
    if found is not MISSING or "." not in place:
        return found
    parts = place.split(".")
    for count in range(len(parts) - 1, 0, -1):
        inner = _step(data, ".".join(parts[:count]))
        if inner is not MISSING:
            deeper = at(inner, ".".join(parts[count:]))
            if deeper is not MISSING:
                return deeper
    return MISSING


def filled(data: Any, place: str | None) -> Any:
    """What lies at a place, None where there is nothing, or no place is meant."""
    found = MISSING if place is None else at(data, place)
    return None if found is MISSING else found


def text(data: Any, place: str | None) -> str:
    """What lies at a place as text for people and for ids; "" where there is nothing."""
    found = filled(data, place)
    if found is None or isinstance(found, dict | list):
        return ""
    return str(found).lower() if isinstance(found, bool) else str(found)


def put(data: dict[str, Any], place: str, value: Any) -> None:
    """Put a value at a place, and make what it stands in. A number between dots counts elements of a list."""
    parts = place.split(".")
    here: Any = data
    for name, following in pairwise(parts):
        inner = _step(here, name)
        if not isinstance(inner, dict | list):
            inner = [] if following.isdecimal() else {}
            _set(here, name, inner)
        here = inner
    _set(here, parts[-1], value)


def _step(data: Any, name: str) -> Any:
    if isinstance(data, dict):
        return data.get(name, MISSING)
    if isinstance(data, list) and name.isdecimal() and int(name) < len(data):
        return data[int(name)]
    return MISSING


def _set(here: Any, name: str, value: Any) -> None:
    if isinstance(here, dict):
        here[name] = value
    elif name.isdecimal() and int(name) < len(here):
        here[int(name)] = value
    else:
        here.append(value)
