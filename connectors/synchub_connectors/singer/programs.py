"""Where the program of a tap or of a target is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from synchub.api import ConfigurationError, environment_of


def program(name: str, folder: Path) -> list[str]:
    """The command that starts a tap or a target. Raises ConfigurationError if there is none.

    name    as in hub.toml: what `synchub plugin add` installed wins over what is in the PATH
    folder  that of hub.toml
    """
    if "/" in name or "\\" in name:
        return [str(folder / name)]
    own = environment_of(folder, name)
    try:
        return [str(own / json.loads((own / "synchub.json").read_text("utf-8"))["program"])]
    except FileNotFoundError:
        found = shutil.which(name)
    except (ValueError, KeyError, TypeError):
        found = None
    if found is None:
        raise ConfigurationError(
            f"The program {name} is not installed.",
            not_done="Nothing was read from it, and nothing written.",
            next_step=f"Install it: `synchub plugin add singer:{name}`.",
        )
    return [found]
