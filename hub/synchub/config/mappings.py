"""Mapping files: where they lie, what is in them, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from synchub.api import ConnectorInfo
from synchub.config.declared import examine
from synchub.config.document import below, tell
from synchub.config.offer import Offer
from synchub.config.problems import KeyPath, Problem, did_you_mean
from synchub.config.source import Source, parse_source, read_source
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile

FOLDER = "mappings"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
ROW_NUMBER = re.compile(r"_*(row|line|zeile)[_ -]?(number|num|no|nr|index|id|nummer)?_*|_*rownum_*", re.IGNORECASE)
"""Native fields that count rows: the same number is another record once a row is inserted above."""


@dataclass(frozen=True)
class Loaded:
    """One mapping file. `mapping` is None if too much of it is wrong."""

    source: Source | None
    mapping: MappingFile | None
    problems: tuple[Problem, ...] = ()


class Shelf:
    """The mapping files of a folder, and behind them those that connectors bring. Each is read once."""

    def __init__(self, folder: Path, connectors: Mapping[str, ConnectorInfo]) -> None:
        self._folder = folder
        self._connectors = connectors
        self._loaded: dict[tuple[str, str], Loaded | None] = {}

    def get(self, name: str, connector: str) -> Loaded | None:
        """mappings/NAME.toml, else the connector's own mapping of that name, else None."""
        package = self._package(connector)
        own = (self._folder / FOLDER / f"{name}.toml").is_file()
        key = (name, "" if own else package)
        if key not in self._loaded:
            self._loaded[key] = self._own(name) if own else _bundled(name, package)
        return self._loaded[key]

    def used(self) -> list[Loaded]:
        """Every mapping that was asked for and found."""
        return [loaded for loaded in self._loaded.values() if loaded]

    def own_names(self) -> list[str]:
        """The mappings in the folder, whether a sync uses them or not."""
        return sorted(file.stem for file in (self._folder / FOLDER).glob("*.toml"))

    def fix(self, name: str, connector: str) -> str:
        """Which mapping may have been meant."""
        known = did_you_mean(name, {*self.own_names(), *_bundled_names(self._package(connector))})
        return known or f"write {FOLDER}/{name}.toml"

    def _package(self, connector: str) -> str:
        info = self._connectors.get(connector)
        return (info.mappings or "") if info else ""

    def _own(self, name: str) -> Loaded:
        file = self._folder / FOLDER / f"{name}.toml"
        shown = f"{FOLDER}/{name}.toml"
        if not below(file, self._folder):
            problem = Problem(shown, 1, 1, "the file lies outside the folder of hub.toml", "copy it here")
            return Loaded(None, None, (problem,))
        return _load(read_source(file, shown))


def _bundled(name: str, package: str) -> Loaded | None:
    if name not in _bundled_names(package):
        return None
    raw = resources.files(package).joinpath(f"{name}.toml").read_bytes()
    return _load(parse_source(raw, f"{package}/{name}.toml"))


def _bundled_names(package: str) -> list[str]:
    """The names of the mappings in a package; none if there is no such package."""
    if not package:
        return []
    try:
        files = list(resources.files(package).iterdir())
    except (ImportError, OSError):
        return []
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def _load(source: Source | Problem) -> Loaded:
    if isinstance(source, Problem):
        return Loaded(None, None, (source,))
    mapping, findings = examine(MappingFile, source.data)
    return Loaded(source, mapping, tuple(tell(source, findings)))


def meaning_problems(loaded: Loaded, entity: Entity, settings: HubSettings, offer: Offer) -> list[Problem]:
    """What is wrong with a mapping for its entity: row numbers as keys, and what the mapping room says."""
    if loaded.source is None or loaded.mapping is None:
        return []
    source, mapping = loaded.source, loaded.mapping
    problems = []
    for place, key in _identifying(mapping, entity):
        if ROW_NUMBER.fullmatch(key):
            message = f"'{key}' is a row number and can't tell who is who"
            fix = "use a field that stays with its record, such as an id or an email"
            problems.append(source.problem(place, message, fix, part="value"))
    for found in offer.checks.mapping(mapping, entity, offer.transforms, settings):
        problems.append(source.problem(found.path, found.message, found.fix))
    return problems


def _identifying(mapping: MappingFile, entity: Entity) -> list[tuple[KeyPath, str]]:
    """The native fields by which records are told apart, with their places."""
    found: list[tuple[KeyPath, str]] = [(("key",), key) for key in mapping.keys]
    for field in dict.fromkeys(field for key in entity.match for field in key.fields):
        if field in mapping.fields:
            found += [(("fields", field), native) for native in mapping.field(field).natives]
    return found
