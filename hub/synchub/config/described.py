"""Settings of a system for which hub.toml names a TOML file: read, linted as hub.toml is, and put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from synchub.api import InFile
from synchub.config.declared import Finding, examine
from synchub.config.document import below, refused_path, tell
from synchub.config.places import is_model, keys, options
from synchub.config.problems import Problem
from synchub.config.source import read_source
from synchub.secrets import is_reference


@dataclass
class Described:
    """Settings with a model in place of the name of each file. What could not be read is left out: `left_out` says what,
    `findings` what is wrong with its name, `problems` what is wrong inside."""

    settings: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)

    def news(self, findings: list[Finding]) -> list[Finding]:
        """What was found in the settings, without what was left out here, and with what was found here."""
        own = [one for one in findings if not (one.kind == "missing" and one.path[-1] in self.left_out)]
        return [*own, *self.findings]


def described(settings: Mapping[str, Any], model: type[BaseModel], folder: Path) -> Described:
    """The settings of a system whose connector declares `model`. `folder` is that of hub.toml."""
    done = Described(dict(settings))
    for name, file in in_files(model).items():
        if name not in settings:
            continue
        found = _read(done, name, settings[name], file, folder)
        if found is not None:
            done.settings[name] = found
        else:
            done.left_out.add(name)
            del done.settings[name]
    return done


def in_files(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The settings for which hub.toml names a file, and what is declared to stand in it."""
    return {
        name: next(filter(is_model, options(declared.annotation)))
        for name, declared in keys(model).items()
        if any(isinstance(mark, InFile) for mark in declared.metadata)
    }


def _read(done: Described, name: str, said: Any, model: type[BaseModel], folder: Path) -> BaseModel | None:
    if isinstance(said, str) and is_reference(said):
        return None
    wrong = _wrong_name(said, folder)
    if wrong:
        done.findings.append(Finding("value", (name,), f"'{name}' {wrong}"))
        return None
    source = read_source(folder / said, said)
    if isinstance(source, Problem):
        done.problems.append(source)
        return None
    found, findings = examine(model, source.data, quiet=True)
    done.problems += tell(source, findings)
    return None if findings else found


def _wrong_name(said: Any, folder: Path) -> str:
    """What is wrong with the name of a file; empty if nothing is."""
    if not isinstance(said, str) or not said.endswith(".toml"):
        return "must be the name of a TOML file, such as rest/crm.toml"
    if refused_path(said) or not below(folder / said, folder):
        return "must name a file below the folder of hub.toml"
    return "" if (folder / said).is_file() else f"names {said}, and there is no such file"
