"""The first files of a new hub: a commented hub.toml that works as it is, with one spreadsheet."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path
from string import Template

from synchub.config.declared import PATTERNS
from synchub.errors import ConfigurationError

FILES = {
    "hub.toml": "hub.toml",
    "leads.csv": "leads.csv",
    "mappings/leads.toml": "mappings/leads.toml",
    "plugins/README.md": "plugins/README.md",
    "gitignore": ".gitignore",
}
"""Template -> file of the project. Packages leave out files whose name begins with a dot."""

NAME = r"^[a-z][a-z0-9_-]*$"


def write_project(folder: Path, name: str) -> list[Path]:
    """Begin a hub called `name` in a folder, and tell which files were written.

    A file that exists is left as it is. ConfigurationError if there is a hub.toml, or for a bad name.
    """
    if not re.fullmatch(NAME, name):
        raise ConfigurationError(
            f"{name!r} can't be the name of a hub.",
            not_done="Nothing was written.",
            next_step=f"Choose {PATTERNS[NAME]}.",
        )
    if (folder / "hub.toml").exists():
        raise ConfigurationError(
            f"There is a hub.toml in {folder} already.",
            not_done="Nothing was written.",
            next_step="Edit it, or choose another folder: `synchub init DIR`.",
        )
    templates = resources.files(__package__).joinpath("templates")
    written = []
    for source, target in FILES.items():
        file = folder / target
        text = templates.joinpath(*source.split("/")).read_text(encoding="utf-8")
        if _write(file, Template(text).substitute(name=name) if source == "hub.toml" else text):
            written.append(file)
    return written


def _write(file: Path, text: str) -> bool:
    """Write a new file that only its owner can change; False if there is one."""
    try:
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(
            f"{file} can't be written: {error.strerror}.", next_step="Choose a folder that you may write to."
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
        opened.write(text)
    return True
