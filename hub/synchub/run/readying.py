"""Making one sync of an opened hub ready to run, and entering the run into the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl
from sqlalchemy import Connection

from synchub.api import Connector, Cursor, Page, Rule, Stream
from synchub.errors import ConfigurationError, PluginError, SynchubError
from synchub.mapping import compile_mapping, compile_where
from synchub.merge.chains import built_in_and
from synchub.merge.claims import ONE
from synchub.merge.rules import Built, Choose, top
from synchub.read.shelf import Shelf
from synchub.record import journal, marks, members, own_states, store
from synchub.run.opening import Opened
from synchub.run.ranking import places_of
from synchub.run.rates import PinnedRates
from synchub.run.salt import salt_of
from synchub.run.scratch import scratch
from synchub.run.streams import stream_of
from synchub.run.work import Part, Work, holder
from synchub.spec.job import Member, Sync
from synchub.spec.options import Progress, RunOptions


def plugin_rules(rules: Mapping[str, Rule]) -> dict[str, Built]:
    """Rules of plugins as the merging room takes them."""
    return {name: Built(_choosing(rule), history=not rule.latest) for name, rule in rules.items()}


def _choosing(rule: Rule) -> Choose:
    count = pl.len().over([*ONE, "value"])
    return lambda claims, _words: top(claims.with_columns(count=count), rule.score()).drop("count")


@contextmanager
def work_on(hub: Opened, sync: Sync, options: RunOptions, progress: Progress, *, trial: bool = False) -> Iterator[Work]:
    """Everything a run of one sync works with, and a folder to stage in that is gone afterwards. For a `trial` nothing
    is stored: members that take part for the first time, and the hub's salt, are as they would be."""
    with hub.store.trial() if trial else hub.store.write() as tx:
        fresh = not journal.has_run(tx, sync.name)
        states = {member.name: _state(tx, sync, member, accepted=fresh) for member in sync.members}
        salt = salt_of(tx, hub)
        given = marks.of_syncs(
            tx,
            sync.entity.name,
            [one.name for one in hub.configuration.syncs.values() if one.entity.name == sync.entity.name],
        )
        everyone = members.of_entity(tx, sync.entity.name)
    rates = PinnedRates(hub.store, hub.plugins.rates)
    parts = [
        _part(hub, sync, member, states[member.name], rates, options.paused.get(member.system, ""))
        for member in sync.members
    ]
    wanted = set(options.systems)
    parts = [part for part in parts if not wanted or part.member.system in wanted]
    places = places_of(hub.configuration, sync.entity.name, everyone)
    places |= {part.state.id: replace(places[part.state.id], fill_only=part.fill_only) for part in parts}
    with scratch(hub.staging) as folder:
        yield Work(
            sync=sync,
            parts=parts,
            places=places,
            store=hub.store,
            rules=built_in_and(plugin_rules(hub.plugins.rules)),
            options=options,
            seams=hub.seams,
            shelf=Shelf(folder),
            salt=salt,
            progress=progress,
            mark=given[sync.name],
            others=sum(given.values()) - given[sync.name],
            keep=lambda tx: _keep(tx, hub, rates),
            notes=hub.news(),
            contact=hub.configuration.entities.get(sync.entity.refers_to.get("contact", "contact")),
        )


def _state(tx: Connection, sync: Sync, member: Member, *, accepted: bool) -> members.MemberState:
    found = members.find(tx, sync.entity.name, member.system, member.stream)
    return found or members.add(
        tx, sync.entity.name, member.system, member.stream, accepted=accepted or member.direction == "in"
    )


def _keep(tx: Connection, hub: Opened, rates: PinnedRates) -> None:
    """What came up while reading and planning, stored with it."""
    rates.pin(tx)
    for system, host in hub.hosts.items():
        own_states.save(tx, system, host.state)


def _part(hub: Opened, sync: Sync, member: Member, state: members.MemberState, rates: PinnedRates, down: str) -> Part:
    connector, unmade = _connector(hub, member.system)
    down = down or unmade
    stream = Stream(member.stream, (), member.mapping.keys, weak=state.fill_only)
    try:
        if not down:
            stream = stream_of(connector, member)
    except SynchubError as problem:  # a system that can't be reached takes no part in this run; the others go on
        if isinstance(problem, ConfigurationError) and state.read_at is None:
            raise  # it never worked: somebody is just setting it up
        down = hub.redactor.redact(problem.line)
    mapping = compile_mapping(
        member.mapping,
        sync.entity,
        hub.configuration.settings,
        transforms=hub.transforms,
        rate=rates.rate,
        stream=stream,
    )
    inside = compile_where(member.where, sync.entity) if member.where else None
    return Part(
        member,
        state,
        stream,
        mapping,
        connector,
        inside,
        down,
        mapping_before=state.mapping,
        redact=hub.redactor.redact,
    )


def _connector(hub: Opened, system: str) -> tuple[Connector, str]:
    """The connector, or what stands for it, and why. One that breaks while it is made is out of this run, and no other is."""
    try:
        return hub.connector(system), ""
    except PluginError as problem:
        return Unmade(), hub.redactor.redact(problem.line)


class Unmade(Connector):
    """In the place of a connector that could not be made. Its member is down, so it is asked nothing."""

    def __init__(self) -> None:
        return

    def check(self) -> None:
        raise NotImplementedError

    def streams(self) -> Sequence[Stream]:
        raise NotImplementedError

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        raise NotImplementedError


def begin(work: Work, kind: str = "sync") -> None:
    """Enter the run into the journal."""
    with work.store.write() as tx:
        work.clock = work.seams.micros()
        work.run = journal.begin(
            tx, sync=work.sync.name, entity=work.entity.name, kind=kind, now=work.clock, holder=holder()
        )
        work.last_run = journal.last_run(tx, work.sync.name, work.run)


def pretend(work: Work) -> None:
    """Number a plan as the run would be that did it; nothing is stored."""
    with work.store.read() as tx:
        work.run, work.clock = store.peek(tx, "run"), work.seams.micros()
        work.last_run = journal.last_run(tx, work.sync.name, work.run)
