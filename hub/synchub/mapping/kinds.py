"""Every type's way of reading, as a mapping sets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from synchub.mapping.amounts import integer_form, money_form, number_form
from synchub.mapping.dates import date_form
from synchub.mapping.forms import Form
from synchub.mapping.moments import datetime_form
from synchub.mapping.phones import phone_form
from synchub.mapping.places import country_form, language_form
from synchub.mapping.sets import json_form, ref_form, set_form
from synchub.mapping.texts import bool_form, email_form, enum_form, text_form, url_form
from synchub.model import FieldType
from synchub.spec.entities import BUILT_IN_FIELDS, FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import FieldMapping

DEFAULT_BY: Final = "email"
"""What a reference's native value is, if the mapping doesn't say."""


def form_of(
    declaration: FieldDeclaration,
    mapping: FieldMapping,
    entity: Entity,
    settings: HubSettings,
    *,
    elements: Mapping[str, str],
) -> Form:
    """How a field's native texts are read. `elements` renames the elements of a set."""
    match declaration.type:
        case "date":
            return date_form(mapping.format, settings.region)
        case "datetime":
            return datetime_form(mapping.format, settings.timezone, settings.region)
        case "money":
            return money_form(mapping.currency or settings.currency, settings.region)
        case "enum":
            return enum_form(declaration.values)
        case "set":
            return set_form(mapping.separator, elements)
        case "ref":
            by = mapping.by or DEFAULT_BY
            return ref_form(by, _simple_form(key_type(entity, declaration.name, by), settings))
    return _simple_form(declaration.type, settings)


def canonical_form(declaration: FieldDeclaration, entity: Entity, settings: HubSettings) -> Form:
    """How a value is read that stands in a file of the hub's own: a constant, a default, a test."""
    return form_of(declaration, FieldMapping(), entity, settings, elements={})


def key_type(entity: Entity, name: str, by: str) -> FieldType:
    """The type of what field `name` refers to another entity by; text where nothing is known."""
    fields = BUILT_IN_FIELDS.get(entity.refers_to.get(name, "contact"), {})
    declared = fields.get(by)
    return "text" if declared is None or declared.type in ("ref", "enum") else declared.type


def _simple_form(type: FieldType, settings: HubSettings) -> Form:
    match type:
        case "email":
            return email_form()
        case "phone":
            return phone_form(settings.region)
        case "url":
            return url_form()
        case "number":
            return number_form(settings.region)
        case "integer":
            return integer_form(settings.region)
        case "bool":
            return bool_form()
        case "country":
            return country_form()
        case "language":
            return language_form()
        case "json":
            return json_form()
    return text_form()
