"""Rules of what people are told: settings, mappings, a page, an owner."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources

from synchub.mapping import built_in_transforms, compile_mapping, run_tests
from synchub.spec.entities import BUILT_IN_FIELDS, DEFAULT_RULES
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile
from synchub.testing.conformance.importing import offer
from synchub.testing.conformance.subject import Subject
from synchub.testing.conformance.verdicts import Broken, Unchecked, expect


def settings_described(s: Subject) -> None:
    """Every setting has a description, and one that does not exist is refused.

    Why: The descriptions are what `synchub check` and editors show. A misspelt setting that is taken silently is one that
    does nothing.

    Example: `timeout: int = 30` without `Field(description=…)`; a model without `extra="forbid"`.

    Exempt: Never.
    """
    model = s.scene.connector.Config
    silent = [name for name, field in model.model_fields.items() if not field.description]
    expect(not silent, f"settings without a description: {', '.join(silent)}")
    expect(model.model_config.get("extra") == "forbid", 'Config takes settings that do not exist: set extra="forbid"')


def suggested_mappings(s: Subject) -> None:
    """It brings mappings that people can begin with, and their tests pass.

    Why: Most of what is to be known of a system is which field means what. The connector's author knows it.

    Example: `mappings=None` in the ConnectorInfo.

    Exempt: Where every account has other fields.
    """
    info = offer(s)
    expect(info is not None and bool(info.mappings), "its ConnectorInfo names no package of mappings")
    found = list(_mappings(info.mappings or "" if info else ""))
    expect(bool(found), f"there is no mapping in {info.mappings if info else ''}")
    for name, mapping in found:
        expect(bool(mapping.tests), f"the mapping {name} has no [[tests]]")
        _tested(name, mapping)


def documented(s: Subject) -> None:
    """A page tells how to set it up, what it reads and writes, and what a run does. By hand.

    Why: Nobody should have to read code to connect a system.

    Example: The pages of the connectors that come with synchub.

    Exempt: Never.
    """
    raise Unchecked("a person looks at this; note it under `done` in quality.toml")


def limits_told(s: Subject) -> None:
    """The page names what it can't do. By hand.

    Why: People plan around a limit that they know of; one that they find out has cost them data.

    Example: "Deleted rows are only noticed by a full read."

    Exempt: Never.
    """
    raise Unchecked("a person looks at this; note it under `done` in quality.toml")


def owned(s: Subject) -> None:
    """Somebody who is named looks after it, and tries it on a real account before a release. By hand.

    Why: Systems change. A stand-in does not notice.

    Example: An owner in the plugin's README, who answers.

    Exempt: Where the system is a format, not a service; or where the tests run the system itself, as databases.
    """
    raise Unchecked("a person looks at this; note it under `done` in quality.toml")


def _mappings(package: str) -> Iterator[tuple[str, MappingFile]]:
    for file in resources.files(package).iterdir():
        if file.name.endswith(".toml"):
            yield file.name, MappingFile.model_validate(tomllib.loads(file.read_text("utf-8")))


def _tested(name: str, mapping: MappingFile) -> None:
    fields = BUILT_IN_FIELDS.get(mapping.entity)
    if fields is None:
        raise Broken(f"the mapping {name} is of an entity that not every hub has: {mapping.entity}")
    rules = {field: DEFAULT_RULES.get(field, ("newest",)) for field in fields}
    refers = {"contact": "contact"} if mapping.entity == "event" else {}
    entity = Entity(mapping.entity, dict(fields), rules, refers_to=refers)
    compiled = compile_mapping(mapping, entity, HubSettings(), transforms=built_in_transforms(), rate=lambda *_: None)
    failed = [str(result) for result in run_tests(name, compiled, mapping) if not result.ok]
    expect(not failed, f"a test of the mapping {name} fails: {failed[:1]}")
