"""Opening a hub: plugins, configuration, secrets, store. And making one sync of it ready to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
from pydantic import BaseModel
from sqlalchemy import Connection, select

from synchub.api import Connector, Rule, Stream, Transform
from synchub.config.environment import store_url
from synchub.config.load import load as load_configuration
from synchub.config.offer import Checks
from synchub.config.systems import system_config
from synchub.errors import ConfigurationError, SynchubError
from synchub.mapping import compile_mapping, compile_where, mapping_problems, where_problems
from synchub.mapping.transforms import built_in_transforms
from synchub.merge.chains import built_in_and
from synchub.merge.claims import ONE
from synchub.merge.rules import RULES, Built, Choose, top
from synchub.plugins import loader
from synchub.plugins.classes import connector_class
from synchub.plugins.guarded import guarded
from synchub.plugins.offers import Plugins
from synchub.record import journal, marks, members, own_states, store, tables
from synchub.redact import Redactor
from synchub.run.hosting import Outside, SystemHost
from synchub.run.ranking import places_of
from synchub.run.rates import PinnedRates
from synchub.run.scratch import scratch
from synchub.run.work import Part, Seams, Work, holder
from synchub.secrets import Secrets
from synchub.spec.job import Configuration, Member, Sync
from synchub.spec.options import Progress, RunOptions

CHECKS = Checks(mapping=mapping_problems, where=where_problems)


@dataclass
class Opened:
    """A hub with its configuration loaded and found right. `connectors`: those made so far; one that is handed in is
    used as it is."""

    configuration: Configuration
    plugins: Plugins
    secrets: Secrets
    redactor: Redactor
    environ: Mapping[str, str]
    seams: Seams
    outside: Outside
    connectors: dict[str, Connector] = field(default_factory=dict)
    hosts: dict[str, SystemHost] = field(default_factory=dict)
    staging: Path | None = None
    """Where runs stage what they read; the machine's own folder for such if None."""
    _store: store.Store | None = None

    @property
    def store(self) -> store.Store:
        """The store, made or brought up to date on first use (SQLite; PostgreSQL is only brought up by hand)."""
        if self._store is None:
            self._store = ready_store(self)
        return self._store

    def reach_store(self) -> None:
        """Open the store now, if it is not open yet. Raises what keeps it from being opened."""
        with self.store.read():
            return

    @property
    def transforms(self) -> dict[str, Transform]:
        return {**self.plugins.transforms, **built_in_transforms()}

    def connector(self, system: str) -> Connector:
        """The connector of one configured system. Raises what keeps it from being made."""
        if system not in self.connectors:
            settings = self.configuration.systems[system]
            found = connector_class(self.plugins.connectors[settings.connector])
            config = system_config(self.configuration, system, model=found.Config, secrets=self.secrets)
            host = SystemHost(system, self.configuration.folder, self.configuration.settings, self.outside)
            with self.store.read() as tx:
                host.state = own_states.load(tx, system)
            self.hosts[system] = host
            self.connectors[system] = found(config, host)
        return self.connectors[system]

    def let_go(self) -> None:
        """Close the connectors: an instance serves one run, and the next one makes its own."""
        made, hosts = self.connectors, self.hosts
        self.connectors, self.hosts = {}, {}
        with ExitStack() as stack:  # one that can't be closed keeps no other open
            for host in hosts.values():
                stack.callback(host.close)
            for connector in made.values():
                stack.callback(connector.close)

    def close(self) -> None:
        with ExitStack() as stack:
            if self._store is not None:
                stack.callback(self._store.close)
            stack.callback(self.outside.close)
            stack.callback(self.let_go)


def open_at(
    file: Path,
    *,
    environ: Mapping[str, str],
    redactor: Redactor,
    seams: Seams | None = None,
    outside: Outside | None = None,
    staging: Path | None = None,
) -> Opened:
    """Open the hub of a hub.toml. Raises ConfigurationError with all its problems."""
    seams = seams or Seams()
    plugins = loader.load(file.parent, config=file, taken={"transform": set(built_in_transforms()), "rule": set(RULES)})
    configuration = load_configuration(
        file,
        connectors={name: offered.info for name, offered in plugins.connectors.items()},
        config_model=lambda name: config_model(plugins, name),
        transforms={**plugins.transforms, **built_in_transforms()},
        rules=list(plugins.rules),
        environ=environ,
        checks=CHECKS,
    )
    secrets = Secrets(configuration.settings.name, file.parent, environ=environ, redactor=redactor)
    outside = outside or Outside(seams.clock, redactor.redact)
    return Opened(configuration, plugins, secrets, redactor, environ, seams, outside, staging=staging)


def config_model(plugins: Plugins, name: str) -> type[BaseModel]:
    """A connector's declaration of its settings."""
    return connector_class(plugins.connectors[name]).Config


