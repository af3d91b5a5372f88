"""Examples of hub.toml and of mapping files, as `synchub check --offline` would lint them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.pages import ROOT, fences
from pydantic import BaseModel, SecretStr

from synchub.config.declared import examine
from synchub.config.load import lint
from synchub.errors import SynchubError
from synchub.mapping import compile_mapping, run_tests
from synchub.mapping.transforms import built_in_transforms
from synchub.plugins import connector_class, load
from synchub.plugins.framed import FrameSettings
from synchub.run.opening import CHECKS
from synchub.spec.entities import BUILT_IN_FIELDS, DEFAULT_RULES
from synchub.spec.hub import HubSettings
from synchub.spec.job import Entity
from synchub.spec.mapping import MappingFile
from synchub_connectors.rest.description import Description
from synchub_connectors.spreadsheet.settings import SpreadsheetSettings

GERMAN = HubSettings(region="DE", timezone="Europe/Berlin", currency="EUR")
HEAD = 'entity = "contact"\nkey = "id"\n'


class MycrmSettings(BaseModel):
    """As `synchub plugin new --like rest` writes it."""

    token: SecretStr
    url: str


PLUGINS: dict[str, type[BaseModel]] = {
    "jsonlines": SpreadsheetSettings,
    "guests": FrameSettings,
    "mycrm": MycrmSettings,
}
"""Connectors of plugins that the manual shows, and what may be set for them."""
STUB = '[fields]\nsource = "source"\n'


def problems_of(text: str, data: dict[str, Any], folder: Path) -> list[str]:
    """What is wrong with an example. What it leaves out, because it is only a part, is put in."""
    (folder / "mappings").mkdir()
    if "streams" in data or "auth" in data:
        return problems_of_description(data)
    write_descriptions(data, folder)
    if "fields" in data or "tests" in data:
        whole = text if "entity" in data else HEAD + text
        (folder / "mappings" / "example.toml").write_text(whole, encoding="utf-8")
        (folder / "hub.toml").write_text("", encoding="utf-8")
        return linted(folder) or failed_tests(whole)
    (folder / "hub.toml").write_text(text + rest_of(data), encoding="utf-8")
    for name, entity in mappings_of(data):
        if not (folder / "mappings" / f"{name}.toml").exists() and not bundled(name):
            (folder / "mappings" / f"{name}.toml").write_text(
                f'entity = "{entity}"\nkey = "id"\n{STUB}', encoding="utf-8"
            )
    return linted(folder)


def problems_of_description(data: dict[str, Any]) -> list[str]:
    """What is wrong with a description for the rest connector, or with a part of one."""
    whole = dict(data)
    whole.setdefault("url", "https://example.com")
    whole.setdefault("streams", {"things": {"read": {"path": "things"}}})
    _, findings = examine(Description, whole)
    return list(map(str, findings))


def write_descriptions(data: dict[str, Any], folder: Path) -> None:
    """The descriptions that systems of an example name: the whole one of the manual."""
    (page,) = [
        fence for fence in fences(ROOT / "docs" / "connectors" / "rest.md", "toml") if "acme.toml\nurl" in fence.text
    ]
    for system in data.get("systems", {}).values():
        if "description" in system:
            file = folder / system["description"]
            file.parent.mkdir(exist_ok=True)
            file.write_text(page.text, encoding="utf-8")


def linted(folder: Path) -> list[str]:
    plugins = load(ROOT)
    found = lint(
        folder / "hub.toml",
        connectors={name: offered.info for name, offered in plugins.connectors.items()}
        | dict.fromkeys(PLUGINS, plugins.connectors["spreadsheet"].info),
        config_model=lambda name: (
            PLUGINS[name] if name in PLUGINS else connector_class(plugins.connectors[name]).Config
        ),
        transforms={**plugins.transforms, **built_in_transforms()},
        rules=["shortest"],
        environ=None,
        checks=CHECKS,
    )
    return list(map(str, found))


def failed_tests(text: str) -> list[str]:
    """The [[tests]] of an example that do not pass."""
    import tomllib

    mapping = MappingFile.model_validate(tomllib.loads(text))
    fields = BUILT_IN_FIELDS[mapping.entity]
    entity = Entity(mapping.entity, dict(fields), {name: DEFAULT_RULES.get(name, ("newest",)) for name in fields})
    try:
        compiled = compile_mapping(
            mapping,
            entity,
            GERMAN,
            transforms={**load(ROOT).transforms, **built_in_transforms()},
            rate=lambda *_: None,
        )
    except SynchubError as error:
        return [str(error)]
    return [str(result) for result in run_tests("example", compiled, mapping) if not result.ok]


def rest_of(data: dict[str, Any]) -> str:
    """The systems and syncs that an example speaks of and does not show."""
    known = set(data.get("systems", {}))
    members = [
        (name, member) for sync in data.get("syncs", {}).values() for name, member in sync.get("members", {}).items()
    ]
    named = {member.get("system", name) for name, member in members}
    for entity in data.get("entities", {}).values():
        for rule in entity.get("rules", {}).values():
            for one in [rule] if isinstance(rule, str) else rule:
                named |= set(one.split()[1:])
        named |= set(entity.get("consent_from", ()))
    lines = [f'\n[systems.{name}]\nconnector = "spreadsheet"\npath = "x.csv"\n' for name in sorted(named - known)]
    lines += [
        f'\n[syncs.{name}]\nentity = "contact"\n'
        for name, sync in data.get("syncs", {}).items()
        if "entity" not in sync
    ]
    return "".join(lines)


def mappings_of(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The mappings that an example names, each with its entity."""
    return [
        (member["mapping"], sync.get("entity", "contact"))
        for sync in data.get("syncs", {}).values()
        for member in sync.get("members", {}).values()
    ]


def bundled(name: str) -> bool:
    folders = (ROOT / "connectors" / "synchub_connectors").glob("*/mappings")
    return any((folder / f"{name}.toml").exists() for folder in folders)
