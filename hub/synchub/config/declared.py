"""What the declarations say about a piece of a file: unknown keys, missing keys, wrong values; all at once.

pydantic tells where in its model something is wrong; here that becomes a place in the data and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from synchub.config.places import keys, places
from synchub.config.problems import KeyPath, did_you_mean
from synchub.secrets import is_reference

Model = TypeVar("Model", bound=BaseModel)

WANTED = {
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "set_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "mapping_type": "a table",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""pydantic's kinds of wrong type -> what had to be there."""

PATTERNS = {
    r"^[a-z][a-z0-9_-]*$": "a name of small letters, digits, _ and -, a letter first",
    r"^\d+(\.\d+)?%$": 'a share such as "5%"',
    r"^\d+[dwmy]$": "a span such as 90d, 12w, 6m or 2y",
    "^[A-Z]{2}$": "two capital letters, such as DE",
    "^[A-Z]{3}$": "three capital letters, such as EUR",
}
"""Patterns of the declarations -> what they ask for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with data, at a place in it."""

    kind: Literal["unknown", "missing", "name", "value"]
    path: KeyPath
    message: str
    fix: str = ""


def examine(model: type[Model], data: Mapping[str, Any], *, quiet: bool = False) -> tuple[Model | None, list[Finding]]:
    """Everything wrong with `data`, and a model of what is right in it; None if too little is.

    What is wrong is left out and the rest looked at again, so that no mistake hides another. A value that is
    still a reference is taken as right. `quiet` keeps values out of messages.
    """
    rest = deepcopy(dict(data))
    found = _unknown(model, rest)
    for finding in found:
        _remove(rest, finding.path)
    seen = {finding.path for finding in found}
    while True:
        try:
            return model.model_validate(rest), found
        except ValidationError as error:
            wrong = _findings(model, rest, error, quiet=quiet)
        for finding in wrong:
            if finding.path not in seen and not _stands_open(rest, finding):
                found.append(finding)
            seen.add(finding.path)
        taken_out = _prune(rest, wrong)
        if () in taken_out:
            return None, found
        seen |= taken_out


def _prune(rest: dict[str, Any], wrong: Sequence[Finding]) -> set[KeyPath]:
    """Take out what is wrong, or the table that misses something: what was taken out, `()` if that is everything."""
    taken_out: set[KeyPath] = set()
    for finding in sorted(wrong, key=lambda finding: len(finding.path), reverse=True):
        path = finding.path[:-1] if finding.kind == "missing" else finding.path
        number = next((place for place, key in enumerate(path) if isinstance(key, int)), None)
        path = path if number is None else path[:number]
        taken_out.add(path)
        if not path:
            break
        _remove(rest, path)
    return taken_out


def _remove(data: dict[str, Any], path: KeyPath) -> None:
    at: Any = data
    for key in path[:-1]:
        if isinstance(at, dict) and key not in at:
            return
        at = at[key]
    if isinstance(at, dict):
        at.pop(path[-1], None)


def _stands_open(data: Mapping[str, Any], finding: Finding) -> bool:
    """Whether a wrong value is a reference, which says nothing yet about what it stands for."""
    if finding.kind != "value":
        return False
    at: Any = data
    for key in finding.path:
        at = at[key]
    return isinstance(at, str) and is_reference(at)


def _unknown(model: type[BaseModel], data: Mapping[str, Any]) -> list[Finding]:
    found = []
    for place in places(model, data):
        declared = place.model
        if declared is None or not isinstance(place.value, dict):
            continue
        if declared.model_config.get("extra") == "allow":
            continue
        known = keys(declared)
        for key in place.value:
            if key not in known:
                found.append(Finding("unknown", (*place.path, key), f"unknown key '{key}'", did_you_mean(key, known)))
    return found


def _findings(model: type[BaseModel], data: Mapping[str, Any], error: ValidationError, *, quiet: bool) -> list[Finding]:
    """pydantic's errors, those about the alternatives of one value put together."""
    grouped: dict[KeyPath, list[ErrorDetails]] = {}
    found = []
    for detail in error.errors(include_url=False):
        path = _path(data, detail["loc"])
        if detail["type"] == "missing":
            path = (*path, detail["loc"][-1])
            found.append(_missing(model, data, path))
        elif detail["loc"] and detail["loc"][-1] == "[key]":
            wanted = PATTERNS.get(detail.get("ctx", {}).get("pattern", ""), "another name")
            found.append(Finding("name", path, f"'{path[-1]}' is no name", f"write {wanted}"))
        else:
            grouped.setdefault(path, []).append(detail)
    for path, details in grouped.items():
        # A mistake deeper in one alternative: that the value isn't the other alternative is no news.
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in grouped)
        if not (deeper and all(detail["type"] in WANTED for detail in details)):
            forms = [form for place in places(model, data) if place.path == path for form in place.forms]
            found.append(Finding("value", path, _sentence(path, details, forms, quiet=quiet)))
    return found


def _path(data: Mapping[str, Any], location: tuple[int | str, ...]) -> KeyPath:
    """The part of pydantic's location that is in the data: it also names alternatives of types."""
    path: KeyPath = ()
    at: Any = data
    for key in location:
        inside = key in at if isinstance(at, dict) else isinstance(at, list) and isinstance(key, int)
        if inside:
            at = at[key]
            path = (*path, key)
    return path


def _missing(model: type[BaseModel], data: Mapping[str, Any], path: KeyPath) -> Finding:
    above = (place.model for place in places(model, data) if place.path == path[:-1])
    declared = [keys(table).get(str(path[-1])) for table in above if table]
    fix = next((field.description for field in declared if field and field.description), "")
    return Finding("missing", path, f"'{path[-1]}' is missing", fix)


def _sentence(path: KeyPath, details: Sequence[ErrorDetails], forms: Sequence[str], *, quiet: bool) -> str:
    if not path:
        return _own_words(details[0])
    name = next(str(key) for key in reversed(path) if isinstance(key, str))
    subject = f"an element of '{name}'" if isinstance(path[-1], int) else f"'{name}'"
    shown = details[0]["input"]
    ending = "" if quiet or not isinstance(shown, str | int | float) else f", not {_spelled(shown)}"
    wanted = list(dict.fromkeys(word for detail in details for word in _wanted(detail)))
    if forms and len(wanted) > 1:
        # That a text was wanted says too little where it also has to have a form.
        wanted = list(dict.fromkeys([_form(forms[0]) if word == "text" else word for word in wanted]))
    if wanted:
        return f"{subject} must be {' or '.join(wanted)}{ending}"
    return f"{subject}: {_own_words(details[0])}"


def _wanted(detail: ErrorDetails) -> list[str]:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error" | "enum":
            return [str(context["expected"])]
        case "string_pattern_mismatch":
            return [_form(str(context["pattern"]))]
        case "greater_than_equal":
            return [f"at least {context['ge']}"]
        case "less_than_equal":
            return [f"at most {context['le']}"]
        case kind:
            return [WANTED[kind]] if kind in WANTED else []


def _form(pattern: str) -> str:
    return PATTERNS.get(pattern, f"text of the form {pattern}")


def _own_words(detail: ErrorDetails) -> str:
    error = detail.get("ctx", {}).get("error")
    text = str(error) if error is not None else detail["msg"].removeprefix("Input ")
    return text[:1].lower() + text[1:]


def _spelled(value: str | int | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value[:60]}'" if isinstance(value, str) else str(value)
