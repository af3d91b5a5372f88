"""Programs in virtual environments of their own: installed from a wheel on this machine, listed, brought up to date, removed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from unit.plugins.wheels import wheel

from synchub.api import environment_of
from synchub.errors import ConfigurationError
from synchub.plugins.adding import install, remove
from synchub.plugins.environments import Environment, installed


def said_by(hub: Path, made: Environment) -> str:
    return subprocess.run(
        [environment_of(hub, made.name) / made.program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_program_is_installed_listed_brought_up_to_date_and_removed(tmp_path: Path, index: Path) -> None:
    half = environment_of(tmp_path, "acme-tap-people")
    half.mkdir(parents=True)
    (half / "rest").write_text("of a try that was interrupted")
    assert installed(tmp_path) == []

    wheel(index, "acme-tap-people", "1.0", "tap-people", "helper")
    made = install(tmp_path, "singer:acme-tap-people").environment
    assert not (half / "rest").exists()
    assert (made.name, made.version) == ("acme-tap-people", "1.0")
    assert Path(made.program).name == "tap-people"
    assert said_by(tmp_path, made) == "tap 1.0"
    assert installed(tmp_path) == [made]

    wheel(index, "acme-tap-people", "1.1", "tap-people")
    made = install(tmp_path, "singer:acme-tap-people").environment
    assert made.version == "1.1"
    with pytest.raises(ConfigurationError, match="No matching distribution found for acme-tap-people==9"):
        install(tmp_path, "singer:acme-tap-people==9")
    assert installed(tmp_path) == [made]
    assert said_by(tmp_path, made) == "tap 1.1"

    assert remove(tmp_path, "singer:acme-tap-people") == "acme-tap-people"
    assert installed(tmp_path) == []
    assert not half.exists()


def test_what_can_not_be_used_is_not_kept(tmp_path: Path, index: Path) -> None:
    wheel(index, "tap-none", "1.0", "helper")
    with pytest.raises(ConfigurationError, match=r"brings no program named tap-… or target-…: helper"):
        install(tmp_path, "singer:tap-none")
    assert list(environment_of(tmp_path, "x").parent.iterdir()) == []


@pytest.mark.parametrize(
    "wanted",
    ["tap-x", "singer:", "singer:../x", "singer:--index-url=x", "singer:tap-x --pre", "dlt:tap-x", "singer:.x"],
)
def test_what_is_no_package_is_not_handed_to_pip(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ConfigurationError, match="is nothing that can be added"):
        install(tmp_path, wanted)
    with pytest.raises(ConfigurationError, match="is nothing that can be added"):
        remove(tmp_path, wanted)


@pytest.mark.parametrize("wanted", ["singer:tap-x", "singer:tap-x==1.2", "singer:tap-x[s3]>=1.2,<2"])
def test_what_is_not_there_can_not_be_removed(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not installed\. There is: none"):
        remove(tmp_path, wanted)


def test_another_interpreter_that_is_not_there_is_named(tmp_path: Path, index: Path) -> None:
    with pytest.raises(ConfigurationError, match="/no/python: No such file"):
        install(tmp_path, "singer:tap-people", python="/no/python")
