"""What synchub installs for a hub besides itself: programs and packages, each in a folder of its own.

They lie in plugins/.venvs/NAME of a hub: beside what else the hub runs, under the same owner, and left alone by what loads
drop-ins. What two of them need never clashes, and none of it is on synchub's own path.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from synchub.api import environment_of
from synchub.errors import ConfigurationError

CARD = "synchub.json"
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--upgrade")


@dataclass(frozen=True, slots=True)
class Environment:
    """One that is installed. `program` and `manifest` are relative to its folder; empty if it has none."""

    name: str
    requirement: str
    version: str
    program: str = ""
    kind: str = "singer"
    manifest: str = ""
    connectors: list[dict[str, Any]] = field(default_factory=list)
    """Of a package of plugins: name, summary, settings as JSON Schema, capabilities."""
    left_out: list[str] = field(default_factory=list)
    """What such a package brings besides, and is not loaded."""


def installed(folder: Path) -> list[Environment]:
    """The environments of the hub in `folder`, by name. One that was not finished is not among them."""
    cards = sorted(environment_of(folder, "x").parent.glob(f"*/{CARD}"))
    return [read_card(card.parent) for card in cards]


def read_card(place: Path) -> Environment:
    """What was noted of the environment at `place` when it was finished."""
    return Environment(**json.loads((place / CARD).read_text("utf-8")))


def keep(place: Path, made: Environment) -> Environment:
    """Note that an environment is finished. Nobody else may write into its folder: what is in it is run."""
    for folder in (place, place.parent):
        folder.chmod(folder.stat().st_mode & ~0o022)
    (place / CARD).write_text(json.dumps(asdict(made), indent=2) + "\n", "utf-8")
    return made


@contextmanager
def virtual(place: Path, python: str | None, wanted: str) -> Iterator[Path]:
    """The interpreter of the virtual environment at `place`, made if it is not there yet. One that was not there before is
    taken away again if what is done with it fails."""
    fresh = not (place / CARD).exists()
    if fresh and place.exists():
        shutil.rmtree(place)  # one that was interrupted
    try:
        if fresh:
            run([python or sys.executable, "-m", "venv", str(place)], wanted)
        yield python_of(place)
    except BaseException:
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        raise


def programs_of(place: Path) -> Path:
    return place / ("Scripts" if sys.platform == "win32" else "bin")


def python_of(place: Path) -> Path:
    return programs_of(place) / ("python.exe" if sys.platform == "win32" else "python")


def run(command: Sequence[str], wanted: str) -> str:
    """What a command prints. Raises ConfigurationError with the last line of what it complains about."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise _failed(wanted, f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise _failed(
            wanted, next((line for line in reversed(said) if "rror" in line), said[-1] if said else "no word")
        )
    return done.stdout


def _failed(wanted: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{wanted} could not be installed: {why}",
        not_done="Nothing was installed.",
        next_step="Look at the name and at the way to the package index, then do it again.",
    )
