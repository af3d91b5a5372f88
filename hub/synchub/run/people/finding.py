"""One record by what a person types: a hub id, the name of a link, or a value that it is recognised by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select, text

from synchub.errors import ConfigurationError
from synchub.mapping.forms import Unreadable, read_one
from synchub.mapping.kinds import canonical_form
from synchub.match.idents import idents, with_hashes
from synchub.model import VALUE
from synchub.record import bulk, known, members, tables
from synchub.record.codec import unpack
from synchub.run.opening import Opened
from synchub.run.told.showing import labels
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity

JOINT = " + "
"""What stands between the values of a key of several fields, as between their names in hub.toml."""
OTHERS = "other_emails"
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Ids:
    """How records of this hub are named outside the store."""

    salt: str

    def hub_id(self, record: int) -> str:
        return f"{self.salt}-{record}"

    def record(self, key: str) -> int | None:
        """The record that a hub id names; None if the text is none of this hub's."""
        salt, _, number = key.strip().lower().rpartition("-")
        named = salt == self.salt.lower() and number.isascii() and number.isdigit() and len(number) < 19
        return int(number) if named and self.salt else None


def find_record(tx: Connection, hub: Opened, entity_name: str, key: str, salt: str) -> int:
    """The number of the record that `key` names.

    `key` is a hub id, a link as SYSTEM:STREAM:REMOTE_ID, or a value of a match key in any spelling that its
    type reads; of a key of several fields all values, joined by " + " as hub.toml joins names, or any one.
    FIELD:VALUE looks at that field alone. Raises ConfigurationError if nothing or more than one record fits.
    """
    entity, ids = entity_of(hub, entity_name), Ids(salt)
    named = ids.record(key)
    found = [named] if named is not None else _by_link(tx, entity, key) or _by_value(tx, hub, entity, key.strip())
    numbers = _whole(tx, entity, found)
    if len(numbers) == 1:
        return numbers[0]
    raise _several(tx, entity, key, numbers, ids) if numbers else _none(entity, key)


def entity_of(hub: Opened, name: str) -> Entity:
    """A declared entity. Raises ConfigurationError for any other name."""
    entities = hub.configuration.entities
    if name not in entities:
        raise ConfigurationError(
            f"There is no entity {name}. There is: {', '.join(entities)}.",
            not_done="Nothing was looked up.",
            next_step="Correct the name.",
        )
    return entities[name]


def _by_link(tx: Connection, entity: Entity, key: str) -> list[int]:
    own = tables.link.c
    found = []
    for state in members.of_entity(tx, entity.name):
        start = f"{state.system}:{state.stream}:"
        if key.startswith(start):
            query = select(own.record).where(own.member == state.id, own.remote_id == key.removeprefix(start))
            found += [int(number) for number in tx.execute(query).scalars()]
    return found


def _by_value(tx: Connection, hub: Opened, entity: Entity, key: str) -> list[int]:
    """By the keys that links hold; where these know nothing, by what is valid now; then by what links said and lost."""
    read = list(_readings(entity, hub.configuration.settings, key))
    rows = pl.DataFrame(
        [
            {"node": place, **{VALUE + name: value for name, value in values.items()}}
            for place, values in enumerate(read)
        ],
        schema={"node": pl.Int64, **{VALUE + name: pl.String for values in read for name in values}},
    )
    keys = with_hashes(idents(rows, entity.match, entity.fields), entity.match, entity.name)
    hinted = known.candidates(tx, keys["hash"].unique())["record"].unique()
    links = known.links_of(tx, _whole(tx, entity, hinted.to_list()))
    return (
        _having(entity, keys, _held(entity, links))
        or [number for values in read for number in _golden(tx, entity, values)]
        or _having(entity, keys, _claimed(tx, entity, links))
    )


def _readings(entity: Entity, settings: HubSettings, key: str) -> Iterator[dict[str, str]]:
    """Every way to understand what was typed, as values of match keys."""
    named, sign, rest = key.partition(":")
    names = dict.fromkeys(name for own in entity.match for name in own.fields)
    if sign and named in names:
        yield from _read(entity, settings, (named,), [rest])
        return
    parts = key.split(JOINT)
    for own in entity.match:
        if len(own.fields) == len(parts):
            yield from _read(entity, settings, own.fields, parts)
    for name in names:
        yield from _read(entity, settings, (name,), [key])


def _read(
    entity: Entity, settings: HubSettings, names: Sequence[str], typed: Sequence[str]
) -> Iterator[dict[str, str]]:
    """The values as their types read them; nothing if one can't be read or is blank."""
    forms = [canonical_form(entity.fields[name], entity, settings) for name in names]
    try:
        values = [read_one(form, text) for form, text in zip(forms, typed, strict=True)]
    except Unreadable:
        return
    if all(values):
        yield dict(zip(names, values, strict=True))


