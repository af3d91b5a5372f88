"""Programs that synchub starts, each in a virtual environment of its own: taps of Singer.

They lie in plugins/.venvs/NAME of a hub: beside what else the hub runs, under the same owner, and left alone by what loads
drop-ins. What two programs need never clashes, and none of it is on synchub's own path.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from synchub.api import environment_of
from synchub.errors import ConfigurationError

KINDS = {"singer": ("tap-", "target-")}
"""What may be installed: how its programs' names begin."""
WANTED = re.compile(
    r"(singer):([A-Za-z0-9][A-Za-z0-9._-]*)((?:\[[A-Za-z0-9._, -]+\])?(?:[=<>!~]=?=?[A-Za-z0-9.*+!,=<>~-]+)?)"
)
CARD = "synchub.json"
LISTING = (
    "import json, sys; from importlib.metadata import distribution as d; found = d(sys.argv[1]); "
    "print(json.dumps([found.version, [e.name for e in found.entry_points if e.group == 'console_scripts']]))"
)
"""Run inside of the environment: the version of a package, and the programs that it brings."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One that is installed. `program` is relative to its folder."""

    name: str
    requirement: str
    version: str
    program: str


def installed(folder: Path) -> list[Environment]:
    """The environments of the hub in `folder`, by name. One that was not finished is not among them."""
    found = []
    for card in sorted(environment_of(folder, "x").parent.glob(f"*/{CARD}")):
        said = json.loads(card.read_text("utf-8"))
        found.append(Environment(**said))
    return found


def install(folder: Path, wanted: str, *, python: str | None = None) -> Environment:
    """Make the environment of `wanted` ("singer:tap-x", "singer:tap-x==1.2"), or bring it up to date, by pip.

    folder  of hub.toml
    python  the interpreter that the environment is made of; default: the one that runs synchub

    Raises ConfigurationError, with nothing left behind that was not there before.
    """
    name, requirement = _parts(wanted)
    place = environment_of(folder, name)
    fresh = not (place / CARD).exists()
    if fresh and place.exists():
        shutil.rmtree(place)  # one that was interrupted
    try:
        if fresh:
            _run([python or sys.executable, "-m", "venv", str(place)], wanted)
        inside = _bin(place) / ("python.exe" if sys.platform == "win32" else "python")
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        _run([*pip, "--upgrade", requirement], wanted)
        version, programs = json.loads(_run([str(inside), "-c", LISTING, name], wanted))
        made = Environment(name, requirement, version, str((_bin(place) / _program(name, programs)).relative_to(place)))
        (place / CARD).write_text(json.dumps(asdict(made), indent=2) + "\n", "utf-8")
    except BaseException:
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
        raise
    return made


def remove(folder: Path, wanted: str) -> str:
    """Take away the environment of `wanted`; returns its name. Raises ConfigurationError if there is none."""
    name, _ = _parts(wanted)
    place = environment_of(folder, name)
    if not place.is_dir():
        listed = ", ".join(f"singer:{each.name}" for each in installed(folder)) or "none"
        raise ConfigurationError(f"{wanted} is not installed. There is: {listed}.", not_done="Nothing was removed.")
    shutil.rmtree(place)
    return name


def _parts(wanted: str) -> tuple[str, str]:
    """The name of a package, and what pip is asked for."""
    match = WANTED.fullmatch(wanted)
    if match is None:
        raise ConfigurationError(
            f"{wanted!r} is nothing that can be added.",
            not_done="Nothing was installed.",
            next_step="Write singer: and the name of a package, such as singer:tap-jsonl or singer:tap-jsonl==0.3.1.",
        )
    return match[2], match[2] + match[3]


def _program(name: str, programs: list[str]) -> str:
    """Which of a package's programs is meant: that of its own name, else the only tap or target."""
    likely = [each for each in programs if each.startswith(KINDS["singer"])]
    if name in programs:
        return name
    if len(likely) == 1:
        return likely[0]
    raise ConfigurationError(
        f"{name} brings {'several programs' if likely else 'no program'} named tap-… or target-…: {', '.join(programs)}.",
        not_done="It was not kept.",
        next_step="Install another package; taps of Singer are listed on hub.meltano.com.",
    )


def _bin(place: Path) -> Path:
    return place / ("Scripts" if sys.platform == "win32" else "bin")


def _run(command: list[str], wanted: str) -> str:
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
