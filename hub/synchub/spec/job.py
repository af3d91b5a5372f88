"""What a configuration means once it is loaded and found right: the values that every room works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from synchub.spec.entities import FieldDeclaration
from synchub.spec.hub import HubSettings, Limits, ServeSettings, SystemSettings
from synchub.spec.mapping import MappingFile


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One way to recognise a record: fields that must all be filled and equal. `name` is as hub.toml writes it."""

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity with everything resolved: built-in and own fields, a rule chain for every field, match keys."""

    name: str
    fields: dict[str, FieldDeclaration]
    rules: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    match: tuple[MatchKey, ...] = ()
    consent_from: tuple[str, ...] = ()
    refers_to: dict[str, str] = field(default_factory=dict)
    """Field of type ref -> entity that it refers to."""

    @property
    def golden_fields(self) -> list[str]:
        """The fields that a record has a valid value of: all but the hub's id, which is its own."""
        return [name for name in self.fields if name != "hub_id"]


@dataclass(frozen=True, slots=True)
class Member:
    """A stream's part in a sync. `rank` is its place in hub.toml, from 0: it breaks ties."""

    name: str
    rank: int
    system: str
    stream: str
    mapping_name: str
    mapping: MappingFile
    direction: Literal["both", "in", "out"] = "both"
    create: bool = True
    on_delete: Literal["ignore", "archive", "propagate"] = "ignore"
    confirm_deletes: bool = False
    where: str | None = None
    fill_only: bool | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Sync:
    name: str
    entity: Entity
    members: tuple[Member, ...]
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A hub.toml with its includes and mappings, loaded and found right. Secrets are still references."""

    file: Path
    settings: HubSettings
    systems: dict[str, SystemSettings]
    entities: dict[str, Entity]
    syncs: dict[str, Sync]
    serve: ServeSettings = field(default_factory=ServeSettings)

    @property
    def folder(self) -> Path:
        return self.file.parent