def _having(entity: Entity, keys: pl.DataFrame, rows: pl.DataFrame) -> list[int]:
    """Records of which a row (record, v.*) has one of these keys. Hashes only suggest: the values are looked at."""
    texts = idents(rows.rename({"record": "node"}), entity.match, entity.fields)
    wanted = keys.select("key", "text").unique()
    return texts.join(wanted, on=["key", "text"], how="semi")["node"].unique().to_list()


def _recognised_by(entity: Entity) -> list[str]:
    return list(dict.fromkeys([*(name for own in entity.match for name in own.fields), OTHERS]))


def _held(entity: Entity, links: pl.DataFrame) -> pl.DataFrame:
    """record, v.*: what each link holds now."""
    fields = _recognised_by(entity)
    held = known.with_held(links, fields)
    return held.select("record", *(pl.col(f"hv.{name}").alias(VALUE + name) for name in fields))


def _claimed(tx: Connection, entity: Entity, links: pl.DataFrame) -> pl.DataFrame:
    """record, v.*: what each link itself said last, though other words won and were written over it."""
    claims = bulk.rows_of(tx, tables.claim, "link", links["id"]).filter(pl.col("kind") != "void")
    last = claims.sort("seq").unique(["link", "field"], keep="last")
    fields = _recognised_by(entity)
    told = links.select("record", link="id").hstack(known.unpacked_said(links, fields))
    for name in fields:
        later = last.filter(pl.col("field") == name).select("link", "value")
        told = told.join(later, on="link", how="left", maintain_order="left")
        told = told.with_columns(pl.coalesce("value", VALUE + name).alias(VALUE + name)).drop("value")
    return told.drop("link")


def _golden(tx: Connection, entity: Entity, values: Mapping[str, str]) -> list[int]:
    """Records whose valid values are these: what no link holds yet, and what is only a part of a key.

    It looks through all records of the entity; a person who asks once can wait for that.
    """
    query = text(
        "SELECT id, golden FROM record WHERE entity = :entity AND joined_into IS NULL AND "
        + " AND ".join(f"lower(golden) LIKE :like{place} ESCAPE '!'" for place in range(len(values)))
    )
    likes = {f"like{place}": f"%{_pattern(value.lower())}%" for place, value in enumerate(values.values())}
    rows = bulk.select(tx, query, {"id": pl.Int64, "golden": pl.String}, entity=entity.name, **likes)
    opened = rows.hstack(unpack(rows["golden"], list(values)))
    exact = [pl.col(name).str.to_lowercase() == value.lower() for name, value in values.items()]
    return opened.filter(pl.all_horizontal(*exact))["id"].to_list()


def _pattern(value: str) -> str:
    """A value as it may stand inside what is stored. Databases differ in what is small of Ä: anything goes."""
    plain = value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return "".join(letter if letter.isascii() and letter.isprintable() else "%" for letter in plain)


def _whole(tx: Connection, entity: Entity, numbers: Sequence[int]) -> list[int]:
    """The records themselves, those that were joined into others followed to where they are now."""
    found, open_ = set(), set(numbers)
    for _ in range(100):  # a ring of joins can't be made, but would never end
        rows = known.goldens(tx, sorted(open_), ()).filter(pl.col("entity") == entity.name)
        joined = rows["joined_into"]
        found |= set(rows.filter(joined.is_null())["id"].to_list())
        open_ = set(joined.drop_nulls().to_list())
        if not open_:
            break
    return sorted(found)


def _none(entity: Entity, key: str) -> ConfigurationError:
    keys = [own.name for own in entity.match]
    by = f"a value of {' or '.join(keys)}, " if keys else ""
    return ConfigurationError(
        f"No {entity.name} is known as {key}.",
        not_done="Nothing was looked up further.",
        next_step=f"Name it by {by}a link as SYSTEM:STREAM:ID, or its hub id. "
        "A row that waits for an answer is not a record yet: see `synchub review list`.",
    )


def _several(tx: Connection, entity: Entity, key: str, numbers: list[int], ids: Ids) -> ConfigurationError:
    shown = numbers[:MOST_LISTED]
    names = labels(
        known.goldens(tx, shown, list(entity.fields)).select(pl.col("id").alias("record"), *entity.fields),
        ids,
    )
    listed = [f"{ids.hub_id(number)}  {names[number]}" for number in shown]
    more = [f"… and {len(numbers) - len(shown)} more"] if len(numbers) > len(shown) else []
    return ConfigurationError(
        f"{len(numbers)} records of {entity.name} fit {key}.",
        not_done="Nothing was looked up further.",
        next_step=f"Name the one you mean by its hub id, for example {ids.hub_id(numbers[0])}.",
        problems=(*listed, *more),
    )
