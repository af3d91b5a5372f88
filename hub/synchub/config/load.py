"""From hub.toml to a Configuration; or to every problem in it, its includes and its mappings, at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from synchub.api import ConnectorInfo, Transform
from synchub.config.declared import examine
from synchub.config.document import Document, read_document, tell
from synchub.config.entities import resolve_entities
from synchub.config.mappings import Shelf, meaning_problems
from synchub.config.offer import Checks, Offer
from synchub.config.problems import Problem, did_you_mean, failure
from synchub.config.references import substituted, unset
from synchub.config.settings import serve_problems, settings_problems
from synchub.config.syncs import Resolver
from synchub.config.systems import system_problems
from synchub.spec.hub import HubFile
from synchub.spec.job import Configuration, Entity

STORE_VARIABLE = "SYNCHUB_STORE"
"""Takes the place of `store` in hub.toml."""


def load(
    file: Path,
    *,
    connectors: Mapping[str, ConnectorInfo],
    config_model: Callable[[str], type[BaseModel]],
    transforms: Mapping[str, Transform],
    rules: Collection[str],
    environ: Mapping[str, str],
    checks: Checks,
) -> Configuration:
    """What a hub.toml means. ConfigurationError with all problems if there are any in what its syncs use.

    References to the environment are replaced, except in systems and `store`: there they stay references.
    """
    offer = Offer(connectors, config_model, transforms, rules, environ, checks)
    configuration, problems = _examine(file, offer, whole_folder=False)
    if problems or configuration is None:
        raise failure(problems)
    return configuration


def lint(
    file: Path,
    *,
    connectors: Mapping[str, ConnectorInfo],
    config_model: Callable[[str], type[BaseModel]],
    transforms: Mapping[str, Transform],
    rules: Collection[str],
    environ: Mapping[str, str] | None,
    checks: Checks,
) -> list[Problem]:
    """Every problem in a hub.toml, its includes and all of mappings/, by file and line.

    With `environ` None, references to the environment are taken as right.
    """
    offer = Offer(connectors, config_model, transforms, rules, environ, checks)
    _, problems = _examine(file, offer, whole_folder=True)
    return sorted(set(problems))


def _examine(file: Path, offer: Offer, *, whole_folder: bool) -> tuple[Configuration | None, list[Problem]]:
    document, problems = read_document(file)
    if document is None:
        return None, problems
    data, open_references = _resolve_environment(document, offer.environ)
    hub, findings = examine(HubFile, data)
    problems += open_references + tell(document, findings)
    if hub is None:
        return None, problems
    problems += settings_problems(hub.hub, document) + serve_problems(hub.serve, document)
    problems += system_problems(hub.systems, document, offer, folder=file.parent)
    entities, found = resolve_entities(hub.entities, document, offer.rules)
    problems += found
    shelf = Shelf(file.parent, offer.connectors)
    resolver = Resolver(hub, document, entities, shelf, offer)
    syncs = resolver.syncs()
    problems += resolver.problems
    problems += _mapping_problems(shelf, hub, entities, offer, whole_folder=whole_folder)
    return Configuration(file, hub.hub, hub.systems, entities, syncs, hub.serve), problems


def _resolve_environment(document: Document, environ: Mapping[str, str] | None) -> tuple[dict[str, Any], list[Problem]]:
    """The data with references to the environment replaced, except where a secret may come of it."""
    if environ is None:
        return document.data, []
    sections = {name: content for name, content in document.data.items() if name not in ("systems", "include")}
    problems = [
        document.problem(path, f"the environment variable {variable} is not set", part="value")
        for path, variable in unset(sections, environ)
        if path != ("hub", "store") or STORE_VARIABLE not in environ
    ]
    resolved = {**document.data, **substituted(sections, environ)}
    hub = document.data.get("hub")
    if isinstance(hub, dict) and "store" in hub:
        resolved["hub"]["store"] = hub["store"]
    return resolved, problems


def _mapping_problems(
    shelf: Shelf, hub: HubFile, entities: Mapping[str, Entity], offer: Offer, *, whole_folder: bool
) -> list[Problem]:
    """What is wrong with the mappings that are used, or with all in the folder as well."""
    for name in shelf.own_names() if whole_folder else []:
        shelf.get(name, "")
    problems: list[Problem] = []
    for loaded in shelf.used():
        problems += loaded.problems
        if loaded.mapping is None or loaded.source is None:
            continue
        entity = entities.get(loaded.mapping.entity)
        if entity is not None:
            problems += meaning_problems(loaded, entity, hub.hub, offer)
        else:
            fix = did_you_mean(loaded.mapping.entity, entities)
            message = f"unknown entity '{loaded.mapping.entity}'"
            problems.append(loaded.source.problem(("entity",), message, fix, part="value"))
    return problems
