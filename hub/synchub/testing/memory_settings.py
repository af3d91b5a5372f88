"""What hub.toml and the mappings would say of a sync of systems in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synchub.config.document import Document
from synchub.config.entities import resolve_entities
from synchub.config.problems import failure
from synchub.config.source import Source
from synchub.spec.hub import EntitySettings, HubSettings, MatchSettings, MemberSettings, SystemSettings
from synchub.spec.job import Configuration, Entity, Member, Sync
from synchub.spec.mapping import FieldMapping, MappingFile
from synchub.testing.memory import MemorySystem

ENTITY, SYNC = "contact", "people"
EVENT, ACTIVITY = "event", "activity"
"""What happened, and the sync that passes it on."""


def configuration(folder: Path, systems: Sequence[MemorySystem], syncs: Sequence[Sync]) -> Configuration:
    """The syncs, of all the systems."""
    return Configuration(
        folder / "hub.toml",
        HubSettings(),
        {system.name: SystemSettings(connector="memory") for system in systems},
        {sync.entity.name: sync.entity for sync in syncs},
        {sync.name: sync for sync in syncs},
    )


def contact(
    systems: Sequence[MemorySystem], *, rules: Mapping[str, Any], match: tuple[str, ...], **entity: Any
) -> Entity:
    """[entities.contact]. Raises ConfigurationError with all problems."""
    return _resolved(ENTITY, EntitySettings(match=MatchSettings(keys=match), rules=dict(rules), **entity), systems)


def event(systems: Sequence[MemorySystem]) -> Entity:
    """The entity of what happened, as it is by itself."""
    return _resolved(EVENT, EntitySettings(), systems)


def _resolved(name: str, settings: EntitySettings, systems: Sequence[MemorySystem]) -> Entity:
    names: dict[str, Any] = {system.name: {} for system in systems}
    document = Document(Source("hub.toml", "", {}), {"systems": names, "entities": {name: settings.model_dump()}})
    entities, problems = resolve_entities({name: settings}, document, ())
    if problems:
        raise failure(problems)
    return entities[name]


def member(rank: int, system: MemorySystem, given: Mapping[str, Mapping[str, Any]], entity: str = ENTITY) -> Member:
    """[syncs.SYNC.members.NAME]: what is `given` for this system, and a mapping that is the identity elsewhere."""
    options = dict(given.get(system.name, {}))
    own: Mapping[str, Any] = options.pop("mapping", {})
    stream = system.stream
    settings = MemberSettings(stream=stream.name, mapping=system.name, **options)
    mapped = {name: own.get(name, name) for name in system.types} | dict(own)
    fields: dict[str, FieldMapping | str] = {name: native for name, native in mapped.items() if native is not None}
    return Member(
        system.name,
        rank,
        system.name,
        stream.name,
        system.name,
        MappingFile(entity=entity, key=stream.key, updated_at=stream.updated_at, fields=fields),
        settings.direction,
        settings.create,
        settings.on_delete,
        settings.confirm_deletes,
        settings.where,
        settings.fill_only,
        settings.limits,
    )
