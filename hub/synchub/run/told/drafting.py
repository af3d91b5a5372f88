"""A first mapping of a stream: native fields matched to the hub's by their names and by what stands in them.

It is for a person to look over. Values of people never stand in it: mapping files are kept and shared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from synchub.api import Field, Stream
from synchub.mapping.forms import read
from synchub.mapping.kinds import canonical_form, form_of
from synchub.run.told.likeness import likeness
from synchub.spec.entities import FieldDeclaration
from synchub.spec.hub import HubSettings
from synchub.spec.job import Configuration, Entity
from synchub.spec.mapping import FieldMapping

FORMATS: Final = (
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%y-%m-%d",
    "%d %b %Y",
    "%b %d, %Y",
)
"""Spellings of dates that are never guessed at by a type, tried in this order."""
_MOSTLY: Final = 0.8
_PHONE_SHAPE: Final = r"^(\+|0|\()[\d\s()/.-]{6,}$"


@dataclass(slots=True)
class _Draft:
    """One draft being made.

    lines    canonical field -> its line, without the name
    natives  canonical field -> the native one
    left     native fields that are not mapped -> what was found about them
    """

    entity: Entity
    settings: HubSettings
    rows: pl.DataFrame
    lines: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    natives: dict[str, str] = field(default_factory=dict)
    updated_at: str | None = None


def draft(stream: Stream, rows: pl.DataFrame, configuration: Configuration) -> str:
    """A mapping file for a stream as TOML text. `rows`: a sample as native text, a column a native field."""
    known = {each.name: each for each in stream.fields}
    natives = [known.get(name, Field(name)) for name in dict.fromkeys([*known, *rows.columns])]
    tried = [_match(entity, natives, stream, rows, configuration.settings) for entity in _entities(configuration)]
    best = max(tried, key=lambda one: len(one.lines))
    return _written(best, stream, natives)


def _entities(configuration: Configuration) -> list[Entity]:
    """Contacts first: of two that fit as well the first is taken."""
    return sorted(configuration.entities.values(), key=lambda entity: entity.name != "contact")


def _match(
    entity: Entity, natives: Sequence[Field], stream: Stream, rows: pl.DataFrame, settings: HubSettings
) -> _Draft:
    made = _Draft(entity, settings, rows, updated_at=stream.updated_at)
    taken = {stream.updated_at}
    if stream.external_id:
        made.lines["hub_id"], made.natives["hub_id"] = _quoted(stream.external_id), stream.external_id
        taken.add(stream.external_id)
    for native, name in _by_name(entity, [each for each in natives if each.name not in taken]):
        if native.name not in taken and name not in made.lines:
            _try(made, native, entity.fields[name], taken)
    for native in natives:
        meant = _by_values(made, native) if native.name not in taken else None
        if meant:
            _try(made, native, entity.fields[meant], taken)
    for native in natives:
        if native.name not in taken:
            made.left.setdefault(native.name, "")
    return made


def _by_name(entity: Entity, natives: Sequence[Field]) -> Iterator[tuple[Field, str]]:
    """Pairs that may belong together, the surest first; what is equally sure in the order of the stream."""
    pairs = [
        (likeness(native.name, name), -place, native, name)
        for place, native in enumerate(natives)
        for name in entity.fields
        if name != "hub_id"
    ]
    for score, _, native, name in sorted(pairs, key=lambda pair: pair[:2], reverse=True):
        if score:
            yield native, name


def _by_values(made: _Draft, native: Field) -> str | None:
    """What a field's values say that its name does not."""
    texts = _filled(made.rows, native.name)
    if texts.is_empty():
        return None
    looks = {
        "email": texts.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        "phone": texts.str.contains(_PHONE_SHAPE) & ~texts.str.contains(r"^\d{4}-\d\d-\d\d"),
        "website": texts.str.contains(r"^(https?://|www\.)\S+$"),
    }
    return next(
        (
            name
            for name, hits in looks.items()
            if name in made.entity.fields and name not in made.lines and hits.sum() >= _MOSTLY * len(texts)
        ),
        None,
    )


