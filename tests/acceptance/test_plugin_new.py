"""`synchub plugin new`: what it writes passes the rules of quality as it stands, and takes part in a two-way sync."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acceptance.command import PROGRAM, Hub, written


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path, {"POLARS_MAX_THREADS": "1"})
    made("init", ".", "--name", "acme")
    return made


def tried(folder: Path, path: Path) -> str:
    """What pytest says in a folder, with this one on the path."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, "tests"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(path), "POLARS_MAX_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("like", ["rest", "sql", "file"])
def test_a_drop_in_passes_the_rules_untouched(hub: Hub, like: str) -> None:
    told = hub.json("plugin", "new", "my_crm", "--like", like)
    assert (told["plugin"], told["like"], told["path"]) == ("my_crm", like, "plugins/my_crm.py")
    assert int(re.findall(r"(\d+) passed", tried(hub.folder, hub.folder / "plugins"))[0]) > 25


@pytest.mark.parametrize("like", ["rest", "sql", "file"])
def test_a_package_is_of_the_tier_that_it_claims(hub: Hub, like: str) -> None:
    path = hub.json("plugin", "new", "my_crm", "--like", like, "--package")["path"]
    told = hub.json("plugin", "check", path, "--strict")["quality"]
    assert (told["connector"], told["tier"], told["claimed"], told["notes"]) == ("my_crm", "silver", "silver", [])


def test_a_two_way_sync_with_what_it_writes(hub: Hub) -> None:
    shown = hub("plugin", "new", "mycrm", "--like", "file").stdout
    assert "wrote plugins/mycrm.py" in shown
    part = shown.partition("Its part of hub.toml:\n\n")[2]
    own = (hub.folder / "hub.toml").read_text(encoding="utf-8").replace('direction = "in" ', 'direction = "both" ', 1)
    hub.write("hub.toml", own + part).chmod(0o600)
    hub.write(
        "people.jsonl",
        '{"id": "a", "email": "zoe@example.com", "name": "Zoe Ode", "changed": "2024-05-01T10:00:00Z"}\n',
    )
    assert "mycrm" in hub("check").stdout
    hub("test")
    assert written(hub.sync()) > 1
    assert "zoe@example.com" in (hub.folder / "leads.csv").read_text()
    assert "ann@example.com" in (hub.folder / "people.jsonl").read_text()
    assert written(hub.sync()) == 0


def test_it_asks_for_what_is_not_given(hub: Hub) -> None:
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"mycrm\nsql\npackage\n")
    done = subprocess.run(
        [PROGRAM, "plugin", "new"],
        cwd=hub.folder,
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "wrote mycrm/mycrm/connector.py" in done.stdout
    assert "sqlite3" in (hub.folder / "mycrm/mycrm/connector.py").read_text()
    for question in ("Name of the plugin", "What does it talk to", "As a drop-in in plugins/, or as a package"):
        assert question in done.stderr


def test_what_can_not_be_written(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> None:
    hub("plugin", "new", "mycrm", "--like", "file")
    assert "there is a connector of that name" in hub("plugin", "new", "mycrm", code=2).stderr
    hub.write("mappings/other-people.toml", "mine")
    assert "There is mappings/other-people.toml already" in hub("plugin", "new", "other", code=2).stderr
    assert not (hub.folder / "plugins" / "other.py").exists()
    elsewhere = Hub(tmp_path_factory.mktemp("elsewhere"))
    assert "There is no hub.toml" in elsewhere("plugin", "new", "mycrm", "--drop-in", code=2).stderr
    elsewhere("plugin", "new", "mycrm")
    assert (elsewhere.folder / "mycrm" / "pyproject.toml").is_file()
