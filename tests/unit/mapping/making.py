"""Mappings made from a few lines of TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import polars as pl

from synchub.api import Stream
from synchub.mapping import CompiledMapping, Mapped, built_in_transforms, compile_mapping, native_frame
from synchub.spec.entities import CONTACT_FIELDS, EVENT_FIELDS, FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile

CONTACT = Entity(
    "contact",
    {
        **CONTACT_FIELDS,
        "seats": FieldDeclaration("seats", "integer"),
        "extra": FieldDeclaration("extra", "json"),
    },
    {},
)
EVENT = Entity("event", dict(EVENT_FIELDS), {}, refers_to={"contact": "contact"})
SETTINGS = HubSettings(name="acme", timezone="Europe/Berlin", region="DE", currency="EUR")


def no_rates(source: str, target: str, day: str) -> str | None:
    return None


def mapping_file(text: str) -> MappingFile:
    """A mapping from its TOML; entity and key may be left out."""
    data: dict[str, Any] = {"entity": "contact", "key": "id"}
    return MappingFile.model_validate(data | tomllib.loads(text))


def compiled(
    text: str,
    *,
    entity: Entity = CONTACT,
    rate: Callable[[str, str, str], str | None] = no_rates,
    stream: Stream | None = None,
) -> CompiledMapping:
    mapping = mapping_file(text)
    return compile_mapping(mapping, entity, SETTINGS, transforms=built_in_transforms(), rate=rate, stream=stream)


def read_in(mapping: CompiledMapping, *rows: dict[str, Any], delivered: tuple[str, ...] | None = None) -> Mapped:
    """Rows with an id of their own, mapped inward."""
    numbered = [{"id": str(number), **row} for number, row in enumerate(rows)]
    return mapping.inward(native_frame(numbered, mapping.natives, delivered=delivered))


def value_of(mapping: CompiledMapping, field: str, native: Any) -> str | None:
    """What one native value of the field's first native becomes."""
    mapped = read_in(mapping, {mapping.fields[field].natives[0]: native})
    assert mapped.errors.is_empty(), mapped.errors.rows()
    return mapped.frame[f"v.{field}"].item()  # type: ignore[no-any-return]


def sent(mapping: CompiledMapping, **golden: str | None) -> dict[str, str | None]:
    """What golden values become: as.F, to.F and x.F of one row. `day_F` stands for day.F."""
    frame = pl.DataFrame(
        {name.replace("day_", "day."): pl.Series([value], dtype=pl.String) for name, value in golden.items()}
    )
    return mapping.outward(frame).row(0, named=True)
