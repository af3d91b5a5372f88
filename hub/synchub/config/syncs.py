"""Syncs and their members, resolved: system, mapping and rank of each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synchub.config.cron import cron_flaw
from synchub.config.document import Document
from synchub.config.mappings import NAME, Loaded, Shelf
from synchub.config.offer import Offer
from synchub.config.problems import KeyPath, Problem, did_you_mean
from synchub.secrets import is_reference
from synchub.spec.hub import HubFile, MemberSettings
from synchub.spec.job import Entity, Member, Sync


class Resolver:
    """Resolves the syncs of one hub.toml and collects what is wrong with them."""

    def __init__(
        self, hub: HubFile, document: Document, entities: Mapping[str, Entity], shelf: Shelf, offer: Offer
    ) -> None:
        self.problems: list[Problem] = []
        self._hub = hub
        self._document = document
        self._entities = entities
        self._shelf = shelf
        self._offer = offer

    def syncs(self) -> dict[str, Sync]:
        """Every sync that can be resolved, in the order of the file."""
        found = {}
        for name, settings in self._hub.syncs.items():
            path = ("syncs", name)
            entity = self._entities.get(settings.entity)
            if entity is None and settings.entity not in self._document.names("entities"):
                fix = did_you_mean(settings.entity, self._entities)
                self._wrong((*path, "entity"), f"unknown entity '{settings.entity}'", fix)
            if settings.schedule is not None and not is_reference(settings.schedule):
                flaw = cron_flaw(settings.schedule)
                if flaw:
                    self._wrong((*path, "schedule"), *flaw)
            if not self._document.data["syncs"][name].get("members"):
                fix = f"add [syncs.{name}.members.NAME]"
                self.problems.append(self._document.problem(path, f"the sync '{name}' has no members", fix))
            members = tuple(self._members(name, settings.members, entity))
            if entity is not None:
                found[name] = Sync(name, entity, members, settings.schedule)
        for sync in found.values():
            self._check_references(sync, found)
        return found

    def _members(self, sync: str, members: Mapping[str, MemberSettings], entity: Entity | None) -> Iterator[Member]:
        streams: dict[tuple[str, str], str] = {}
        for rank, (name, settings) in enumerate(members.items()):
            path: KeyPath = ("syncs", sync, "members", name)
            system = settings.system or name
            first = streams.setdefault((system, settings.stream), name)
            if first != name:
                message = f"the stream '{settings.stream}' of {system} takes part already as '{first}'"
                self._wrong((*path, "stream"), message, "leave out one of the two")
            known = self._document.names("systems")
            if system not in known and not is_reference(system):
                place = (*path, "system") if settings.system else path
                self._wrong(place, f"unknown system '{system}'", did_you_mean(system, known))
            self._check_limits(path, settings)
            if entity is not None:
                self._check_where(path, settings, entity)
                loaded = self._mapping(path, system, settings.mapping, entity)
                if loaded is not None and loaded.mapping is not None:
                    yield Member(
                        name=name,
                        rank=rank,
                        system=system,
                        stream=settings.stream,
                        mapping_name=settings.mapping,
                        mapping=loaded.mapping,
                        direction=settings.direction,
                        create=settings.create,
                        on_delete=settings.on_delete,
                        confirm_deletes=settings.confirm_deletes,
                        where=settings.where,
                        fill_only=settings.fill_only,
                        limits=settings.limits,
                    )

    def _mapping(self, path: KeyPath, system: str, name: str, entity: Entity) -> Loaded | None:
        """The mapping of a member, if it is there and of the sync's entity."""
        if is_reference(name):
            return None
        if not NAME.fullmatch(name):
            fix = "write the name of a file in mappings/ without .toml"
            self._wrong((*path, "mapping"), f"'{name}' is no name of a mapping", fix)
            return None
        connector = self._hub.systems[system].connector if system in self._hub.systems else ""
        loaded = self._shelf.get(name, connector)
        if loaded is None:
            fix = self._shelf.fix(name, connector)
            self._wrong((*path, "mapping"), f"there is no mapping '{name}'", fix)
            return None
        if loaded.mapping is not None and loaded.mapping.entity != entity.name:
            message = f"the mapping '{name}' is for {loaded.mapping.entity}, this sync unifies {entity.name}"
            self._wrong((*path, "mapping"), message)
            return None
        return loaded

    def _check_where(self, path: KeyPath, settings: MemberSettings, entity: Entity) -> None:
        if settings.where is not None and not is_reference(settings.where):
            for sentence in self._offer.checks.where(settings.where, entity):
                self._wrong((*path, "where"), sentence)

    def _check_limits(self, path: KeyPath, settings: MemberSettings) -> None:
        for name in ("updates", "deletes"):
            limit = getattr(settings.limits, name)
            if isinstance(limit, str) and limit.endswith("%") and float(limit[:-1]) > 100:
                fix = "no more than all records can be changed"
                self._wrong((*path, "limits", name), f"'{limit}' is more than all", fix)

    def _check_references(self, sync: Sync, syncs: Mapping[str, Sync]) -> None:
        """Records that refer to others need a sync of these, and by id one with the same system."""
        for field, target in sync.entity.refers_to.items():
            mapped = [member for member in sync.members if field in member.mapping.fields]
            others = [other for other in syncs.values() if other.entity.name == target]
            if mapped and not others:
                message = f"'{sync.name}' refers to {target}, but no sync has entity \"{target}\""
                self._wrong(("syncs", sync.name, "entity"), message, f"add a sync of {target}")
                continue
            systems = {member.system for other in others for member in other.members}
            for member in mapped:
                if member.mapping.field(field).by == "id" and member.system not in systems:
                    message = f"'{field}' is found by id, but {member.system} has no member in a sync of {target}"
                    self._wrong(("syncs", sync.name, "members", member.name, "mapping"), message)

    def _wrong(self, path: KeyPath, message: str, fix: str = "") -> None:
        self.problems.append(self._document.problem(path, message, fix, part="value"))