def _try(made: _Draft, native: Field, declared: FieldDeclaration, taken: set[str | None]) -> None:
    """Map a native field if what stands in it can be read so."""
    if declared.name == "updated_at" and made.updated_at is not None:
        return
    texts = _filled(made.rows, native.name)
    way = _way(made, native, declared, texts)
    if way is None:
        made.left[native.name] = f"not {declared.name}: what stands there is no {declared.type}"
        return
    taken.add(native.name)
    if declared.name == "updated_at":
        made.updated_at = native.name
        return
    made.lines[declared.name] = way
    made.natives[declared.name] = native.name


def _way(made: _Draft, native: Field, declared: FieldDeclaration, texts: pl.Series) -> str | None:
    """How a field is written in the draft; None if most of what stands there can't be read as its type."""
    settings = {} if native.writable or declared.inward else {"direction": "in"}
    share = _readable(made, declared, None, texts)
    if share < 1 and declared.type in ("date", "datetime"):
        format = next((each for each in FORMATS if _readable(made, declared, each, texts) == 1), None)
        settings |= {"format": format} if format else {}
        share = 1 if format else share
    if share < _MOSTLY:
        return None
    comment = "" if share == 1 else f"   # {1 - share:.0%} of the sampled values can't be read so"
    if not settings:
        return f"{_quoted(native.name)}{comment}"
    listed = ", ".join(f"{name} = {_quoted(value)}" for name, value in {"native": native.name, **settings}.items())
    return f"{{ {listed} }}{comment}"


def _readable(made: _Draft, declared: FieldDeclaration, format: str | None, texts: pl.Series) -> float:
    """The share of the texts that the field's type can read; 1 where there are none."""
    if texts.is_empty():
        return 1
    plain = canonical_form(declared, made.entity, made.settings)
    form = form_of(declared, FieldMapping(format=format), made.entity, made.settings, elements={}) if format else plain
    return 1 - read(form, texts).values.null_count() / len(texts)


def _filled(rows: pl.DataFrame, name: str) -> pl.Series:
    texts = rows[name].alias("") if name in rows.columns else pl.Series([], dtype=pl.String)
    texts = texts.drop_nulls()  # of a series named "^a$" Polars would take the name for a pattern
    return texts.filter(texts != "").unique(maintain_order=True)


def _written(made: _Draft, stream: Stream, natives: Sequence[Field]) -> str:
    """The draft as text."""
    width = max((len(name) for name in [*made.lines, "updated_at"]), default=0)
    order = [name for name in made.entity.fields if name in made.lines]
    lines = [
        f"# A draft, made from the fields of {_quoted(stream.name)} and a few of its rows. Look it over:",
        "# `synchub check` finds what can't be right, `synchub plan` shows what would come of it.",
        f"{'entity':{width}} = {_quoted(made.entity.name)}",
        *_key(made, stream, natives, width),
    ]
    if made.updated_at:
        lines.append(f"{'updated_at':{width}} = {_quoted(made.updated_at)}")
    lines += ["", "[fields]", *(f"{name:{width}} = {made.lines[name]}" for name in order)]
    types = {native.name: native for native in natives}
    used = set(stream.key) | {made.updated_at}
    left = [name for name in made.left if name not in used and name not in made.natives.values()]
    if left:
        lines += ["", "# Not mapped. To map one, name the hub's field before the sign and take away the #."]
        lines += [f"# ? = {_quoted(name)}{_remark(types[name], made.left[name])}" for name in left]
    return "\n".join(lines) + "\n"


def _key(made: _Draft, stream: Stream, natives: Sequence[Field], width: int) -> Iterator[str]:
    """What names a record there; where the system can't tell, a guess with a warning."""
    key = stream.key
    if not key:
        yield "# The system does not tell what names a record: take a field that is always filled, differs"
        yield "# from record to record, and never changes."
        guess = made.natives.get("email") or next((native.name for native in natives), "id")
        key = (guess,)
    names = ", ".join(map(_quoted, key))
    yield f"{'key':{width}} = {names if len(key) == 1 else f'[{names}]'}"


def _remark(native: Field, found: str) -> str:
    options = f", one of {', '.join(map(_quoted, native.options[:12]))}" if native.options else ""
    return f"   # {native.type}{options}{'; ' + found if found else ''}"


def _quoted(text: str) -> str:
    """A TOML string, on one line whatever is in it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
