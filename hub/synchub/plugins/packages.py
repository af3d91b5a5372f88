"""Packages of plugins, each in a virtual environment of its own: what two of them need never clashes.

An environment begins with what synchub's own has, behind what is installed in it: a plugin finds synchub, and every library
that it does not ask for in another version.
"""

from __future__ import annotations

import json
import site
from dataclasses import replace
from pathlib import Path

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins.environments import PIP, Environment, keep, run, virtual

BEHIND = "zz-synchub.pth"
PLACE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def add_isolated(folder: Path, name: str, requirement: str) -> Environment:
    """Make the environment of a package of plugins, or bring it up to date."""
    wanted = f"isolated:{requirement}"
    place = environment_of(folder, name)
    with virtual(place, None, wanted) as inside:
        own = Path(run([str(inside), "-c", PLACE], wanted).strip())
        (own / BEHIND).write_text(
            "".join(f"import site; site.addsitedir({each!r})\n" for each in site.getsitepackages())
        )
        run([str(inside), *PIP, requirement], wanted)
        said = json.loads(run([str(inside), "-m", "synchub.plugins.isolated.listing", name], wanted))
        if said["problems"] or not said["connectors"]:
            besides = f" besides {', '.join(said['left_out'])}" if said["left_out"] else ""
            why = "; ".join(said["problems"]) or f"it brings no connector{besides}"
            raise ConfigurationError(
                f"{name} {said['version']} can't be used: {why}.",
                not_done="It was not kept.",
                next_step="Install another version, or tell its author. A package that brings transforms or rules is installed "
                "beside synchub, by pip.",
            )
        made = Environment(name, requirement, said["version"], str(inside.relative_to(place)), "isolated")
        return keep(place, replace(made, connectors=said["connectors"], left_out=said["left_out"]))
