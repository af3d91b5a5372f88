"""Plugins that fail in every way that there is, all in one hub: each harms only itself and is named, the rest goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from acceptance.command import PROGRAM, Hub, written

from synchub.plugins.hooks import HOOKS, OBSERVERS

MARKED = "from synchub.api import hookimpl\n\n@hookimpl\n"
LOADING = {
    "imports_what_is_missing": ("import a_module_that_is_not_there", "ModuleNotFoundError"),
    "is_no_python": ("def (", "SyntaxError"),
    "exits": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "is_cancelled": ("import asyncio\nraise asyncio.CancelledError", "CancelledError"),
    "exits_in_a_hook": (f"import sys\n{MARKED}def synchub_rules():\n    sys.exit(0)", "SystemExit: 0"),
    "misspells": (f"{MARKED}def synchub_connector():\n    return []", "did you mean synchub_connectors?"),
    "forgets_the_mark": ("def synchub_rules():\n    return []", "not marked with @hookimpl"),
    **{
        f"raises_in_{hook}": (f"{MARKED}def {hook}():\n    raise ValueError('oh')", f"its hook {hook} failed")
        for hook in HOOKS
        if hook not in OBSERVERS
    },
}
"""Drop-ins that fail while they are loaded: their code, and what is said of it."""

TELLING = {"synchub_run_started": "run", "synchub_run_ended": "report"}
PRINTING = """
    from synchub.api import Transform, hookimpl
    print("printed at import")

    @hookimpl
    def synchub_transforms():
        print("printed in a hook")
        return [Transform("loud", lambda text: text)]

    @hookimpl
    def synchub_run_ended(report):
        print("printed at the end")
"""
CONNECTOR = """
    import json
    import os
    import subprocess
    import sys
    import threading
    from pydantic import BaseModel
    from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("faulty", "faulty:Faulty")]

    class Settings(BaseModel):
        at: str
        how: str = "raise"

    class Faulty(Connector):
        Config = Settings
        def __init__(self, config, host):
            self.config = config
            self.fail("init")
        def fail(self, where):
            print("printed in", where)
            os.write(1, b"printed past Python ")
            subprocess.run(["echo", "printed by a program"])
            if where == self.config.at and self.config.how == "exit":
                sys.exit(0)
            if where == self.config.at and self.config.how == "hang":
                threading.Event().wait()
            if where == self.config.at:
                json.loads("{")
        def check(self):
            self.fail("check")
        def streams(self):
            self.fail("streams")
            fields = (Field("id", writable=False), Field("email"))
            return [Stream("people", fields, ("id",), ("email",), writes=frozenset({"create", "update"}))]
        def read(self, stream, cursor, fields):
            self.fail("read")
            return self.pages()
        def pages(self):
            yield Page([{"id": "1", "email": "zoe@example.com"}], ("id", "email"))
            self.fail("pages")
        def lookup(self, stream, keys):
            self.fail("lookup")
            return []
        def write(self, stream, operations):
            self.fail("write")
            return []
        def close(self):
            self.fail("close")
"""
MAPPING = """
entity = "contact"
key    = "id"

[fields]
email = "email"
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path, {"POLARS_MAX_THREADS": "1"})
    made("init", ".", "--name", "acme")
    made.write("more.csv", "id,email\n7,zoe@example.com\n")
    made.write("mappings/more.toml", MAPPING)
    add(made, "more", 'connector = "spreadsheet"\npath = "more.csv"', "more")
    return made


def add(hub: Hub, name: str, settings: str, stream: str) -> None:
    """One more system, with a member in the sync."""
    part = f'\n[systems.{name}]\n{settings}\n\n[syncs.contacts.members.{name}]\nstream = "{stream}"\nmapping = "more"\n'
    hub.write("hub.toml", (hub.folder / "hub.toml").read_text("utf-8") + part)


def drop(hub: Hub, name: str, code: str) -> None:
    hub.write(f"plugins/{name}.py", dedent(code)).chmod(0o644)


def test_those_that_fail_while_they_are_loaded(hub: Hub) -> None:
    for name, (code, _) in LOADING.items():
        drop(hub, name, code)
    drop(hub, "good", f"{MARKED}def synchub_rules():\n    from synchub.api import Rule\n    return [Rule('good', len)]")

    assert "Usage: synchub" in hub("--help").stdout
    told = {plugin["name"]: plugin for plugin in hub.json("plugin", "list", code=1)["plugins"]}
    for name, (_, problem) in LOADING.items():
        assert told[name]["origin"] == f"plugins/{name}.py"
        assert problem in " ".join(told[name]["problems"])
    assert told["good"]["problems"] == []
    hub("check")
    assert written(hub.sync()) == 2
    assert "bob@example.com" in (hub.folder / "more.csv").read_text()


