"""A real hub over systems in memory: the engine that `synchub sync` runs, with nothing on disk but a store that goes with it.

hub = MemoryHub([crm, shop], rules={"phone": "prefer crm"}, members={"shop": {"on_delete": "propagate"}})
hub.sync(10)
assert hub.golden("ann@example.com")["first_name"] == "Ann"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import polars as pl
from sqlalchemy import text

from synchub.api import Connector, Rates
from synchub.plugins.offers import Plugins
from synchub.record import bulk, known, members, reviews
from synchub.record.store import Store
from synchub.redact import Redactor
from synchub.run import line
from synchub.run.hosting import Outside
from synchub.run.hub import Hub
from synchub.run.opening import Opened
from synchub.run.people.joining import join_records, split_record
from synchub.run.people.quarantining import Quarantined
from synchub.run.people.reviewing import Reviewed
from synchub.run.people.setting import set_values
from synchub.run.people.undoing import plan_undo, undo
from synchub.run.readying import pretend, work_on
from synchub.run.salt import salt_of
from synchub.run.told import telling
from synchub.run.work import Executor, OneByOne, Seams
from synchub.secrets import Secrets
from synchub.spec.job import Configuration, Sync
from synchub.spec.mapping import FieldMapping
from synchub.spec.options import RunOptions, Silent
from synchub.spec.reports import PlanReport, RunReport
from synchub.testing.memory import STREAM, MemorySystem
from synchub.testing.memory_connector import connector_of
from synchub.testing.memory_seams import Clock, Killed
from synchub.testing.memory_settings import ACTIVITY, ENTITY, EVENT, SYNC, configuration, contact, event, member


class MemoryHub:
    """One sync of contacts over systems in memory, and one of events if there are systems of such. Every part but the systems
    is real.

    events                               systems of what happened; a field `contact` holds the e-mail of whom it happened to
    rules, match, fields, consent_from   as under [entities.contact]
    members                              by system: what stands under [syncs.NAME.members.NAME]; and `mapping`, by
                                         field, where it is not simply the native field of that name (None: it is not mapped)
    rates                                exchange rates that are asked before the bank's
    executor                             reads and writes the systems; by default one after the other
    bucket                               how many records are merged and planned at once
    connect                              the connector of a system
    folder                               where the store is made (by default where temporary files are)
    secrets                              what must not be told or kept
    """

    def __init__(  # noqa: PLR0913 - what there is to set, by name
        self,
        systems: Sequence[MemorySystem],
        *,
        events: Sequence[MemorySystem] = (),
        rules: Mapping[str, Any] | None = None,
        match: Sequence[str] = ("email",),
        members: Mapping[str, Mapping[str, Any]] | None = None,
        executor: Executor | None = None,
        rates: Rates | None = None,
        bucket: int = 20_000,
        connect: Callable[[Any], Connector] = connector_of,
        folder: Path | None = None,
        secrets: Sequence[str] = (),
        **entity: Any,
    ) -> None:
        self.systems, self.events = list(systems), list(events)
        self.rules = dict(rules or {})
        self.members = {name: dict(options) for name, options in (members or {}).items()}
        self.crash: Callable[[str], None] = lambda _point: None
        self._match, self._entity, self._secrets = tuple(match), entity, tuple(secrets)
        self._folder = TemporaryDirectory(prefix="synchub-memory-", dir=folder)
        self._clock = Clock()
        self._rates = {} if rates is None else {"memory": lambda: rates}
        self._executor, self._bucket, self._connect = executor or OneByOne(), bucket, connect
        self._opened = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store, and of what was in it."""
        self._opened.close()
        self._folder.cleanup()

    def reopen(self) -> None:
        """What a new process does first: nothing of the old one is left but the store."""
        self._opened.close()
        self._opened = self._open()

    @property
    def folder(self) -> Path:
        """Where its store is."""
        return Path(self._folder.name)

    # Configuration

    def change(
        self,
        *,
        rules: Mapping[str, Any] | None = None,
        members: Mapping[str, Mapping[str, Any]] | None = None,
        systems: Sequence[MemorySystem] | None = None,
    ) -> None:
        """Edit the configuration: what is given takes the place of what was."""
        self.rules = dict(rules) if rules is not None else self.rules
        self.members = (
            {name: dict(options) for name, options in members.items()} if members is not None else self.members
        )
        self.systems = list(systems) if systems is not None else self.systems
        self._opened.configuration = self._configuration()
        self._opened.connectors = self._connectors()

    def _open(self) -> Opened:
        redactor = Redactor(self._secrets)
        seams = Seams(
            clock=self._clock,
            executor=self._executor,
            crash=lambda point: self.crash(point),
            bucket=self._bucket,
            enough=3,
        )
        configuration = self._configuration()
        outside = Outside(self._clock, redactor.redact, new_id=lambda: "memory")
        secrets = Secrets(configuration.settings.name, configuration.folder, environ={}, redactor=redactor)
        return Opened(
            configuration,
            Plugins(rates=self._rates),
            secrets,
            redactor,
            {},
            seams,
            outside,
            connectors=self._connectors(),
        )

    def _connectors(self) -> dict[str, Connector]:
        systems = [*self.systems, *self.events]
        for system in systems:
            system.clock = self._clock
        return {system.name: self._connect(system) for system in systems}

    def _configuration(self) -> Configuration:
        entity = contact(self.systems, rules=self.rules, match=self._match, **self._entity)
        members = [member(rank, system, self.members) for rank, system in enumerate(self.systems)]
        syncs = [Sync(SYNC, entity, tuple(members))]
        if self.events:
            given = self._events_members()
            members = [member(rank, system, given, EVENT) for rank, system in enumerate(self.events)]
            syncs.append(Sync(ACTIVITY, event(self.events), tuple(members)))
        return configuration(self.folder, [*self.systems, *self.events], syncs)

    def _events_members(self) -> dict[str, dict[str, Any]]:
        """What is said of the members of the sync of events: their field `contact` is an e-mail unless that says otherwise."""
        by_email = {"contact": FieldMapping(native="contact", by="email")}
        told = {system.name: self.members.get(system.name, {}) for system in self.events}
        return {name: {**own, "mapping": {**by_email, **own.get("mapping", {})}} for name, own in told.items()}

    # Runs

    def put(self, at: float) -> None:
        """Let it be that time: `at` minutes after START, never earlier than it is."""
        self._clock.put(at)

    @property
    def _sync(self) -> Sync:
        return self._opened.configuration.syncs[SYNC]

    def plan(self, at: float, **options: Any) -> PlanReport:
        """What `synchub plan` says at that time; `options` as in RunOptions."""
        self._clock.put(at)
        with work_on(self._opened, self._sync, RunOptions(**options), Silent(), trial=True) as work:
            pretend(work)
            return telling.plan_report(work, line.plan(work), "UTC")

    def sync(self, at: float, **options: Any) -> RunReport:
        """One run of `synchub sync` at that time. A run that fails or is stopped says so in its report."""
        self._clock.put(at)
        return self.hub.sync([SYNC], RunOptions(**options), Silent())[0]

    def sync_events(self, at: float, **options: Any) -> RunReport:
        """The same of the sync of events."""
        self._clock.put(at)
        return self.hub.sync([ACTIVITY], RunOptions(**options), Silent())[0]

    @property
    def hub(self) -> Hub:
        """What the commands use: it does not move the clock."""
        return Hub(self._opened)

    def crash_at(self, point: str, times: int = 1) -> None:
        """From now on the process is killed when it comes to `point` for the `times`th time; None of it is told."""
        left = [times]

        def crash(reached: str) -> None:
            left[0] -= reached == point
            if left[0] == 0:
                self.crash = lambda _point: None
                raise Killed(point)

        self.crash = crash

    # People's decisions

    def set(self, key: str, *, at: float, **values: str) -> None:
        """`synchub set`: a person decides values of a record, "" is blank."""
        self._clock.put(at)
        set_values(self._opened, ENTITY, key, values, reason="a test")

    def join(self, key: str, other: str, *, at: float) -> None:
        """`synchub merge`: two records are one."""
        self._clock.put(at)
        join_records(self._opened, ENTITY, key, other)

    def split(self, key: str, *links: tuple[str, str], at: float) -> None:
        """`synchub split`: the links named, each as (system, id), become a record of their own."""
        self._clock.put(at)
        split_record(self._opened, ENTITY, key, [f"{system}:{STREAM}:{name}" for system, name in links])

    def answer(self, kind: str, answer: str, *, at: float, key: str = "", field: str = "") -> None:
        """`synchub review resolve`: answer all open questions of a kind, or the one whose record has this label or id; of
        several about one record that about `field`."""
        self._clock.put(at)
        asked = Reviewed(self._opened)
        if not key:
            asked.resolve_all(kind, answer, system="", reason="a test")
            return
        own = [one for one in asked.list() if one.kind == kind and key in (one.label, one.record)]
        (item,) = [one for one in own if field in ("", dict(one.details).get("field"))]
        self.resolve(item.id, answer, at=at)

    def resolve(self, item: str, answer: str, *, at: float) -> None:
        """The same of one question, by its number."""
        self._clock.put(at)
        Reviewed(self._opened).resolve(item, answer, reason="a test")

    def undo(self, run: str, *, at: float) -> tuple[PlanReport, RunReport]:
        """`synchub undo`: what it says it would do, and what it did."""
        self._clock.put(at)
        return plan_undo(self._opened, run), undo(self._opened, run, Silent())

    def retry(self, *, at: float) -> None:
        """`synchub quarantine retry --all`."""
        self._clock.put(at)
        Quarantined(self._opened).retry(())

    def asked(self, kind: str) -> list[str]:
        """The records that open questions of a kind are about, as `synchub review list` names them."""
        return [one.label for one in Reviewed(self._opened).list() if one.kind == kind]

    # What the hub knows

    def records(self) -> list[dict[str, str]]:
        """Golden of all records that were not joined into others, by age: fields that have a value, and hub_id."""
        names = self._opened.configuration.entities[ENTITY].golden_fields
        with self._opened.store.read() as tx:
            salt = salt_of(tx, self._opened)
            rows = bulk.select(
                tx, text("SELECT id FROM record WHERE joined_into IS NULL ORDER BY id"), {"id": pl.Int64}
            )
            found = known.goldens(tx, rows["id"], names).sort("id").to_dicts()
        return [
            {"hub_id": f"{salt}-{row['id']}", **{name: row[name] for name in names if row[name] is not None}}
            for row in found
        ]

    def golden(self, key: str) -> dict[str, str]:
        """The one record that has this value in a field it is recognised by, or as its hub id."""
        fields = {"hub_id", *(name for one in self._match for name in (part.strip() for part in one.split("+")))}
        found = [record for record in self.records() if key in (record.get(name) for name in fields)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} records have {key}.")
        return found[0]

    def links(self, key: str) -> list[tuple[str, str]]:
        """The live links of a record, as (system, id)."""
        number = int(self.golden(key)["hub_id"].rpartition("-")[2])
        with self._opened.store.read() as tx:
            rows = known.links_of(tx, [number]).filter(pl.col("tomb").is_null())
            names = {member.id: member.system for member in members.of_entity(tx, ENTITY)}
        return sorted((names[member], name) for member, name in rows.select("member", "remote_id").rows())

    def review(self) -> list[dict[str, Any]]:
        """Open questions: kind, subject, details."""
        with self._opened.store.read() as tx:
            return reviews.questions(tx)

    def quarantine(self) -> list[dict[str, Any]]:
        """Rows that are set aside because they could not be understood, and writes that their system could not take."""
        with self._opened.store.read() as tx:
            return reviews.asides(tx, kinds=("quarantine", "write")).to_dicts()

    @property
    def store(self) -> Store:
        """The store, for tests that look deeper."""
        return self._opened.store