def ready_store(hub: Opened) -> store.Store:
    """Connect to the store. An empty one is made; an SQLite one is brought up to date, after a backup."""
    opened = store.connect(
        store_url(hub.configuration, environ=hub.environ, secrets=hub.secrets), hub.configuration.folder
    )
    try:
        _make_ready(hub, opened)
    except BaseException:
        opened.close()
        raise
    return opened


def _make_ready(hub: Opened, opened: store.Store) -> None:
    with opened.read() as tx:
        present = store.version(tx)
    newest = store.migrations()[-1][0]
    if present > newest:
        raise ConfigurationError(
            "The store was written by a newer version of synchub.",
            not_done="Nothing was read or written.",
            next_step="Install that version, or one after it.",
        )
    if present < newest and present > 0 and opened.file is None:
        raise ConfigurationError(
            "The store is older than this version of synchub.",
            not_done="Nothing was read or written.",
            next_step="Run `synchub store upgrade`.",
        )
    if present < newest:
        if present > 0:
            store.backup(opened, hub.seams.clock())
        with opened.write() as tx:
            store.migrate(tx, hub.seams.micros())


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
            folder=folder,
            salt=salt,
            progress=progress,
            mark=given[sync.name],
            others=sum(given.values()) - given[sync.name],
            keep=lambda tx: _keep(tx, hub, rates),
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


def salt_of(tx: Connection, hub: Opened) -> str:
    """Tells this hub's ids from any other hub's."""
    found = tx.execute(select(tables.meta.c.value).where(tables.meta.c.name == "salt")).scalar()
    if found is None:
        found = hub.outside.new_id()[:6]
        tx.execute(tables.meta.insert().values(name="salt", value=found))
    return str(found)


def _part(hub: Opened, sync: Sync, member: Member, state: members.MemberState, rates: PinnedRates, down: str) -> Part:
    connector = hub.connector(member.system)
    stream = Stream(member.stream, (), member.mapping.keys, weak=state.fill_only)
    try:
        if not down:
            stream = _stream(connector, member)
    except SynchubError as problem:  # a system that can't be reached takes no part in this run; the others go on
        if isinstance(problem, ConfigurationError) and state.read_at is None:
            raise  # it never worked: somebody is just setting it up
        down = problem.line
    mapping = compile_mapping(
        member.mapping,
        sync.entity,
        hub.configuration.settings,
        transforms=hub.transforms,
        rate=rates.rate,
        stream=stream,
    )
    inside = compile_where(member.where, sync.entity) if member.where else None
    return Part(member, state, stream, mapping, connector, inside, down, mapping_before=state.mapping)


def _stream(connector: Connector, member: Member) -> Stream:
    with guarded(member.system):
        streams = {stream.name: stream for stream in connector.streams()}
    if member.stream not in streams:
        listed = ", ".join(sorted(streams)) or "none"
        raise ConfigurationError(
            f"The system {member.system} has no stream {member.stream}. It has: {listed}.",
            not_done="Nothing was read from it or written to it.",
            next_step=f"Correct `stream` of the member {member.name}; `synchub streams {member.system}` lists them.",
        )
    found = streams[member.stream]
    missing = [] if not found.fields else unknown_fields(found, member)
    if missing:
        raise ConfigurationError(
            f"The mapping {member.mapping_name} names {', '.join(missing)}, and {member.system}/{member.stream} has no such field.",
            not_done="Nothing was read from it or written to it.",
            next_step=f"It has: {', '.join(field.name for field in found.fields)}. Correct mappings/{member.mapping_name}.toml.",
        )
    if wrong_key(found, member):
        raise ConfigurationError(
            wrong_key(found, member),
            not_done="Nothing was read from it or written to it.",
            next_step=f"Correct `key` in mappings/{member.mapping_name}.toml, or the system's own settings.",
        )
    return found


def wrong_key(stream: Stream, member: Member) -> str:
    """What is wrong if a member that is written is named by another key than its system goes by; "" if nothing is."""
    if member.direction == "in" or not stream.key or not stream.writes or member.mapping.keys == stream.key:
        return ""
    if not set(member.mapping.keys) <= {field.name for field in stream.fields}:
        return ""  # told already: there is no such field
    theirs, ours = ", ".join(stream.key), ", ".join(member.mapping.keys)
    return f"{member.system}/{member.stream} names its records by {theirs}, and the mapping {member.mapping_name} by {ours}."


def unknown_fields(stream: Stream, member: Member) -> list[str]:
    """Native fields that a mapping names and the stream does not have."""
    have = {field.name for field in stream.fields}
    named = [*member.mapping.keys, *([member.mapping.updated_at] if member.mapping.updated_at else [])]
    named += [native for name in member.mapping.fields for native in member.mapping.field(name).natives]
    return sorted({name for name in named if name not in have and name.split(".")[0] not in have})


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
