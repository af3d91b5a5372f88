"""What the hub knows as tables for others to read: golden values, whom they stand for, who said what, what happened.

Names and columns are a promise; docs/export.md lists them. Every table comes in parts, at least one, so that it is there
also when nobody is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from synchub.merge.claims import SCHEMA
from synchub.merge.golden import unpivot
from synchub.model import BLANK, FieldType
from synchub.record import bulk, known, members, tables
from synchub.record.codec import unpack
from synchub.record.known import Place
from synchub.run.opening import Opened
from synchub.run.ranking import places_of
from synchub.run.salt import salt_if_any
from synchub.spec.job import Entity

BATCH = 20_000
"""Records in a part: what memory is bounded by."""

Part = tuple[str, pl.DataFrame]
"""A table's name, and some of its rows."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What all parts of an entity's tables share."""

    tx: Connection
    entity: Entity
    salt: str
    places: dict[int, Place]

    @property
    def systems(self) -> dict[int, str]:
        return {number: place.state.system for number, place in self.places.items()}

    def ids(self, column: str) -> pl.Expr:
        """The hub's ids from the numbers of records."""
        return pl.lit(f"{self.salt}-") + pl.col(column).cast(pl.String)

    def system(self) -> pl.Expr:
        return pl.col("member").replace_strict(self.systems, default=None, return_dtype=pl.String)


def parts(tx: Connection, hub: Opened) -> Iterator[Part]:
    """Every table of every entity, part by part, as they all are at one moment."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    for entity in hub.configuration.entities.values():
        places = places_of(hub.configuration, entity.name, members.of_entity(tx, entity.name))
        own = _Known(tx, entity, salt_if_any(tx), places)
        listed = _events(own) if entity.name == "event" else _records(own)
        yield from ((f"{entity.name}{ending}", frame) for ending, frame in listed)


def _records(own: _Known) -> Iterator[Part]:
    names = own.entity.golden_fields
    condition = "record WHERE entity = :entity AND joined_into IS NULL"
    for numbers in _batches(own, condition):
        records = known.goldens(own.tx, numbers, names).sort("id")
        links = known.links_of(own.tx, numbers).sort("id")
        fields = [one for name in names for one in typed(name, own.entity.fields[name].type)]
        yield "", records.select(own.ids("id").alias("hub_id"), *fields)
        yield "_links", _links(own, links)
        yield "_claims", _claims(own, records, links)
        yield "_history", _history(own, links)


def _links(own: _Known, links: pl.DataFrame) -> pl.DataFrame:
    streams = {number: place.state.stream for number, place in own.places.items()}
    return links.select(
        own.ids("record").alias("hub_id"),
        own.system().alias("system"),
        pl.col("member").replace_strict(streams, default=None, return_dtype=pl.String).alias("stream"),
        "remote_id",
        (pl.col("made") == 1).alias("made_by_hub"),
        pl.col("tomb").is_not_null().alias("gone"),
        _time("updated_at"),
        _time("seen_at"),
    )


def _claims(own: _Known, records: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    said, later = known.claims_of(own.tx, records, links, own.places)
    every = pl.concat([pl.DataFrame(schema=SCHEMA), *(unpivot(frame) for frame in said), later.select(list(SCHEMA))])
    return every.sort("record", "field", "seq", "link").select(
        own.ids("record").alias("hub_id"),
        "field",
        "value",
        "system",
        "remote_id",
        "kind",
        _time("at").alias("said_at"),
        _time("seen").alias("heard_at"),
        pl.col("run").cast(pl.Int64),
    )


def _history(own: _Known, links: pl.DataFrame) -> pl.DataFrame:
    rows = bulk.rows_of(own.tx, tables.history, "link", links["id"]).sort("id").drop("id")
    owners = links.select("record", "member", "remote_id", link="id")
    return rows.join(owners, on="link", maintain_order="left").select(
        own.ids("record").alias("hub_id"), "field", "value", own.system().alias("system"), "remote_id", "reason", "run"
    )


def _events(own: _Known) -> Iterator[Part]:
    names = [name for name in own.entity.fields if name != "occurred_at"]
    for numbers in _batches(own, "event WHERE entity = :entity"):
        rows = bulk.rows_of(own.tx, tables.event, "id", numbers).sort("id")
        told = rows.select(
            own.ids("id").alias("event_id"),
            pl.when(pl.col("record").is_not_null()).then(own.ids("record")).alias("hub_id"),
            own.system().alias("system"),
            "remote_id",
            _time("occurred_at"),
        )
        fields = unpack(rows["body"], names).select(
            one for name in names for one in typed(name, own.entity.fields[name].type)
        )
        clashes = {name: f"{name}_" for name in fields.columns if name in told.columns}
        yield "", told.hstack(fields.rename(clashes))


def _batches(own: _Known, listed: str) -> Iterator[pl.Series]:
    """The numbers of a table's rows, in order, so many at a time; an empty one if there are none."""
    after, first = -1, True
    while True:
        query = text(f"SELECT id FROM {listed} AND id > :after ORDER BY id LIMIT {BATCH}")
        found = bulk.select(own.tx, query, {"id": pl.Int64}, entity=own.entity.name, after=after)["id"]
        if first or len(found):
            yield found
        if len(found) < BATCH:
            return
        after, first = int(found[-1]), False


def typed(name: str, kind: FieldType) -> list[pl.Expr]:
    """A column of canonical text as what it stands for; of an amount of money its currency too. Blank is null."""
    value = pl.when(pl.col(name) != BLANK).then(pl.col(name))
    match kind:
        case "bool":
            found = value == "true"
        case "integer":
            found = value.cast(pl.Int64, strict=False)
        case "number":
            found = value.cast(pl.Float64, strict=False)
        case "date":
            found = value.str.to_date("%Y-%m-%d", strict=False)
        case "datetime":
            found = value.str.strip_suffix("Z").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
            found = found.dt.replace_time_zone("UTC")
        case "set":
            found = value.str.json_decode(pl.List(pl.String))
        case "money":
            amount, currency = value.str.extract(r"^(\S+) "), value.str.extract(r" (\S+)$")
            return [amount.cast(pl.Float64, strict=False).alias(name), currency.alias(f"{name}_currency")]
        case _:
            found = value
    return [found.alias(name)]


def _time(column: str) -> pl.Expr:
    """Microseconds since 1970 as a time."""
    return pl.from_epoch(pl.col(column).cast(pl.Int64), time_unit="us").dt.replace_time_zone("UTC").alias(column)
