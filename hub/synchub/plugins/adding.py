"""`synchub plugin add` and `remove`: what is meant, and which kind of thing it is."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins import manifests, packages, sections, taps
from synchub.plugins.environments import Environment, installed

WANTED = re.compile(
    r"(singer|airbyte|isolated):([A-Za-z0-9][A-Za-z0-9._-]*)((?:\[[A-Za-z0-9._, -]+\])?(?:[=<>!~]=?=?[A-Za-z0-9.*+!,=<>~-]+)?)"
)
FILE = re.compile(r"airbyte:(.+\.ya?ml)")


@dataclass(frozen=True, slots=True)
class Added:
    """What was installed, and its part of hub.toml: the keys, and of a manifest its settings as JSON Schema."""

    environment: Environment
    keys: dict[str, str]
    settings: Any = None


def install(folder: Path, wanted: str, *, python: str | None = None) -> Added:
    """Install `wanted` ("singer:tap-x", "singer:tap-x==1.2", "airbyte:airbyte-source-x", "airbyte:people.yaml"), or bring it
    up to date, by pip.

    folder  of hub.toml; a manifest's path starts there
    python  the interpreter that an environment is made of; default: the one that runs synchub

    Raises ConfigurationError, with nothing left behind that was not there before.
    """
    if file := FILE.fullmatch(wanted):
        return _file(folder, file[1], python)
    kind, name, requirement = _parts(wanted)
    if kind == "singer":
        made = taps.add_tap(folder, name, requirement, python)
        loads = Path(made.program).name.startswith("target-")
        return Added(
            made,
            {"connector": "singer-target", "target": made.name} if loads else {"connector": kind, "tap": made.name},
        )
    if kind == "isolated":
        made = packages.add_isolated(folder, name, requirement)
        first = made.connectors[0]
        return Added(made, {"connector": first["name"]}, first["settings"])
    if name == manifests.ENGINE:
        return Added(manifests.add_engine(folder, requirement, python), {"connector": kind, "manifest": "people.yaml"})
    made = manifests.add_package(folder, name, requirement, python)
    declared = manifests.settings(folder, environment_of(folder, name) / made.manifest, name)
    return Added(made, {"connector": kind, "manifest": made.name}, declared)


def system(added: Added) -> str:
    """The part of hub.toml that uses it, with the settings of a manifest to be filled in."""
    keys = "\n".join(f'{key} = "{value}"' for key, value in added.keys.items())
    if added.environment.kind == "isolated":
        return f"[systems.NAME]\n{keys}\n{sections.lines(added.settings)}".rstrip() + "\n"
    return f"[systems.NAME]\n{keys}\n\n{sections.tables(added.settings)}".rstrip() + "\n"


def _file(folder: Path, path: str, python: str | None) -> Added:
    if not (folder / path).is_file():
        raise ConfigurationError(
            f"There is no manifest {folder / path}.",
            not_done="Nothing was installed.",
            next_step="Name one by its path from the folder of hub.toml, such as airbyte:people.yaml.",
        )
    present = [each for each in installed(folder) if each.name == manifests.ENGINE]
    made = present[0] if present else manifests.add_engine(folder, manifests.ENGINE, python)
    return Added(made, {"connector": "airbyte", "manifest": path}, manifests.settings(folder, folder / path, path))


def remove(folder: Path, wanted: str) -> str:
    """Take away what was installed as `wanted`; returns its name. Raises ConfigurationError if there is none."""
    kind, name, _ = _parts(wanted)
    place = environment_of(folder, name)
    there = {each.name: each.kind for each in installed(folder)}
    if there.get(name, kind) != kind or not place.is_dir():
        listed = ", ".join(f"{its}:{each}" for each, its in there.items()) or "none"
        raise ConfigurationError(f"{wanted} is not installed. There is: {listed}.", not_done="Nothing was removed.")
    shutil.rmtree(place)
    return name


def _parts(wanted: str) -> tuple[str, str, str]:
    """The kind, the name of a package, and what pip is asked for."""
    match = WANTED.fullmatch(wanted)
    if match is None:
        raise ConfigurationError(
            f"{wanted!r} is nothing that can be added.",
            not_done="Nothing was installed.",
            next_step="Write singer: and the name of a package, such as singer:tap-jsonl or singer:tap-jsonl==0.3.1; "
            "airbyte: and a package or a file, such as airbyte:airbyte-source-rocket-chat or airbyte:people.yaml; or "
            "isolated: and a package of plugins.",
        )
    return match[1], match[2], match[2] + match[3]
