"""The fields of an entity: built-in ones and those of hub.toml, what they refer to, and its match keys."""

from __future__ import annotations

from typing import get_args

from synchub.config.document import Document
from synchub.config.problems import Problem, did_you_mean
from synchub.model import FieldType
from synchub.spec.entities import BUILT_IN_FIELDS, DEFAULT_MATCH, FieldDeclaration
from synchub.spec.hub import EntitySettings
from synchub.spec.job import MatchKey

TYPES: tuple[FieldType, ...] = get_args(FieldType)
BUILT_IN_REFERENCES = {"event": {"contact": "contact"}}
NO_KEYS: frozenset[FieldType] = frozenset({"json", "set", "bool"})
"""Types whose values can't tell who is who."""

Fields = dict[str, FieldDeclaration]


def resolve_fields(name: str, settings: EntitySettings, document: Document) -> tuple[Fields, list[Problem]]:
    """All fields of an entity. Every entity has a hub_id."""
    built_in = BUILT_IN_FIELDS.get(name, {"hub_id": FieldDeclaration("hub_id", "text")})
    fields = dict(built_in)
    problems = []
    for field, declared in settings.fields.items():
        path = ("entities", name, "fields", field)
        if field in built_in:
            message = f"'{field}' is a built-in field of {name}"
            problems.append(document.problem(path, message, "give yours another name"))
        elif isinstance(declared, str):
            if declared in TYPES and declared != "enum":
                fields[field] = FieldDeclaration(field, _type(declared))
                continue
            fix = did_you_mean(declared, TYPES)
            if declared == "enum":
                fix = 'write the list of its values, in their order: ["low", "high"]'
            problems.append(document.problem(path, f"'{declared}' is no type of field", fix, part="value"))
        elif not declared or any(not value.strip() for value in declared) or len(set(declared)) < len(declared):
            message = f"the values of '{field}' must be texts that are filled and differ"
            problems.append(document.problem(path, message, part="value"))
        else:
            fields[field] = FieldDeclaration(field, "enum", tuple(declared))
    if name not in BUILT_IN_FIELDS and not document.data["entities"][name].get("fields"):
        fix = did_you_mean(name, BUILT_IN_FIELDS) if len(fields) == 1 else ""
        message = f"the entity '{name}' has no fields"
        problems.append(document.problem(("entities", name), message, fix or f"add [entities.{name}.fields]"))
    return fields, problems


def _type(name: str) -> FieldType:
    return next(known for known in TYPES if known == name)


def resolve_references(
    name: str, settings: EntitySettings, fields: Fields, document: Document
) -> tuple[dict[str, str], list[Problem]]:
    """Which entity each field of type ref refers to."""
    references = {**BUILT_IN_REFERENCES.get(name, {}), **settings.refers_to}
    entities = {*BUILT_IN_FIELDS, *document.names("entities")}
    problems = []
    for field, target in settings.refers_to.items():
        path = ("entities", name, "refers_to", field)
        if field not in fields:
            fix = did_you_mean(field, (each.name for each in fields.values() if each.type == "ref"))
            problems.append(document.problem(path, f"unknown field '{field}'", fix))
        elif fields[field].type != "ref":
            message = f"'{field}' is of type {fields[field].type}, only a ref can refer"
            problems.append(document.problem(path, message))
        elif target not in entities:
            fix = did_you_mean(target, entities)
            problems.append(document.problem(path, f"unknown entity '{target}'", fix, part="value"))
    for own in fields.values():
        if own.type == "ref" and own.name not in references:
            message = f"'{own.name}' doesn't say what it refers to"
            fix = f'add refers_to = {{ {own.name} = "contact" }} to [entities.{name}]'
            problems.append(document.problem(("entities", name, "fields", own.name), message, fix))
    return references, problems


def resolve_match(
    name: str, settings: EntitySettings, fields: Fields, document: Document
) -> tuple[tuple[MatchKey, ...], list[Problem]]:
    """The match keys, strongest first: "phone + last_name" is one key of two fields."""
    given = settings.match is not None and "keys" in settings.match.model_fields_set
    written = settings.match.keys if settings.match is not None and given else DEFAULT_MATCH.get(name, ())
    keys: list[MatchKey] = []
    problems = []
    for number, text in enumerate(written):
        names = tuple(part.strip() for part in text.split("+"))
        found = _key_flaw(names, fields)
        if not found and names in [key.fields for key in keys]:
            found = (f"the key '{text}' stands here twice", "")
        if found:
            path = ("entities", name, "match", "keys", number)
            problems.append(document.problem(path, *found, part="value"))
        else:
            keys.append(MatchKey(text, names))
    return tuple(keys), problems


def _key_flaw(names: tuple[str, ...], fields: Fields) -> tuple[str, str] | None:
    for place, name in enumerate(names):
        if not name:
            return "a key misses a field", 'write "phone + last_name"'
        if name not in fields:
            return f"unknown field '{name}' in a key", did_you_mean(name, fields)
        if fields[name].type in NO_KEYS or fields[name].inward:
            return f"'{name}' can't tell who is who", "use a field such as email or phone"
        if name in names[:place]:
            return f"the key names '{name}' twice", ""
    return None
