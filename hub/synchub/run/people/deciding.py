"""A decision that a person takes: the lock, the transaction and the run that it stands under."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from synchub.errors import ConfigurationError
from synchub.record import intake, journal
from synchub.record.lock import hold
from synchub.run.opening import Opened
from synchub.run.people.finding import find_record
from synchub.run.salt import salt_of
from synchub.run.told import telling
from synchub.run.work import holder
from synchub.spec.job import Entity

AT_NEXT_RUN = "`synchub plan` shows what follows from it; `synchub sync` writes it."


@dataclass(frozen=True, slots=True)
class Deciding:
    """One decision being taken: the transaction, the run it stands under, and what ids look like."""

    tx: Connection
    hub: Opened
    entity: Entity
    run: int
    now: int
    salt: str

    def find(self, key: str) -> int:
        return find_record(self.tx, self.hub, self.entity.name, key, self.salt)

    def hub_id(self, record: int) -> str:
        return f"{self.salt}-{record}"

    def claim(self, record: int, values: Mapping[str, str], *, kind: str, reason: str) -> None:
        """Claims by people: field to canonical value."""
        rows = pl.DataFrame(
            {"field": list(values), "value": list(values.values())}, schema={"field": pl.String, "value": pl.String}
        )
        nothing = {name: pl.lit(None, dtype=pl.String) for name in ("native", "base")}
        intake.add_claims(
            self.tx,
            rows.with_columns(
                record=pl.lit(record, dtype=pl.Int64),
                link=pl.lit(None, dtype=pl.Int64),
                at=pl.lit(self.now, dtype=pl.Int64),
                kind=pl.lit(kind),
                author=pl.lit(getpass.getuser()),
                reason=pl.lit(reason),
                **nothing,
            ),
            run=self.run,
        )
        intake.soil(self.tx, pl.Series([record], dtype=pl.Int64))


@contextmanager
def deciding(hub: Opened, entity_name: str, kind: str) -> Iterator[Deciding]:
    """Hold the entity's lock and a transaction while a decision is stored."""
    entity = hub.configuration.entities.get(entity_name)
    if entity is None:
        listed = ", ".join(hub.configuration.entities)
        raise ConfigurationError(
            f"There is no entity {entity_name}. There is: {listed}.", next_step="Correct the name."
        )
    at_work = telling.at_work(hub.store, entity_name, hub.configuration.settings.timezone)
    with hold(hub.store, entity_name, at_work), hub.store.write() as tx:
        now = hub.seams.micros()
        run = journal.begin(tx, sync=f"({kind})", entity=entity_name, kind=kind, now=now, holder=holder())
        yield Deciding(tx, hub, entity, run, now, salt_of(tx, hub))
        journal.end(tx, run, state="done", now=hub.seams.micros(), summary={})
