"""What loading plugins comes to, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synchub.api import ConnectorInfo, Frame, Rates, Rule, Transform
from synchub.plugins.deprecations import Deprecation

if TYPE_CHECKING:
    import click

OfferKind = Literal["connector", "frame", "transform", "rule", "rates", "command", "observer"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin comes from: a distribution with its version, or a file of the hub's folder plugins/."""

    distribution: str = ""
    version: str = ""
    path: Path | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"plugins/{self.path.name}"
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a plugin brings, by the name that a configuration uses."""

    kind: OfferKind
    name: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """One plugin, whether it could be loaded or not. `problems` are sentences for its author or installer; `deprecated` is
    what it uses that goes away."""

    name: str
    origin: Origin
    offers: tuple[Offer, ...] = ()
    problems: tuple[str, ...] = ()
    deprecated: tuple[Deprecation, ...] = ()
    left_out: tuple[str, ...] = ()
    """What it brings that is not loaded, because it has an environment of its own."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A connector in an environment of its own: its interpreter, its settings as JSON Schema, what it can besides reading."""

    python: Path
    settings: Mapping[str, Any]
    capabilities: frozenset[str]


@dataclass(frozen=True, slots=True)
class OfferedConnector:
    """A connector of the catalogue, and who brings it."""

    info: ConnectorInfo
    origin: Origin
    frames: tuple[Frame, ...] = ()
    """The functions that it consists of, where it is no class."""
    apart: Apart | None = None
    """Where it is, if that is an environment of its own: it can't be imported here."""


@dataclass(frozen=True, slots=True)
class Observer:
    """A plugin's function that is told of runs."""

    hook: str
    origin: Origin
    call: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Plugins:
    """Everything that all plugins offer, by name. `loaded` lists every plugin found, problems or not."""

    connectors: Mapping[str, OfferedConnector] = field(default_factory=dict)
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    rates: Mapping[str, Callable[[], Rates]] = field(default_factory=dict)
    commands: Mapping[str, click.Command] = field(default_factory=dict)
    observers: tuple[Observer, ...] = ()
    loaded: tuple[LoadedPlugin, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem as one sentence that names the plugin and where it comes from."""
        return tuple(
            f"plugin {plugin.name} ({plugin.origin}): {problem}"
            for plugin in self.loaded
            for problem in plugin.problems
        )

    @property
    def outdated(self) -> tuple[str, ...]:
        """A sentence for each plugin that uses what goes away."""
        return tuple(
            f"plugin {plugin.name} ({plugin.origin}): {'; '.join(map(str, plugin.deprecated))}"
            for plugin in self.loaded
            if plugin.deprecated
        )
