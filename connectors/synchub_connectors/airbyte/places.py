"""Where airbyte-cdk is, and the manifest that it is to run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synchub.api import ConfigurationError, environment_of

ENGINE = "airbyte-cdk"
"""The environment in which `synchub plugin add` puts it."""
SCHEMAS = "schemas"
"""The folder beside a manifest in which a package keeps the schemas of its streams, one file each."""
LAUNCH = """
import importlib.util, os, sys
name, place = sys.argv[1:3]
sys.argv[1:3] = []
spec = importlib.util.spec_from_file_location(name, os.path.join(place, "__init__.py"), submodule_search_locations=[place])
sys.modules[name] = importlib.util.module_from_spec(spec)
from airbyte_cdk.cli.source_declarative_manifest import run
sys.exit(run())
"""
"""Run by airbyte-cdk's own Python: it looks for schemas in files in the first module that is called source_something. Here that is
one with the folder of the manifest; none of its code is run."""
UNSAFE_CODE = "AIRBYTE_ENABLE_UNSAFE_CODE"
"""The variable of the environment without which airbyte-cdk runs no code that belongs to a manifest."""


@dataclass(frozen=True, slots=True)
class Place:
    """The program that runs manifests, the Python beside it, a manifest, and the code that belongs to it."""

    program: Path
    manifest: Path
    package: Path | None

    @property
    def python(self) -> Path:
        return self.program.with_name("python" + self.program.suffix)

    @property
    def command(self) -> list[str]:
        """How the program is called."""
        beside = self.manifest.parent
        if not (beside / SCHEMAS).is_dir():
            return [str(self.program)]
        name = "source_manifest" if self.package is None else beside.name
        return [str(self.python), "-c", LAUNCH, name, str(beside)]

    @property
    def components(self) -> Path | None:
        beside = self.manifest.with_name("components.py")
        return beside if self.package is None and beside.exists() else None

    @property
    def environment(self) -> dict[str, str]:
        """What lets the code that belongs to the manifest run."""
        found = {} if self.package is None else {"PYTHONPATH": str(self.package)}
        return {UNSAFE_CODE: "true", **found}


def place(manifest: str, folder: Path) -> Place:
    """Where all is. Raises ConfigurationError if something of it is not installed, or not there.

    manifest  as in hub.toml: a path with .yaml or .yml at its end, else the name of a package
    folder    that of hub.toml
    """
    is_file = manifest.endswith((".yaml", ".yml"))
    engine = _card(ENGINE, folder)
    package = None if is_file else _card(manifest, folder)
    if engine is None or (package is None and not is_file):
        raise ConfigurationError(
            f"The manifest {manifest} can't be run: {ENGINE if engine is None else manifest} is not installed.",
            not_done="Nothing was read from it.",
            next_step=f"Install it: `synchub plugin add airbyte:{manifest}`.",
        )
    program = environment_of(folder, ENGINE) / str(engine.get("program"))
    if package is not None:
        own = environment_of(folder, manifest)
        return Place(program, own / str(package.get("manifest")), own)
    found = folder / manifest
    if not found.is_file():
        raise ConfigurationError(
            f"There is no manifest {found}.",
            not_done="Nothing was read from it.",
            next_step="Correct `manifest` of this system; a path starts in the folder of hub.toml.",
        )
    return Place(program, found, None)


def _card(name: str, folder: Path) -> Mapping[str, Any] | None:
    """What `synchub plugin add` noted of an installation; None if there is none."""
    try:
        said = json.loads((environment_of(folder, name) / "synchub.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, Mapping) else None
