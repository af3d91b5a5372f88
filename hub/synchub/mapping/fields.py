"""One field of a mapping, compiled: where it is read from, how, and whether and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from synchub.api import Field, Transform
from synchub.mapping.exchange import Rate
from synchub.mapping.forms import WHITE, Form, read_one
from synchub.mapping.kinds import canonical_form, form_of
from synchub.mapping.native import native_text
from synchub.mapping.spelling import Spelling, Target, spelling_of
from synchub.mapping.terms import text_term
from synchub.model import BLANK
from synchub.spec.entities import FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import FieldMapping


@dataclass(frozen=True, slots=True)
class CompiledField:
    """One canonical field.

    natives     native fields that are read, in their order; those that `expression` names, if there is one
    expression  computes the native text from columns named by `natives`
    steps       transforms on the way in
    values      native text, trimmed and case-folded, to canonical text
    form        reads what `steps` and `values` left
    plain       reads native text as it is, to tell whether two of them mean the same
    constant    the value of every row; default: the value where there is none. Canonical.
    spelling    how canonical texts are spelt on the way out; None: the field is never sent
    claims      whether what is read may become a claim
    """

    name: str
    declaration: FieldDeclaration
    mapping: FieldMapping
    natives: tuple[str, ...]
    expression: pl.Expr | None
    steps: tuple[Transform, ...]
    values: Mapping[str, str]
    form: Form
    plain: Form
    constant: str | None
    default: str | None
    spelling: Spelling | None
    claims: bool

    @property
    def several(self) -> bool:
        """Whether its value comes from the first filled of several native fields."""
        return self.expression is None and len(self.natives) > 1

    @property
    def can_be_weak(self) -> bool:
        return self.constant is not None or self.default is not None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the fields of one mapping share. `native_fields` are the stream's by name, if known."""

    entity: Entity
    settings: HubSettings
    transforms: Mapping[str, Transform]
    native_fields: Mapping[str, Field]
    rate: Rate


def compile_field(name: str, mapping: FieldMapping, around: Surroundings) -> CompiledField:
    """One field of a mapping in which `mapping_problems` found nothing."""
    declaration = around.entity.fields[name]
    canonical = canonical_form(declaration, around.entity, around.settings)
    values = canonical_values(declaration, mapping, canonical)
    inward = {native.strip(WHITE).lower(): value for native, value in values.items()}
    elements = inward if declaration.type == "set" else {}
    form = form_of(declaration, mapping, around.entity, around.settings, elements=elements)
    plain = form_of(declaration, mapping, around.entity, around.settings, elements={}) if elements else form
    steps = tuple(around.transforms[step] for step in mapping.transform)
    natives, expression = _source(mapping)
    sent = is_sent(declaration, mapping, values)
    return CompiledField(
        name=name,
        declaration=declaration,
        mapping=mapping,
        natives=natives,
        expression=expression,
        steps=steps,
        values={} if elements else inward,
        form=form,
        plain=plain,
        constant=_stated(mapping.constant, canonical),
        default=_stated(mapping.default, canonical),
        spelling=_spelling(declaration, mapping, values, around) if sent else None,
        claims=not is_out_only(mapping),
    )


def canonical_values(declaration: FieldDeclaration, mapping: FieldMapping, canonical: Form) -> dict[str, str]:
    """The mapping's `values`: native text to canonical text (of a set: element). Raises Unreadable."""
    if declaration.type == "set":
        return {native: value.strip(WHITE) for native, value in mapping.values.items()}
    return {native: read_one(canonical, value) for native, value in mapping.values.items()}


def is_out_only(mapping: FieldMapping) -> bool:
    """Whether a field is only read to know what the system holds, never to believe it."""
    return mapping.direction == "out" or bool(mapping.join)


def is_sent(declaration: FieldDeclaration, mapping: FieldMapping, values: Mapping[str, str]) -> bool:
    """Whether a field is ever written. Two natives for one canonical value in `values` are no way back."""
    inward_only = mapping.direction == "in" or declaration.inward
    computed = mapping.constant is not None or mapping.expr is not None or not mapping.natives
    return not inward_only and not computed and len(set(values.values())) == len(values)


def _stated(value: object, canonical: Form) -> str | None:
    if value is None:
        return None
    return read_one(canonical, native_text(value) or BLANK)


def _source(mapping: FieldMapping) -> tuple[tuple[str, ...], pl.Expr | None]:
    if mapping.expr is None:
        return mapping.natives, None
    from synchub.mapping.sql import column_names, parse_scalar, translate  # slow to load, seldom needed

    tree = parse_scalar(mapping.expr)
    names = column_names(tree)
    return names, translate(tree, {name: text_term(name) for name in names}).text()


def _spelling(
    declaration: FieldDeclaration, mapping: FieldMapping, values: Mapping[str, str], around: Surroundings
) -> Spelling:
    native = around.native_fields.get(mapping.natives[0])
    steps = [around.transforms[step].back for step in reversed(mapping.transform)]
    target = Target(
        type=None if native is None else native.type,
        names={value: text for text, value in values.items()},
        back=tuple(step for step in steps if step is not None),
    )
    return spelling_of(declaration, mapping, target, settings=around.settings, rate=around.rate)
