"""Connectors in processes of their own, in runs of the installed command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from acceptance.command import Hub, written
from acceptance.into_a_list import LIST, MAPPING
from unit.plugins.wheels import wheel

from synchub.plugins import load
from synchub.plugins.deprecations import Deprecation

PLUGIN = """
import os
import json
from threading import Event
{imports}
from pydantic import BaseModel, SecretStr
from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

class Settings(BaseModel):
    file: str
    token: SecretStr

class People(Connector):
    Config = Settings

    def __init__(self, config, host):
        self.file, self.token = host.folder / config.file, config.token.get_secret_value()

    def check(self):
        assert self.token == "let-me-in"

    def streams(self):
        return [Stream("people", tuple(map(Field, ("id", "mail", "name"))), key=("id",))]

    def read(self, stream, cursor, fields):
        self.check()
        for row in json.loads(self.file.read_text()):
            yield Page([{{**row, "name": row["name"] + {suffix}}}], ("id", "mail", "name"))
            if self.file.with_suffix(".hang").exists():
                self.file.with_suffix(".hang").write_text(str(os.getpid()))
                Event().wait()
            if (self.file.parent / "kill").exists():
                os.kill(os.getpid(), 9)
        yield Page([], ("id", "mail", "name"), complete=True)

@hookimpl
def synchub_connectors():
    return [ConnectorInfo("{name}", "{module}:People", summary="People in a file")]
"""
SHOUT = """
from synchub.api import Transform

@hookimpl
def synchub_transforms():
    return [Transform("shout", lambda text: text.str.to_uppercase())]
"""
SYSTEM = """
[systems.{name}]
connector = "{name}"
file      = "{name}.json"
token     = "env:TOKEN"
{more}

[syncs.contacts.members.{name}]
stream    = "people"
mapping   = "people"
direction = "in"
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path / "hub", {"TOKEN": "let-me-in"}, timeout=900)
    made.write("list.csv", "id,mail,name\n")
    for name in ("list", "people"):
        made.write(f"mappings/{name}.toml", MAPPING.format(key="id", mail="mail", name="name"))
    made.write("plugins/.keep", "")
    return made


def mine_alone(hub: Hub, *names: str) -> None:
    """Nobody else can write these, whatever the umask is."""
    for name in names:
        path = hub.folder / name
        path.chmod(path.stat().st_mode & ~0o022)


def people(hub: Hub, name: str, *rows: tuple[str, str]) -> None:
    listed = [{"id": mail, "mail": mail, "name": full} for mail, full in rows]
    hub.write(f"{name}.json", json.dumps(listed))


def listed(hub: Hub) -> list[str]:
    return sorted(line.split(",", 1)[1] for line in (hub.folder / "list.csv").read_text().splitlines()[1:])


