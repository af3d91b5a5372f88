"""docs/mappings.md: every option is there, and its examples come out as it says."""

from __future__ import annotations

from typing import Any, get_args

import polars as pl
import pytest
from docs.pages import code, read, section, table

from synchub.mapping import built_in_transforms
from synchub.mapping.forms import read as read_column
from synchub.mapping.kinds import canonical_form
from synchub.mapping.sql_functions import NAMES
from synchub.model import FieldType
from synchub.spec.entities import BUILT_IN_FIELDS, DEFAULT_RULES, GROUPS, LIFECYCLE, FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import FieldMapping, MappingFile, MappingTest

PAGE = read("docs/mappings.md")
GERMAN = HubSettings(region="DE", timezone="Europe/Berlin", currency="EUR")
TYPES = table(PAGE, "type", "reads", "as", "besides")
TRANSFORMS = table(PAGE, "transform", "of", "makes")


@pytest.mark.parametrize(
    ("heading", "model"),
    [("## The file", MappingFile), ("## A field", FieldMapping), ("## Tests", MappingTest)],
)
def test_every_option_has_a_line(heading: str, model: Any) -> None:
    listed = {name for row in table(section(PAGE, heading), "option", "meaning") for name in code(row["option"])}
    assert listed == set(model.model_fields)


def test_every_type_has_a_line() -> None:
    assert [row["type"].strip("`") for row in TYPES] == list(get_args(FieldType))


@pytest.mark.parametrize("row", TYPES, ids=lambda row: row["type"].strip("`"))
def test_type_reads_as_the_page_says(row: dict[str, str]) -> None:
    kind: Any = row["type"].strip("`")
    values = LIFECYCLE if kind == "enum" else ()
    entity = Entity("event", {}, {}, refers_to={"x": "contact"})
    form = canonical_form(FieldDeclaration("x", kind, values), entity, GERMAN)
    (expected,) = code(row["as"])
    written = code(row["reads"])
    assert written
    assert read_column(form, pl.Series(written)).values.to_list() == [expected] * len(written)


def test_every_transform_has_a_line() -> None:
    assert [row["transform"].strip("`") for row in TRANSFORMS] == list(built_in_transforms())


@pytest.mark.parametrize("row", TRANSFORMS, ids=lambda row: row["transform"].strip("`"))
def test_transform_makes_what_the_page_says(row: dict[str, str]) -> None:
    step = built_in_transforms()[row["transform"].strip("`")]
    (of,), (makes,) = code(row["of"]), code(row["makes"])
    assert pl.DataFrame({"t": [of]}).select(step.expression(pl.col("t"))).item() == makes


def test_everything_that_an_expression_may_hold_is_named() -> None:
    named = set(code(section(PAGE, "## Expressions").partition("Allowed are")[2]))
    assert set(NAMES) == named


def test_every_built_in_field_is_named() -> None:
    named = set(code(section(PAGE, "## The built-in fields")))
    assert {name for fields in BUILT_IN_FIELDS.values() for name in fields} | set(LIFECYCLE) <= named


def test_the_rules_of_built_in_fields_are_told() -> None:
    page = read("docs/how-a-sync-decides.md")
    told: dict[str, str] = {}
    for row in table(page, "field", "rule unless you say otherwise"):
        told |= dict.fromkeys(code(row["field"]), code(row["rule unless you say otherwise"])[0])
    assert told == {name: chain[0] for name, chain in DEFAULT_RULES.items()} | {"consent_at": "any"}
    groups = {row["group"]: tuple(code(row["fields"])) for row in table(page, "group", "fields")}
    assert groups == GROUPS
