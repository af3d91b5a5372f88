"""All that the store knows of one record, and what merging makes of it now. No system is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from synchub.merge.chains import built_in_and
from synchub.merge.claims import SCHEMA, latest, standing
from synchub.merge.golden import Merged, merge, unpivot
from synchub.record import bulk, epochs, known, members, tables
from synchub.record.known import Place
from synchub.run.opening import Opened
from synchub.run.people.finding import Ids
from synchub.run.ranking import places_of
from synchub.run.readying import plugin_rules
from synchub.run.told.telling import aware
from synchub.spec.job import Entity

AUTHORED = {**SCHEMA, "author": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Facts:
    """One record.

    row        its row in the store, with a column a field of golden as last stored
    links      its rows of the table link, of whatever member
    every      all claims ever made on it, counting or not, as claims.SCHEMA with author and reason
    counting   those of them that merging looks at
    merged     what they come to now
    seen       values that are neither claims nor held: the rows of the table history
    clocks     run -> its clock, in microseconds
    """

    number: int
    entity: Entity
    ids: Ids
    zone: str
    row: Mapping[str, Any]
    links: pl.DataFrame
    places: Mapping[int, Place]
    every: pl.DataFrame
    counting: pl.DataFrame
    merged: Merged
    seen: pl.DataFrame
    clocks: Mapping[int, int]
    joined: int

    @property
    def hub_id(self) -> str:
        return self.ids.hub_id(self.number)

    @cached_property
    def open(self) -> dict[str, str]:
        """Fields with an open question, and the rule that asks."""
        asked = self.merged.verdicts.filter(pl.col("open"))
        return dict(asked.select("field", "rule").iter_rows())

    @cached_property
    def golden(self) -> dict[str, str | None]:
        """Every field's valid value. One with an open question stays as it was."""
        found = self.merged.golden.to_dicts()
        now = found[0] if found else {}
        return {
            name: self.row[name] if name in self.open else now.get(name)
            for name in self.entity.fields
            if name != "hub_id"
        }

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Golden as the planning and mapping rooms take it: one row."""
        days = [column for column in self.merged.golden.columns if column.startswith("day.")]
        return pl.DataFrame(
            {
                "record": [self.number],
                **{name: [value] for name, value in self.golden.items()},
                "hub_id": [self.hub_id],
            },
            schema={"record": pl.Int64, **dict.fromkeys(self.golden, pl.String), "hub_id": pl.String},
        ).hstack(self.merged.golden.select(days) if days else [])

    @cached_property
    def latest(self) -> pl.DataFrame:
        """The latest claim of each link on each field, of those that count."""
        return latest(self.counting)

    def when(self, micros: int | None) -> datetime | None:
        return None if micros is None else aware(micros, self.zone)

    def run_time(self, run: int) -> datetime | None:
        return self.when(self.clocks.get(run))


def gather(tx: Connection, hub: Opened, entity: Entity, number: int, ids: Ids) -> Facts:
    """Everything on one record, in the transaction given."""
    names = entity.golden_fields
    records = known.goldens(tx, [number], names)
    links = known.links_of(tx, [number])
    places = places_of(hub.configuration, entity.name, members.of_entity(tx, entity.name))
    said, later = known.claims_of(tx, records, links, places)
    merged = merge(
        said,
        later,
        entity,
        epochs=epochs.look_up(tx, entity.name, entity.rules),
        rules=built_in_and(plugin_rules(hub.plugins.rules)),
        run=0,
    )
    counting = standing(pl.concat([later.select(list(SCHEMA)), *map(unpivot, said)]))
    every = _every(tx, records, links, places)
    seen = bulk.rows_of(tx, tables.history, "link", links["id"])
    runs = pl.concat([every["run"], seen["run"], links["first_run"], records["made_run"], links["tomb"]])
    joined = tx.execute(text("SELECT count(*) FROM record WHERE joined_into = :id"), {"id": number}).scalar_one()
    return Facts(
        number,
        entity,
        ids,
        hub.configuration.settings.timezone,
        records.to_dicts()[0],
        links,
        places,
        every,
        counting.filter(pl.col("kind") != "open"),
        merged,
        seen,
        known.run_clocks(tx, runs),
        int(joined),
    )


def _every(tx: Connection, records: pl.DataFrame, links: pl.DataFrame, places: Mapping[int, Place]) -> pl.DataFrame:
    """All claims, also those that count no more, and what was found in members that are only written."""
    speaking = {number: Place(place.state, place.rank, place.fill_only) for number, place in places.items()}
    said, later = known.claims_of(tx, records.with_columns(void_before=pl.lit(0, dtype=pl.Int64)), links, speaking)
    return pl.concat([later.select(list(AUTHORED)), *map(unpivot, said)], how="diagonal").select(list(AUTHORED))
