"""Somebody else's plugin: built as a wheel, installed beside the wheel of synchub where nothing else is, and used."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from acceptance.command import Hub, written
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "data" / "sample_plugin"
MEMBER = """
[systems.rolodex]
connector = "rolodex"
path      = "people.jsonl"

[syncs.contacts.members.rolodex]
stream  = "people"
mapping = "rolodex-people"
"""


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def needed(name: str, extra: str = "", seen: frozenset[str] = frozenset()) -> Iterator[Distribution]:
    """The distributions that one asks for, and those that these ask for."""
    for line in distribution(name).requires or ():
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        for part in wanted.extras or {""}:
            if f"{wanted.name}[{part}]" not in seen:
                seen |= {f"{wanted.name}[{part}]"}
                yield distribution(wanted.name)
                yield from needed(wanted.name, part, seen)


def lend(site: Path, name: str) -> None:
    """Put all that a distribution needs into `site`, as links to what is installed here."""
    for found in needed(name):
        for file in found.files or ():
            top = Path(file.parts[0])
            here = Path(str(found.locate_file(top)))
            if ".." not in top.parts and here.exists() and not (site / top).exists():
                (site / top).symlink_to(here)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`synchub` in an environment with nothing but the two wheels, and what that of synchub declares to need.

    What it needs is lent from the environment of the tests: to load the same files from an index takes minutes and shows
    nothing more. What is installed here but not declared is not there.
    """
    folder = tmp_path_factory.mktemp("outside")
    for source in (ROOT, SAMPLE):
        pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder / "wheels", source)
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    lend(site, "synchub")
    python = folder / "env" / "bin" / "python"
    pip("--python", python, "install", "--no-deps", "--no-index", *sorted((folder / "wheels").glob("*.whl")))
    return python.with_name("synchub")


@pytest.fixture
def hub(tmp_path: Path, program: Path) -> Hub:
    made = Hub(tmp_path, {"POLARS_MAX_THREADS": "1", "PYTHONPATH": ""}, program)
    made("init", ".", "--name", "acme")
    return made


def test_nothing_of_the_clone_is_used(program: Path) -> None:
    told = subprocess.run(
        [program.with_name("python"), "-I", "-c", "import synchub, rolodex; print(synchub.__file__, rolodex.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.count(str(program.parents[1])) == 2
    assert str(ROOT) not in told


def test_it_is_named_with_its_distribution_and_version(hub: Hub) -> None:
    plugins = {plugin["name"]: plugin for plugin in hub.json("plugin", "list")["plugins"]}
    rolodex = plugins["rolodex"]
    assert (rolodex["distribution"], rolodex["version"]) == ("synchub-rolodex", "0.1.0")
    assert [(offer["kind"], offer["name"]) for offer in rolodex["offers"]] == [("connector", "rolodex")]
    assert not any(plugin["problems"] for plugin in plugins.values())
    assert "synchub-rolodex 0.1.0" in hub("plugin", "list").stdout


def test_it_is_written_against_the_oldest_interface_that_is_served() -> None:
    assert '[project.entry-points."synchub.v1"]' in (SAMPLE / "pyproject.toml").read_text()


def test_it_keeps_the_rules_that_it_claims(hub: Hub) -> None:
    told = hub.json("plugin", "check", "rolodex", "--scene", str(SAMPLE / "tests" / "scene.py:People"))["quality"]
    assert (told["connector"], told["tier"], told["claimed"]) == ("rolodex", "silver", "silver")


def takes_part(hub: Hub) -> None:
    config = (hub.folder / "hub.toml").read_text().replace('direction = "in" ', 'direction = "both" ', 1)
    hub.write("hub.toml", config + MEMBER)
    zoe = {"id": "a", "email": "zoe@example.com", "name": "Zoe Ode", "changed": "2024-05-01T10:00:00Z"}
    hub.write("people.jsonl", json.dumps(zoe) + "\n")


def test_it_takes_part_in_a_sync(hub: Hub) -> None:
    takes_part(hub)
    hub("check")
    assert written(hub.sync()) > 1
    assert "zoe@example.com" in (hub.folder / "leads.csv").read_text()
    assert "ann@example.com" in (hub.folder / "people.jsonl").read_text()
    assert written(hub.sync()) == 0


LATER = """
import sys
from synchub.cli.app import run
from synchub.plugins.deprecations import Deprecation

what = ("synchub.v1", "Stream.updated_at", "Frame")
sys.exit(run(sys.argv[1:], deprecations=[Deprecation(each, "0.7", "0.9", "use synchub.v2") for each in what]))
"""
"""synchub as it will be, when something that the plugin uses goes away."""


@pytest.fixture
def later(hub: Hub, program: Path) -> Hub:
    takes_part(hub)
    script = hub.write("later", f"#!{program.with_name('python')}\n{LATER}")
    script.chmod(0o755)
    return Hub(hub.folder, hub.environ, script)


def test_what_it_uses_that_goes_away_is_told_and_it_works(later: Hub) -> None:
    told = (
        "plugin rolodex (synchub-rolodex 0.1.0): it uses synchub.v1, deprecated since synchub 0.7 and removed in 0.9: use "
        "synchub.v2; it uses Stream.updated_at, deprecated since synchub 0.7 and removed in 0.9: use synchub.v2"
    )
    listed = {plugin["name"]: plugin for plugin in later.json("plugin", "list")["plugins"]}
    assert [each["what"] for each in listed["rolodex"]["deprecated"]] == ["synchub.v1", "Stream.updated_at"]
    assert not any(each["deprecated"] for name, each in listed.items() if name != "rolodex")
    assert "it uses synchub.v1, deprecated since" in " ".join(later("plugin", "list").stdout.split())

    assert later.json("check")["check"]["notes"] == [told]
    done = later("sync", "--json")
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["state"], run["notes"]) == ("done", [told])
    assert "Warning" not in done.stderr
    assert later.json("status")["status"]["notes"] == [told]


def test_its_author_is_told_by_plugin_check(later: Hub) -> None:
    scene = ("--scene", str(SAMPLE / "tests" / "scene.py:People"))
    for named in ("rolodex", str(SAMPLE / "rolodex")):
        told = later.json("plugin", "check", named, *scene)["quality"]
        assert told["tier"] == "silver"
        assert [note.partition(",")[0] for note in told["notes"]] == ["It uses synchub.v1", "It uses Stream.updated_at"]
    later("plugin", "check", "rolodex", *scene, "--strict", code=1)
