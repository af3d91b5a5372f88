"""Low-code manifests of Airbyte: airbyte-cdk, which runs them, in one virtual environment for all; and packages that bring one.

Of a package only its own files are taken: what it asks for is the airbyte-cdk of its day, in whose place the newer one runs
what it brings.
"""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins.environments import CARD, PIP, Environment, keep, programs_of, python_of, run, virtual

ENGINE = "airbyte-cdk"
FLOOR = f"{ENGINE}>=7.39,<8"
"""Tested with 7.39.1."""
PROGRAM = "source-declarative-manifest"
READER = """
import json, sys, yaml
try:
    with open(sys.argv[1], encoding="utf-8") as file:
        said = yaml.safe_load(file)
except (OSError, ValueError, yaml.YAMLError) as error:
    sys.exit("Error: " + " ".join(str(error).split()))
said = said if isinstance(said, dict) else {}
spec = (said.get("spec") or {}).get("connection_specification")
print(json.dumps({"streams": bool(said.get("streams") or said.get("dynamic_streams")), "spec": spec}, default=str))
"""
"""Run by airbyte-cdk's own Python, which can read YAML."""
WHOLE = """
import json, pathlib, sys, yaml
manifest = pathlib.Path(sys.argv[1])
try:
    with open(sys.argv[1], encoding="utf-8") as file:
        said = yaml.safe_load(file)
    if isinstance(said, dict) and not said.get("spec"):
        with open(sys.argv[2], encoding="utf-8") as file:
            declared = yaml.safe_load(file)
        spec = declared.get("connectionSpecification") or declared["connection_specification"]
        said["spec"] = {"type": "Spec", "connection_specification": spec}
        manifest.write_text(json.dumps(said, indent=1, default=str), "utf-8")
except (OSError, ValueError, KeyError, AttributeError, yaml.YAMLError) as error:
    sys.exit("Error: " + " ".join(str(error).split()))
"""
"""The same: older packages declare their settings in a file beside the manifest. JSON is YAML."""


def add_engine(folder: Path, requirement: str, python: str | None) -> Environment:
    """Make the environment of airbyte-cdk, or bring it up to date."""
    wanted = f"airbyte:{requirement}"
    place = environment_of(folder, ENGINE)
    with virtual(place, python, wanted) as inside:
        run([str(inside), *PIP, FLOOR if requirement == ENGINE else requirement], wanted)
        version = run([str(inside), "-c", f"from importlib.metadata import version as v; print(v({ENGINE!r}))"], wanted)
        program = programs_of(place) / (PROGRAM + inside.suffix)
        if not program.exists():
            raise ConfigurationError(
                f"{ENGINE} {version.strip()} brings no program {PROGRAM}.",
                not_done="It was not kept.",
                next_step=f"Take another version: {FLOOR}.",
            )
        made = Environment(ENGINE, requirement, version.strip(), str(program.relative_to(place)), "airbyte")
        return keep(place, made)


def add_package(folder: Path, name: str, requirement: str, python: str | None) -> Environment:
    """Take in a package that brings a manifest, and what runs it if that is not there yet."""
    wanted = f"airbyte:{requirement}"
    inside = _inside(folder, python)
    place = environment_of(folder, name)
    fresh = place.with_name(f".{name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        alone = ("--no-deps", "--ignore-requires-python", "--target", str(fresh))
        run([str(inside), *PIP, *alone, requirement], wanted)
        found = [file.relative_to(fresh) for file in sorted(fresh.glob("*/manifest.yaml"))]
        if len(found) != 1:
            raise _useless(name, f"brings {'no' if not found else 'more than one'} manifest.yaml")
        beside = [file for kind in ("yaml", "yml", "json") for file in fresh.glob(f"{found[0].parent}/spec.{kind}")]
        if beside:
            run([str(inside), "-c", WHOLE, str(fresh / found[0]), str(beside[0])], name)
        settings(folder, fresh / found[0], name)
        version = next(each.version for each in metadata.distributions(path=[str(fresh)]))
        made = keep(fresh, Environment(name, requirement, version, "", "airbyte", found[0].as_posix()))
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def settings(folder: Path, manifest: Path, name: str) -> Any:
    """What a manifest says of its settings, as JSON Schema. Raises ConfigurationError if it is none that can be run."""
    said = json.loads(run([str(_inside(folder, None)), "-c", READER, str(manifest)], name))
    if not said["streams"] or said["spec"] is None:
        raise _useless(name, f"has no {'spec' if said['streams'] else 'streams'} in its manifest")
    return said["spec"]


def _inside(folder: Path, python: str | None) -> Path:
    """The interpreter of airbyte-cdk's environment, which is made if it is not there."""
    place = environment_of(folder, ENGINE)
    if not (place / CARD).exists():
        add_engine(folder, ENGINE, python)
    return python_of(place)


def _useless(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} {why}.",
        not_done="It was not kept.",
        next_step="Only whole low-code manifests can be run. A source that is written in Python can't.",
    )
