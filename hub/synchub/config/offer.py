"""What a configuration may name, and checks that others make: both are handed in by the caller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from synchub.api import ConnectorInfo, Transform
from synchub.config.problems import KeyPath
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile


class MappingProblem(Protocol):
    """What a check of a mapping's meaning finds; `path` leads to the place inside the mapping file."""

    @property
    def path(self) -> KeyPath: ...
    @property
    def message(self) -> str: ...
    @property
    def fix(self) -> str: ...


MappingCheck = Callable[[MappingFile, Entity, Mapping[str, Transform], HubSettings], Iterable[MappingProblem]]
WhereCheck = Callable[[str, Entity], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Checks:
    """Checks that only the mapping room can make.

    mapping  what is wrong with a mapping file, given its entity, the transforms and the hub's settings
    where    what is wrong with a filter on an entity's fields, one sentence each
    """

    mapping: MappingCheck
    where: WhereCheck


@dataclass(frozen=True, slots=True)
class Offer:
    """All that a configuration may name.

    connectors    the connectors that are installed, by name
    config_model  a connector's pydantic model of its settings, by the connector's name
    transforms    the named steps that a mapping may use
    rules         the names of the rules that plugins bring
    environ       the environment; None means that references to it are not looked up
    """

    connectors: Mapping[str, ConnectorInfo]
    config_model: Callable[[str], type[BaseModel]]
    transforms: Mapping[str, Transform]
    rules: Collection[str]
    environ: Mapping[str, str] | None
    checks: Checks
