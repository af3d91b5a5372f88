"""All that can be wrong with one field of a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from synchub.api import Transform
from synchub.mapping.currencies import is_currency
from synchub.mapping.dates import reads_whole_dates
from synchub.mapping.fields import canonical_values
from synchub.mapping.forms import Unreadable, read_one
from synchub.mapping.kinds import canonical_form
from synchub.mapping.native import native_text
from synchub.mapping.problem import Problem, meant
from synchub.mapping.terms import Refused, text_term
from synchub.spec.entities import BUILT_IN_FIELDS, FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import FieldMapping

_ONLY_FOR: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("format", ("date", "datetime")),
    ("currency", ("money",)),
    ("separator", ("set",)),
    ("by", ("ref",)),
)
"""Options that mean something for some types only."""


def field_problems(
    name: str,
    field: FieldMapping,
    entity: Entity,
    *,
    transforms: Mapping[str, Transform],
    settings: HubSettings,
) -> list[Problem]:
    """Every problem of one mapped field of an entity."""
    declaration = entity.fields[name]
    found = [
        *_sources(declaration, field),
        *_options(declaration, field, entity),
        *_joins(field, entity),
        *_steps(field, transforms),
        *_expression(field),
        *_values(declaration, field, entity, settings),
    ]
    return [Problem(("fields", name, *problem.path), problem.message, problem.fix) for problem in found]


def _sources(declaration: FieldDeclaration, field: FieldMapping) -> Iterator[Problem]:
    if any(not native.strip() for native in field.natives):
        yield Problem(("native",), "a native field's name is empty", "name the field, or leave it out")
    if len(set(field.natives)) < len(field.natives):
        yield Problem(("native",), "a native field is named twice", "name each once")
    sources = [
        source
        for source, given in (
            ("native", bool(field.natives)),
            ("expr", field.expr is not None),
            ("constant", field.constant is not None),
        )
        if given
    ]
    if not sources:
        fix = "name the native field to write" if field.join else "give native, expr or constant"
        yield Problem((), "there is nothing to read it from", fix)
    if len(sources) > 1:
        yield Problem((sources[-1],), f"'{sources[0]}' and '{sources[-1]}' exclude each other", "keep one of them")
    if field.direction == "out" and not field.natives:
        yield Problem(("direction",), f"a field with '{(sources or ['join'])[0]}' is never written", "leave it out")
    if field.direction == "out" and declaration.inward:
        yield Problem(("direction",), f"'{declaration.name}' is only ever read", 'write direction = "in"')


def _options(declaration: FieldDeclaration, field: FieldMapping, entity: Entity) -> Iterator[Problem]:
    for option, types in _ONLY_FOR:
        if getattr(field, option) is not None and declaration.type not in types:
            message = f"'{option}' means nothing for a field of type {declaration.type}"
            yield Problem((option,), message, f"leave it out; it is for {' and '.join(types)}")
    dated = declaration.type in ("date", "datetime")
    if dated and field.format is not None and not reads_whole_dates(field.format):
        message = f"'{field.format}' does not name a day, a month and a year"
        yield Problem(("format",), message, "write it like %d.%m.%Y or %Y-%m-%d %H:%M:%S")
    if field.currency is not None and not is_currency(field.currency):
        yield Problem(("currency",), f"'{field.currency}' is no currency", "write its ISO 4217 code, as EUR")
    if field.separator is not None and not field.separator.strip(" "):
        yield Problem(("separator",), "the separator is empty", "leave it out, or write what parts the elements")
    if declaration.type == "ref" and field.by is not None and field.by != "id":
        known = BUILT_IN_FIELDS.get(entity.refers_to.get(declaration.name, ""))
        if known is not None and field.by not in known and field.by not in _own_keys(entity):
            yield Problem(("by",), f"'{field.by}' is no key to refer by", meant(field.by, ["id", *known]))
    if field.on_error == "default" and field.default is None:
        yield Problem(("on_error",), "there is no default to fall back on", "add default, or use blank")


def _own_keys(entity: Entity) -> set[str]:
    return {field for key in entity.match for field in key.fields}


def _joins(field: FieldMapping, entity: Entity) -> Iterator[Problem]:
    for part in field.join:
        if part not in entity.fields:
            yield Problem(("join",), f"'{part}' is no field of {entity.name}", meant(part, entity.fields))
    if field.join and field.direction == "in":
        yield Problem(("direction",), "a join is only ever written", 'write direction = "out"')
    if field.join and (field.transform or field.values):
        option = "transform" if field.transform else "values"
        yield Problem((option,), f"'{option}' means nothing beside join", "leave it out")


def _steps(field: FieldMapping, transforms: Mapping[str, Transform]) -> Iterator[Problem]:
    for step in field.transform:
        if step not in transforms:
            yield Problem(("transform",), f"there is no transform '{step}'", meant(step, transforms))


def _expression(field: FieldMapping) -> Iterator[Problem]:
    if field.expr is None:
        return
    from synchub.mapping.sql import column_names, parse_scalar, translate  # slow to load, seldom needed

    try:
        tree = parse_scalar(field.expr)
        names = column_names(tree)
        translate(tree, {name: text_term(name) for name in names})
    except Refused as problem:
        yield Problem(("expr",), f"the expression {problem}", problem.fix)
        return
    if not names:
        yield Problem(("expr",), "the expression names no native field", "use constant for a fixed value")


def _values(
    declaration: FieldDeclaration, field: FieldMapping, entity: Entity, settings: HubSettings
) -> Iterator[Problem]:
    canonical = canonical_form(declaration, entity, settings)
    for option in ("constant", "default"):
        given = getattr(field, option)
        if given is None:
            continue
        try:
            text = read_one(canonical, native_text(given) or "")
        except Unreadable as problem:
            yield Problem((option,), str(problem), _allowed(declaration))
            continue
        if not text:
            yield Problem((option,), f"the {option} is blank", "leave it out, or write a value")
    for native, value in field.values.items():
        if not native.strip() or not value.strip():
            yield Problem(("values", native), "a blank stands for no value", "leave it out; blank means no value")
            continue
        try:
            canonical_values(declaration, field.model_copy(update={"values": {native: value}}), canonical)
        except Unreadable as problem:
            yield Problem(("values", native), str(problem), _allowed(declaration))


def _allowed(declaration: FieldDeclaration) -> str:
    return meant("", declaration.values) if declaration.values else ""
