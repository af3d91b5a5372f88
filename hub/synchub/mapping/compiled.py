"""A mapping file made ready to run over frames."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
import polars as pl

from synchub.api import Stream, Transform
from synchub.errors import ConfigurationError
from synchub.mapping.exchange import Rate
from synchub.mapping.fields import CompiledField, Surroundings, compile_field
from synchub.mapping.forms import Form, read_trimmed, trimmed
from synchub.mapping.inward import Mapped, map_inward
from synchub.mapping.moments import datetime_form
from synchub.mapping.outward import map_outward
from synchub.mapping.problems import mapping_problems
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile

_MEANING: Final = "1"
"""Raised when the same mapping comes to read a text as another value: then values are derived anew."""


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """How rows of one stream become canonical values, and back.

    natives         native fields to read, with the key and the row's own time
    inward_fields   canonical fields that are read, those for held alone among them
    outward_fields  canonical fields that are sent
    claiming_fields canonical fields whose values may become claims
    weak_fields     canonical fields whose every value is the mapping's own, a constant
    fingerprint     text that changes when the mapping's meaning does
    """

    keys: tuple[str, ...]
    natives: tuple[str, ...]
    inward_fields: tuple[str, ...]
    outward_fields: tuple[str, ...]
    claiming_fields: tuple[str, ...]
    weak_fields: tuple[str, ...]
    fingerprint: str
    fields: Mapping[str, CompiledField]
    updated: tuple[str, Form] | None
    entity: Entity
    settings: HubSettings

    def inward(self, frame: pl.DataFrame, *, version: str | None = None, only: Collection[str] | None = None) -> Mapped:
        """Rows of native text (see `native_frame`) as the hub understands them.

        `version` is the native column of the row's version, if there is one. A native column that is missing
        counts as not delivered. `only`: just these fields.
        """
        missing = [name for name in self.natives if name not in frame.columns]
        fields = [field for name, field in self.fields.items() if only is None or name in only]
        whole = frame.with_columns([pl.lit(None, dtype=pl.String).alias(name) for name in missing])
        return map_inward(whole, fields, self.keys, updated=self.updated, version=version)

    def comparable(self, field: str, native: pl.Series) -> pl.Series:
        """Native texts in a form in which two are equal if they mean the same, or if they are the same text.

        Only the type is looked at: no `values`, transforms, default. Null stays null.
        """
        texts = trimmed(native)
        values = read_trimmed(self.fields[field].plain, texts).values
        return values.zip_with(values.is_not_null(), texts)

    def outward(self, golden: pl.DataFrame) -> pl.DataFrame:
        """Golden values as as.F, to.F, x.F for each outward field: what it stands for, what to send, why not.

        `golden` has a column of canonical text a field, and day.F for money. For a reference it holds the
        value to be written, with or without its "KEY:".
        """
        sent = [(field, field.spelling) for field in self.fields.values() if field.spelling is not None]
        return map_outward(golden, sent)

    def native_target(self, field: str) -> str:
        """The native field that an outward field is written to, unless it is known where its value came
        from."""
        return self.fields[field].natives[0]


def compile_mapping(
    mapping: MappingFile,
    entity: Entity,
    settings: HubSettings,
    *,
    transforms: Mapping[str, Transform],
    rate: Rate,
    stream: Stream | None = None,
) -> CompiledMapping:
    """Make a mapping ready. `stream`, if known, tells the native types that values are spelt for.

    Raises ConfigurationError that names every problem.
    """
    problems = mapping_problems(mapping, entity, transforms, settings)
    if problems:
        raise ConfigurationError(
            f"the mapping has {len(problems)} problem{'s' if len(problems) > 1 else ''}: {problems[0].line}",
            next_step="run `synchub check --offline` to see them all with their places",
            problems=tuple(problem.line for problem in problems),
        )
    native_fields = {} if stream is None else {field.name: field for field in stream.fields}
    around = Surroundings(entity, settings, transforms, native_fields, rate)
    fields = {name: compile_field(name, mapping.field(name), around) for name in mapping.fields}
    updated = _updated(mapping, settings)
    read_from = [*mapping.keys, *((updated[0],) if updated else ())]
    read_from += [name for field in fields.values() for name in field.natives]
    return CompiledMapping(
        keys=mapping.keys,
        natives=tuple(dict.fromkeys(read_from)),
        inward_fields=tuple(fields),
        outward_fields=tuple(name for name, field in fields.items() if field.spelling is not None),
        claiming_fields=tuple(name for name, field in fields.items() if field.claims),
        weak_fields=tuple(name for name, field in fields.items() if field.constant is not None),
        fingerprint=_fingerprint(mapping, entity, settings),
        fields=fields,
        updated=updated,
        entity=entity,
        settings=settings,
    )


def _updated(mapping: MappingFile, settings: HubSettings) -> tuple[str, Form] | None:
    if mapping.updated_at is None:
        return None
    # A field that is read from the same native one says how times are written there.
    formats = [
        field.format
        for field in map(mapping.field, mapping.fields)
        if field.natives == (mapping.updated_at,) and field.format
    ]
    format = formats[0] if formats else None
    return mapping.updated_at, datetime_form(format, settings.timezone, settings.region)


def _fingerprint(mapping: MappingFile, entity: Entity, settings: HubSettings) -> str:
    meaning = {
        "meaning": _MEANING,
        "mapping": mapping.model_dump(mode="json", exclude={"tests"}),
        "fields": {
            name: [entity.fields[name].type, entity.fields[name].values, entity.fields[name].inward]
            for name in mapping.fields
        },
        "hub": [settings.timezone, settings.region, settings.currency],
    }
    return hashlib.blake2b(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
