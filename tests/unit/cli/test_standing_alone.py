"""Commands that need no engine: init, demo, secret, plugin list, x."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from synchub.cli.demo import closing_crm, edit, write_demo
from synchub.spec.hub import HubFile
from synchub.spec.mapping import MappingFile
from synchub.spec.reports import MemberPlan, PlanReport, RunReport

AT = datetime(2024, 5, 1, tzinfo=UTC)
COMMAND = """
    import click
    from synchub.api import hookimpl

    @click.command("greet")
    @click.argument("name")
    def greet(name):
        "Say hello."
        if name == "nobody":
            raise LookupError("nobody is there")
        click.echo(f"hello {name}")

    @hookimpl
    def synchub_commands():
        return [greet]
"""


@pytest.fixture
def greeting(folder: Path) -> Path:
    """A hub with a plugin that brings a command."""
    (folder / "plugins").mkdir(mode=0o755)
    file = folder / "plugins/greeting.py"
    file.write_text(dedent(COMMAND))
    for path in (file, folder / "hub.toml"):
        path.chmod(0o644)
    return folder


def test_init_writes_a_hub_and_says_what_is_next(call, folder: Path):
    done = call("init", "My CRM")
    config = folder / "My CRM/hub.toml"

    assert done.code == 0
    assert "wrote hub.toml" in done.out
    assert "synchub check && synchub plan" in done.out
    assert HubFile.model_validate(tomllib.loads(config.read_text())).hub.name == "my-crm"
    assert not config.stat().st_mode & 0o022


def test_init_leaves_a_hub_as_it_is(call, folder: Path):
    before = (folder / "hub.toml").read_text()
    done = call("init")

    assert done.code == 2
    assert (folder / "hub.toml").read_text() == before


@pytest.mark.parametrize(("args", "name"), [(["2024"], "hub-2024"), (["x", "--name", "acme"], "acme")])
def test_a_hub_is_named_after_its_folder_or_as_told(call, folder: Path, args: list[str], name: str):
    call("init", *args)

    assert tomllib.loads((folder / args[0] / "hub.toml").read_text())["hub"]["name"] == name


def test_the_demo_shows_a_first_sync_then_a_conflict(call, hub, folder: Path):
    hub.answers = {
        "plan": [PlanReport("contacts", AT, (MemberPlan("crm", "crm", "contacts"),))],
        "sync": [RunReport("1", "contacts", AT, AT, "done")],
    }
    done = call("demo")

    assert done.code == 0
    assert [name for name, *_ in hub.calls] == ["plan", "sync", "plan", "sync"]
    assert done.out.index("$ synchub plan") < done.out.index("$ synchub sync") < done.out.index("Now Ann moves")
    again = call("demo")
    assert again.code == 2
    assert "already" in again.err


def test_the_demos_files_are_a_hub(tmp_path: Path):
    write_demo(tmp_path / "demo")
    file = HubFile.model_validate(tomllib.loads((tmp_path / "demo/hub.toml").read_text()))
    mappings = {
        path.stem: MappingFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in (tmp_path / "demo/mappings").iterdir()
    }

    assert {member.mapping for sync in file.syncs.values() for member in sync.members.values()} == set(mappings)
    assert all(mapping.tests for mapping in mappings.values())


def test_the_demo_changes_one_person_in_two_systems(tmp_path: Path):
    write_demo(tmp_path / "demo")
    with closing_crm(tmp_path / "demo") as crm:
        edit(tmp_path / "demo", crm)
        cities = {found["email"]: found.get("city") for found in crm.contacts().values()}
    shop = sqlite3.connect(tmp_path / "demo/shop.db")
    town = shop.execute("SELECT town FROM customers WHERE mail = 'ANN.LEE@example.com'").fetchone()
    shop.close()

    assert (cities["ann.lee@example.com"], town) == ("Bremen", ("Hamburg",))


def test_plugins_are_listed_with_where_they_come_from(call, greeting: Path):
    done = call("plugin", "list")

    assert done.code == 0
    assert "greeting  plugins/greeting.py" in done.out
    assert "command: greet" in done.out
    told = call("plugin", "list", "--json").json["plugins"]
    assert told[0]["distribution"] == "synchub"
    assert told[-1]["path"] == str(greeting.resolve() / "plugins/greeting.py")
    assert told[-1]["offers"] == [{"kind": "command", "name": "greet", "summary": "Say hello."}]


def test_a_broken_plugin_makes_the_list_exit_with_1(call, greeting: Path):
    (greeting / "plugins/greeting.py").write_text("1/0")
    done = call("plugin", "list")

    assert done.code == 1
    assert "ZeroDivisionError" in done.out


def test_outside_of_a_hub_installed_plugins_are_listed(call, folder: Path):
    (folder / "hub.toml").unlink()

    assert "builtin" in call("plugin", "list").out
    assert call("--config", "hub.toml", "plugin", "list").code == 2


def test_a_plugins_command_is_called_with_x(call, greeting: Path):
    assert call("x", "greet", "Ann").out == "hello Ann\n"
    assert "Say hello." in call("x", "--help").out
    assert call("x", "nonsense").code == 2


def test_a_plugins_command_that_fails_is_blamed_on_the_plugin(call, greeting: Path):
    done = call("x", "greet", "nobody")

    assert done.code == 1
    assert "The command greet of plugins/greeting.py failed: LookupError: nobody is there" in done.err
    assert "bug in synchub" not in done.err


KEYRING = """
import json, os, sys
import keyring
from keyring.backend import KeyringBackend

class InFile(KeyringBackend):
    priority = 1
    path = os.environ["KEYRING_FILE"]
    def _all(self):
        return json.load(open(self.path)) if os.path.exists(self.path) else {}
    def _keep(self, all):
        with open(self.path, "w") as file: json.dump(all, file)
    def get_password(self, service, name): return self._all().get(f"{service} {name}")
    def set_password(self, service, name, value): self._keep(self._all() | {f"{service} {name}": value})
    def delete_password(self, service, name):
        self._keep({key: value for key, value in self._all().items() if key != f"{service} {name}"})

keyring.set_keyring(InFile())
from synchub.cli import run
sys.exit(run(sys.argv[1:], environ=os.environ))
"""


def test_secrets_are_kept_listed_and_deleted_and_never_shown(folder: Path):
    def synchub(*args: str, told: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KEYRING, "-C", str(folder), *args],
            input=told,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], "KEYRING_FILE": str(folder / "keyring.json")},
        )

    kept = synchub("secret", "set", "crm", told="s3cr3t-token\n")
    assert kept.returncode == 0
    assert '"keyring:crm"' in kept.stdout
    assert '"synchub/test crm": "s3cr3t-token"' in (folder / "keyring.json").read_text()

    listed = synchub("secret", "list", "--json")
    assert '"crm"' in listed.stdout
    assert "s3cr3t" not in kept.stdout + kept.stderr + listed.stdout + listed.stderr

    assert synchub("secret", "delete", "crm").returncode == 2
    assert synchub("--yes", "secret", "delete", "crm").returncode == 0
    assert synchub("secret", "list").stdout == "No secrets are kept for this hub.\n"
    assert synchub("secret", "set", "crm", told="").returncode == 2


def test_a_secret_needs_a_file_that_can_be_read(call, folder: Path):
    (folder / "hub.toml").write_text("[hub\n")
    done = call("secret", "list")

    assert done.code == 2
    assert "can't be read" in done.err
