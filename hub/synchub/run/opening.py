"""Opening a hub: plugins, configuration, secrets, store."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from synchub.api import Connector, Transform
from synchub.config.environment import store_url
from synchub.config.load import load as load_configuration
from synchub.config.offer import Checks
from synchub.config.systems import system_config
from synchub.errors import ConfigurationError, SynchubError
from synchub.mapping import mapping_problems, where_problems
from synchub.mapping.transforms import built_in_transforms
from synchub.merge.rules import RULES
from synchub.plugins import loader
from synchub.plugins.classes import connector_class, isolated_class
from synchub.plugins.deprecations import Deprecation
from synchub.plugins.guarded import guarded
from synchub.plugins.offers import OfferedConnector, Plugins
from synchub.plugins.watched import Hanging, Watched, seconds
from synchub.record import own_states, store
from synchub.redact import Redactor
from synchub.run.hosting import Outside, SystemHost
from synchub.run.work import Seams
from synchub.secrets import Secrets
from synchub.spec.hub import SystemSettings
from synchub.spec.job import Configuration

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
    hanging: dict[str, Hanging] = field(default_factory=dict)
    """Calls that hang, by system: they outlast the run."""
    staging: Path | None = None
    """Where runs stage what they read; the machine's own folder for such if None."""
    _store: store.Store | None = None
    _told: bool = False

    def news(self) -> tuple[str, ...]:
        """Plugins that use what goes away: told once, however many runs there are."""
        told, self._told = self._told, True
        return () if told else tuple(map(self.redactor.redact, self.plugins.outdated))

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
            offered = self.plugins.connectors[settings.connector]
            found = self._class_for(offered, settings)
            config = system_config(self.configuration, system, model=found.Config, secrets=self.secrets)
            around = self.configuration
            host = SystemHost(system, around.folder, around.settings, self.outside, settings, self.secrets)
            with self.store.read() as tx:
                host.state = own_states.load(tx, system)
            self.hosts[system] = host
            with guarded(system):
                self.connectors[system] = (
                    found(config, host)
                    if settings.timeout is None or _apart(offered, settings)
                    else Watched(
                        lambda: found(config, host),
                        named=system,
                        origin=str(offered.origin),
                        limit=seconds(settings.timeout),
                        hanging=self.hanging.setdefault(system, Hanging()),
                    )
                )
        return self.connectors[system]

    def _class_for(self, offered: OfferedConnector, settings: SystemSettings) -> type[Connector]:
        if not _apart(offered, settings):
            return connector_class(offered)
        return isolated_class(
            offered,
            place=self.configuration.file,
            silence=settings.isolation_silence,
            limit=math.inf if settings.timeout is None else seconds(settings.timeout),
            memory=settings.isolation_memory * 1024 * 1024,
        )

    def let_go(self) -> None:
        """Close the connectors: an instance serves one run, and the next one makes its own."""
        made, hosts = self.connectors, self.hosts
        self.connectors, self.hosts = {}, {}
        with ExitStack() as stack:  # one that can't be closed keeps no other open
            for host in hosts.values():
                stack.callback(host.close)
            for system, connector in made.items():
                stack.callback(_close, system, connector)

    def close(self) -> None:
        with ExitStack() as stack:
            if self._store is not None:
                stack.callback(self._store.close)
            stack.callback(self.outside.close)
            stack.callback(self.let_go)


def _apart(offered: OfferedConnector, settings: SystemSettings) -> bool:
    """Whether its connector has a process of its own, which is ended when it hangs."""
    return settings.isolation == "process" or offered.apart is not None


def _close(system: str, connector: Connector) -> None:
    """One that can't be closed is logged: what it did is done, and the report of it is still to come."""
    try:
        with guarded(system):
            connector.close()
    except SynchubError as problem:
        logging.getLogger("synchub").warning("%s", problem.happened)


def open_at(
    file: Path,
    *,
    environ: Mapping[str, str],
    redactor: Redactor,
    seams: Seams | None = None,
    outside: Outside | None = None,
    staging: Path | None = None,
    deprecations: Sequence[Deprecation] | None = None,
) -> Opened:
    """Open the hub of a hub.toml. Raises ConfigurationError with all its problems.

    deprecations  what of the plugin interface goes away; default: what this version says
    """
    seams = seams or Seams()
    taken = {"transform": set(built_in_transforms()), "rule": set(RULES)}
    plugins = loader.load(file.parent, config=file, taken=taken, deprecations=deprecations)
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
            kept = store.backup(opened, hub.seams.clock())
            logging.getLogger("synchub").warning(
                "The store was made by an earlier version of synchub and is brought up to date now, which may take minutes. "
                "What it was is kept in %s.",
                kept,
            )
        with opened.write() as tx:
            store.migrate(tx, hub.seams.micros())