def test_two_plugins_may_need_two_versions_of_one_library(hub: Hub, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    hub.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": "/dev/null"}
    for number in ("1", "2"):
        name, module = f"acme-{number}", f"acme_{number}"
        wheel(index, "acme-lib", f"{number}.0", brings={"acme_version.py": f"VERSION = ' {number}'\n"})
        code = PLUGIN.format(imports="import acme_version", suffix="acme_version.VERSION", name=module, module=module)
        code += SHOUT
        entry = f"[synchub.v1]\n{module} = {module}\n"
        files = {f"{module}.py": code, f"{module}-1.0.dist-info/entry_points.txt": entry}
        wheel(index, name, "1.0", brings=files, requires=(f"acme-lib=={number}.0", "synchub>=0.1"))
        people(hub, module, (f"ann{number}@acme.com", "Ann Lee"))
    hub.write("hub.toml", LIST)
    for number in ("1", "2"):
        told = hub("plugin", "add", f"isolated:acme-{number}").stdout
        assert f'connector = "acme_{number}"' in told
        assert "What else it brings is not loaded: transform shout." in told
        assert 'token = "keyring:NAME"' in told
    hub.write("hub.toml", LIST + "".join(SYSTEM.format(name=f"acme_{number}", more="") for number in ("1", "2")))
    mine_alone(hub, "plugins", "hub.toml")
    told = hub("plugin", "list").stdout
    assert "connector: acme_1" in told
    assert told.count("not loaded, as it has an environment of its own: transform shout\n") == 2
    for number in ("1", "2"):
        said = load(
            hub.folder, entry_points=(), deprecations=[Deprecation("Transform", "3", "4", "use another")]
        ).outdated
        assert (
            f"plugin acme-{number} (acme-{number} 1.0): it uses Transform, deprecated since synchub 3"
            in said[int(number) - 1]
        )
    hub("check")
    assert written(hub.sync()) == 2
    assert listed(hub) == ["ann1@acme.com,Ann Lee 1", "ann2@acme.com,Ann Lee 2"]

    hub.environ["TOKEN"] = "another"
    told = hub("check", code=1).stdout
    assert "The connector of acme_1 (acme-1 1.0) failed: AssertionError" in " ".join(told.split())
    hub("plugin", "remove", "isolated:acme-2")
    told = hub("check", "--offline", code=2)
    assert "unknown connector 'acme_2'" in told.stdout + told.stderr


def test_one_that_is_killed_half_way_deletes_nobody_and_the_next_run_is_right(hub: Hub) -> None:
    code = PLUGIN.format(imports="", suffix="''", name="people", module="people")
    hub.write("plugins/people.py", code)
    people(hub, "people", ("ann@acme.com", "Ann Lee"), ("bob@acme.com", "Bob Ray"))
    hub.write("hub.toml", LIST + SYSTEM.format(name="people", more='isolation = "process"'))
    mine_alone(hub, "plugins", "plugins/people.py", "hub.toml")
    assert written(hub.sync()) == 2
    everybody = ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Ray"]
    assert listed(hub) == everybody

    people(hub, "people", ("eve@acme.com", "Eve Ito"), ("bob@acme.com", "Bob Ray"))
    hub.write("kill", "")
    told = hub("sync", code=1)
    said = " ".join((told.stdout + told.stderr).split())
    assert "The connector people (plugins/people.py), in its own process, was killed by signal 9" in said
    assert set(everybody) <= set(listed(hub))

    (hub.folder / "kill").unlink()
    hub.sync()
    assert listed(hub) == ["bob@acme.com,Bob Ray", "eve@acme.com,Eve Ito"]
    assert written(hub.sync()) == 0


def test_one_that_hangs_is_ended_after_its_timeout_and_the_others_are_synced(hub: Hub) -> None:
    hub.write("plugins/people.py", PLUGIN.format(imports="", suffix="''", name="people", module="people"))
    hub.write("plugins/guests.py", PLUGIN.format(imports="", suffix="''", name="guests", module="guests"))
    people(hub, "people", ("ann@acme.com", "Ann Lee"))
    people(hub, "guests", ("bob@acme.com", "Bob Ray"))
    bounded = SYSTEM.format(name="people", more='isolation = "process"\ntimeout = "5s"')
    hub.write("hub.toml", LIST + bounded + SYSTEM.format(name="guests", more=""))
    mine_alone(hub, "plugins", "plugins/people.py", "plugins/guests.py", "hub.toml")
    hub.sync()
    assert listed(hub) == ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Ray"]

    people(hub, "people", ("ann@acme.com", "Ann Lee"), ("eve@acme.com", "Eve Ito"))
    people(hub, "guests", ("bob@acme.com", "Bob Roy"))
    place = hub.write("people.hang", "")
    members = hub.sync(code=1)
    told = members["contacts.people"]["problem"]
    assert (
        "The connector people (plugins/people.py), in its own process, came to no end in 5 seconds and was ended"
        in told
    )
    assert members["contacts.guests"]["problem"] == ""
    assert listed(hub) == ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Roy"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)

    place.unlink()
    hub.sync()
    assert listed(hub) == ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Roy", "eve@acme.com,Eve Ito"]
    assert written(hub.sync()) == 0
