"""Taps and targets of Singer: programs, each in a virtual environment of its own."""

from __future__ import annotations

import json
from pathlib import Path

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins.environments import PIP, Environment, keep, programs_of, run, virtual

NAMES = ("tap-", "target-")
"""How the names of their programs begin."""
LISTING = (
    "import json, sys; from importlib.metadata import distribution as d; found = d(sys.argv[1]); "
    "print(json.dumps([found.version, [e.name for e in found.entry_points if e.group == 'console_scripts']]))"
)
"""Run inside of the environment: the version of a package, and the programs that it brings."""


def add_tap(folder: Path, name: str, requirement: str, python: str | None) -> Environment:
    """Make the environment of a tap or a target, or bring it up to date."""
    wanted = f"singer:{requirement}"
    place = environment_of(folder, name)
    with virtual(place, python, wanted) as inside:
        run([str(inside), *PIP, requirement], wanted)
        version, programs = json.loads(run([str(inside), "-c", LISTING, name], wanted))
        program = programs_of(place) / _program(name, programs)
        return keep(place, Environment(name, requirement, version, str(program.relative_to(place))))


def _program(name: str, programs: list[str]) -> str:
    """Which of a package's programs is meant: that of its own name, else the only tap or target."""
    likely = [each for each in programs if each.startswith(NAMES)]
    if name in programs:
        return name
    if len(likely) == 1:
        return likely[0]
    raise ConfigurationError(
        f"{name} brings {'several programs' if likely else 'no program'} named tap-… or target-…: {', '.join(programs)}.",
        not_done="It was not kept.",
        next_step="Install another package; taps and targets of Singer are listed on hub.meltano.com.",
    )
