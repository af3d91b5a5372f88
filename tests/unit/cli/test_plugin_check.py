"""`synchub plugin check`: what is found by its name, what is tried, and the exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

PLUGIN = """
    from pydantic import BaseModel
    from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

    @hookimpl
    def synchub_connectors():
        return [ConnectorInfo("pair", "pair:Pair")]

    class Settings(BaseModel):
        pass

    class Pair(Connector):
        Config = Settings
        def __init__(self, config, host):
            self.file = host.folder / "pair.txt"
        def check(self): ...
        def streams(self):
            return [Stream("people", (Field("id"), Field("email")), key=("id",))]
        def read(self, stream, cursor, fields):
            lines = self.file.read_text().splitlines() if self.file.exists() else []
            yield Page([{"id": line, "email": line} for line in lines], ("id", "email"), complete=COMPLETE)
"""
SCENE = """
    from pair import Pair
    from synchub.testing.conformance import Scene

    class People(Scene):
        connector, stream, mapping, text = Pair, "people", {"email": "email"}, "email"
        def plant(self, values):
            with (self.folder / "pair.txt").open("a") as file:
                file.write(values["email"] + "\\n")
            return values["email"]
        def remove(self, name):
            lines = (self.folder / "pair.txt").read_text().splitlines()
            (self.folder / "pair.txt").write_text("".join(f"{line}\\n" for line in lines if line != name))
        def rows(self):
            return {line: {"email": line} for line in (self.folder / "pair.txt").read_text().splitlines()}
"""


@pytest.fixture
def pair(folder: Path) -> Path:
    """A hub with a drop-in that brings a connector, its scene, and what it claims."""
    (folder / "plugins").mkdir(mode=0o755)
    (folder / "plugins/pair.py").write_text(dedent(PLUGIN).replace("COMPLETE", "True"))
    (folder / "plugins/pair.quality.toml").write_text('tier = "bronze"\nscene = "../scene.py:People"\n')
    (folder / "scene.py").write_text(dedent(SCENE))
    for path in folder.rglob("*.py"):
        path.chmod(0o644)
    (folder / "hub.toml").chmod(0o644)
    return folder


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a `pair` of its own."""
    monkeypatch.delitem(sys.modules, "pair", raising=False)


@pytest.mark.parametrize("name", ["plugins/pair.py", "pair"])
def test_a_drop_in_is_tried_by_its_path_and_by_its_connectors_name(call, pair: Path, name: str):
    done = call("plugin", "check", name)

    assert done.code == 0
    assert "pair: bronze, claims bronze" in done.out
    assert "skipped: waits-for-seconds" in done.out
    assert "settings-described: Config takes settings that do not exist" in done.out
    assert "See docs/quality.md#settings-described" in done.out


def test_what_is_broken_is_named_with_what_was_seen(call, pair: Path):
    plugin = pair / "plugins/pair.py"
    plugin.write_text(plugin.read_text().replace("complete=True", "complete=True)\n        yield Page([], ()"))
    told = call("plugin", "check", "plugins/pair.py", "--json")

    assert told.code == 1
    quality = told.json["quality"]
    assert (quality["connector"], quality["tier"], quality["claimed"]) == ("pair", None, "bronze")
    broken = {one["rule"]: one for one in quality["verdicts"] if one["state"] == "broken" and one["tier"] == "bronze"}
    assert broken.keys() == {"half-read-is-not-complete"}
    assert broken["half-read-is-not-complete"]["told"] == "page 1 of 2 said that the read was complete"


def test_without_a_scene_it_says_what_was_not_tried(call, pair: Path):
    (pair / "plugins/pair.quality.toml").unlink()
    done = call("plugin", "check", "plugins/pair.py")

    assert done.code == 1
    assert "pair: no tier confirmed" in done.out
    assert "there is no scene: name one in pair.quality.toml, or with --scene" in " ".join(done.out.split())
    assert call("plugin", "check", "plugins/pair.py", "--scene", "scene.py:People").code == 0
    assert call("plugin", "check", "plugins/pair.py", "--scene", "scene.py:People", "--strict").code == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nonsense"], "There is no plugin nonsense"),
        (["plugins/pair.py", "--scene", "nowhere.py:X"], "there is no file"),
        (["plugins/pair.py", "--scene", "scene.py:Nobody"], "Nobody in it is no Scene"),
        (["plugins/pair.py", "--scene", "torn.py:X"], "ZeroDivisionError"),
        (["plugins/empty.py"], "empty offers no connector"),
        (["plugins/torn.py"], "torn could not be imported"),
    ],
)
def test_what_can_not_be_checked_is_an_error_of_usage(call, pair: Path, args: list[str], said: str):
    (pair / "torn.py").write_text("1 / 0")
    (pair / "plugins/torn.py").write_text("1 / 0")
    (pair / "plugins/empty.py").write_text("")
    done = call("plugin", "check", *args)

    assert done.code == 2
    assert said in done.err
    assert "Nothing was checked" in done.err