@pytest.mark.parametrize("how", ["raise ValueError('oh')", "import sys; sys.exit(0)"])
def test_those_that_fail_when_they_are_told(hub: Hub, how: str) -> None:
    for hook, argument in TELLING.items():
        drop(hub, f"at_{hook}", f"{MARKED}def {hook}({argument}):\n    {how}")
    done = hub("sync", "--json")
    assert [run["state"] for run in json.loads(done.stdout)["runs"]] == ["done"]
    for hook in TELLING:
        assert f"{hook} of plugins/at_{hook}.py failed" in done.stderr


def test_what_they_print_is_not_in_the_answer(hub: Hub) -> None:
    drop(hub, "printing", PRINTING)
    drop(hub, "faulty", CONNECTOR)
    add(hub, "loud", 'connector = "faulty"\nat = "never"', "people")
    assert "printed" not in hub("--help").stderr
    for command in (["plugin", "list"], ["check"], ["plan"], ["sync"], ["status"], ["streams", "loud"]):
        done = hub(*command, "--json", code=None)
        assert json.loads(done.stdout)
        assert "printed at import" in done.stderr
        if command[0] in ("check", "plan", "sync", "streams"):
            assert "printed past Python" in done.stderr
            assert "printed by a program" in done.stderr
    for command in (["check", "--schema", "hub"], ["streams", "loud", "people", "--mapping"], ["x"]):
        assert "printed" not in hub(*command, code=None).stdout


@pytest.mark.parametrize("how", ["raise", "exit"])
def test_connectors_that_fail(hub: Hub, how: str) -> None:
    """In whatever they are asked: the others are synced, and what is said names the system and who brought its connector."""
    places = ["init", "streams", "read", "pages", "write"]
    drop(hub, "faulty", CONNECTOR)
    for at in places:
        add(hub, f"at_{at}", f'connector = "faulty"\nat = "{at}"\nhow = "{how}"', "people")
    members = hub.sync(code=1)
    for at in places:
        problem = members[f"contacts.at_{at}"]["problem"]
        assert f"The connector of at_{at} (plugins/faulty.py) failed" in problem
        assert ("SystemExit" if how == "exit" else "JSONDecodeError") in problem
    assert "bob@example.com" in (hub.folder / "more.csv").read_text()
    checked = hub("check", code=1).stdout
    assert "✗ at_init" in checked
    assert "✗ at_streams" in checked
    assert "✓ more" in checked


@pytest.mark.parametrize("how", ["raise", "exit"])
def test_a_connector_that_can_not_be_closed(hub: Hub, how: str) -> None:
    drop(hub, "faulty", CONNECTOR)
    add(hub, "odd", f'connector = "faulty"\nat = "close"\nhow = "{how}"', "people")
    done = hub("plan", "--json")
    assert json.loads(done.stdout)["plans"]
    assert "The connector of odd (plugins/faulty.py) failed" in done.stderr


def test_connectors_that_hang(hub: Hub) -> None:
    """In whatever they are asked: the others are synced, and what is said names the system, who brought it, and the place."""
    places = {"init": "made", "streams": "its streams", "read": "read", "pages": "read", "write": "write", "close": ""}
    drop(hub, "faulty", CONNECTOR)
    for at in places:
        settings = f'connector = "faulty"\ntimeout = "5s"\nat = "{at}"\nhow = "hang"'
        add(hub, f"at_{at}", settings, "people")
    done = hub("sync", "--json", code=1)
    told = {member["member"]: member for run in json.loads(done.stdout)["runs"] for member in run["members"]}
    for at, what in places.items():
        if what:
            problem = told[f"at_{at}"]["problem"]
            assert f"The connector of at_{at} (plugins/faulty.py) hangs" in problem
            assert what in problem
            assert "in fail, line" in problem
            assert "of faulty.py" in problem
    assert "The connector of at_close (plugins/faulty.py) hangs" in done.stderr
    assert "bob@example.com" in (hub.folder / "more.csv").read_text()


def test_one_with_a_setting_of_the_hubs_own_name_is_not_used(hub: Hub) -> None:
    """It would never be given it."""
    drop(hub, "faulty", CONNECTOR.replace("at: str", "at: str\n        timeout: int = 3"))
    add(hub, "odd", 'connector = "faulty"\nat = "never"', "people")
    told = hub("check", code=None)
    assert "declares timeout in its Config" in told.stdout + told.stderr


def listen_to_ctrl_c() -> None:
    """Whatever runs in the background of a shell has been told to ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_one_that_hangs_is_named_when_somebody_breaks_off(hub: Hub) -> None:
    drop(hub, "hanging", "import pathlib, time\npathlib.Path('hangs').touch()\nwhile True:\n    time.sleep(1)")
    assert "Usage: synchub" in hub("--help").stdout
    waiting = subprocess.Popen(
        [PROGRAM, "plan", "--json"],
        cwd=hub.folder,
        env={**os.environ, **hub.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    try:
        while not (hub.folder / "hangs").exists():
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(0.05)
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=60)
    finally:
        waiting.kill()
    assert waiting.returncode == 130
    assert "The plugin hanging (plugins/hanging.py) was being loaded." in said
    assert "Traceback" not in said
