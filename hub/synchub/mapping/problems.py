"""All that can be wrong with a mapping file once its form is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synchub.api import Transform
from synchub.mapping.field_problems import field_problems
from synchub.mapping.fields import canonical_values, is_sent
from synchub.mapping.kinds import canonical_form
from synchub.mapping.problem import Problem, meant
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile


def mapping_problems(
    mapping: MappingFile, entity: Entity, transforms: Mapping[str, Transform], settings: HubSettings
) -> list[Problem]:
    """Every problem of a mapping, in the order of the file. A mapping without one can be compiled."""
    if mapping.entity != entity.name:
        message = f"the mapping is for '{mapping.entity}', not for '{entity.name}'"
        return [Problem(("entity",), message, "use another mapping, or change its entity")]
    return [
        *_key_problems(mapping),
        *(problem for name in mapping.fields for problem in _one_field(name, mapping, entity, transforms, settings)),
        *_shared_targets(mapping, entity, settings),
        *_test_problems(mapping, entity),
    ]


def _one_field(
    name: str,
    mapping: MappingFile,
    entity: Entity,
    transforms: Mapping[str, Transform],
    settings: HubSettings,
) -> Iterator[Problem]:
    if name not in entity.fields:
        message = f"'{name}' is no field of {entity.name}"
        yield Problem(("fields", name), message, meant(name, entity.fields))
        return
    yield from field_problems(name, mapping.field(name), entity, transforms=transforms, settings=settings)


def _key_problems(mapping: MappingFile) -> Iterator[Problem]:
    if not mapping.keys or any(not key.strip() for key in mapping.keys):
        yield Problem(("key",), "the key is empty", "name the native field that tells records apart")
    if len(set(mapping.keys)) < len(mapping.keys):
        yield Problem(("key",), "the key names a field twice", "name each field once")
    if mapping.updated_at is not None and not mapping.updated_at.strip():
        yield Problem(("updated_at",), "the name is empty", "name the native field, or leave updated_at out")


def _shared_targets(mapping: MappingFile, entity: Entity, settings: HubSettings) -> Iterator[Problem]:
    """Two fields that are written to one native field would overwrite each other in every run."""
    written: dict[str, str] = {}
    for name in mapping.fields:
        field = mapping.field(name)
        declaration = entity.fields.get(name)
        if declaration is None or not field.natives:
            continue
        try:
            values = canonical_values(declaration, field, canonical_form(declaration, entity, settings))
        except ValueError:
            continue
        if not is_sent(declaration, field, values):
            continue
        for native in dict.fromkeys(field.natives):
            if native in written:
                message = f"'{native}' would be written from both '{written[native]}' and '{name}'"
                yield Problem(("fields", name), message, 'give one of them direction = "in"')
            else:
                written[native] = name


def _test_problems(mapping: MappingFile, entity: Entity) -> Iterator[Problem]:
    for index, test in enumerate(mapping.tests):
        for section in ("contact", "event", "record"):
            given = getattr(test, section)
            if given is None:
                continue
            if section not in ("record", entity.name):
                yield Problem(("tests", index, section), f"the mapping is for {entity.name}", f"write {entity.name}")
            for name in given:
                if name not in entity.fields:
                    message = f"'{name}' is no field of {entity.name}"
                    yield Problem(("tests", index, section, name), message, meant(name, entity.fields))
