"""A connector in a process of its own: all that passes its door, and what becomes of it when it breaks."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from servers.serving import serving
from unit.plugins.isolated.sample import ODD

from synchub.api import (
    AuthenticationError,
    BrokenRow,
    CanCreateAll,
    CanLookup,
    CanWrite,
    Key,
    Operation,
    PluginError,
    RetryLater,
)
from synchub.plugins import load
from synchub.plugins.classes import isolated_class
from synchub.testing.host import START, LocalHost

TOKEN = "a-token-of-the-sample"


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir(mode=0o700)
    (tmp_path / "hub.toml").touch(0o600)
    shutil.copy(Path(__file__).with_name("sample.py"), tmp_path / "plugins" / "sample.py")
    (tmp_path / "plugins" / "sample.py").chmod(0o600)
    return tmp_path


@pytest.fixture
def made(hub: Path) -> Iterator[Any]:
    """Makes the sample, in its process. All are ended after the test."""
    opened = []

    def make(
        does: str = "",
        *,
        host: LocalHost | None = None,
        silence: float = 60,
        limit: float = math.inf,
        memory: int = 0,
        url: str = "",
    ) -> Any:
        offered = load(hub).connectors["sample"]
        found = isolated_class(offered, place=hub / "hub.toml", silence=silence, limit=limit, memory=memory)
        config = found.Config.model_validate({"token": TOKEN, "does": does, "url": url})
        opened.append(found(config, host or LocalHost("people", hub, secrets=(TOKEN,))))
        return opened[-1]

    yield make
    for connector in opened:
        connector._process.end()


def test_everything_passes_the_door_as_it_is(hub: Path, made: Any) -> None:
    host = LocalHost("people", hub)
    host.kept["token",] = TOKEN
    connector = made(host=host)
    assert isinstance(connector, CanLookup)
    assert isinstance(connector, CanWrite)
    assert not isinstance(connector, CanCreateAll)
    (stream,) = connector.streams()
    assert (stream.name, stream.fields[1].options, stream.key, stream.writes) == (
        "people",
        ("a", "b"),
        ("id",),
        frozenset({"create"}),
    )
    first, second, last = connector.read("people", {"at": 0}, ("id",))
    assert first.rows == [{"id": "1", **ODD}]
    assert first.fields == ("id", *ODD)
    assert pl.DataFrame(second.rows).rows() == [("2", ODD["at"].replace(tzinfo=None, hour=0))]
    assert (last.cursor, last.complete, last.deleted, last.merged) == ({"at": 1}, True, ("9",), {"7": "8"})
    assert last.broken == (BrokenRow("row 3", "raw", "why"),)
    assert host.state == {"seen": {"at": START, "cursor": {"at": 0}}}

    assert connector.lookup("people", [Key("id", "5")]) == [{"id": "5"}]
    (result,) = connector.write("people", [Operation("create", None, ODD, "key-1", before=ODD)])
    assert (result.status, result.remote_id, result.updated_at, result.stored) == ("ok", "key-1", START, ODD)
    assert host.kept["token",] == f"{TOKEN}-renewed"
    connector.close()


def test_requests_go_out_through_the_hub(hub: Path, made: Any) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(418, {"path": self.path, "body": list(body), "own": self.headers["X-Own"]})

        def do_GET(self) -> None:
            self._say(401, {})

        def _say(self, status: int, what: Any) -> None:
            text = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("X-Way", "back")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            return

    host = LocalHost("people", hub)
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as server:
        connector = made("http", host=host, url=f"http://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(AuthenticationError):
            connector.check()
        host.close()
    assert host.state["answer"] == [418, {"path": "/echo?q=%C3%A9", "body": [0, 255], "own": "1"}, "back"]


def test_what_it_prints_is_in_the_log_and_nowhere_else(
    made: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    connector = made("print")
    with caplog.at_level(logging.INFO):
        connector.check()
        connector.close()
    assert {"printed", "written to fd 1"} <= {each.getMessage() for each in caplog.records}
    assert capfd.readouterr().out == ""


def test_its_log_is_the_hubs(made: Any, caplog: pytest.LogCaptureFixture) -> None:
    made("log").check()
    (told,) = [each for each in caplog.records if "sent" in each.getMessage()]
    assert (told.name, told.levelno) == ("synchub.systems.people", logging.WARNING)


def test_threads_of_a_connector_ask_one_after_the_other(hub: Path, made: Any) -> None:
    host = LocalHost("people", hub)
    made("threads", host=host).check()
    assert host.new_id() == "people-9"


def test_its_settings_are_in_no_list_of_processes(made: Any) -> None:
    connector = made()
    arguments = Path(f"/proc/{connector._process._child.pid}/cmdline").read_bytes()
    assert b"synchub.plugins.isolated.child" in arguments
    assert TOKEN.encode() not in arguments


# What breaks


def test_what_it_raises_on_purpose_arrives_whole(made: Any) -> None:
    with pytest.raises(RetryLater, match="not today") as raised:
        made("refuse")
    assert (raised.value.not_done, raised.value.next_step, raised.value.after) == ("nothing", "wait", 7)


def test_what_it_raises_by_mistake_is_its_own_fault_and_no_more(made: Any) -> None:
    connector = made("raise")
    with pytest.raises(PluginError, match=r"people \(plugins/sample\.py\) failed: .*email"):
        connector.check()
    assert connector.streams()


@pytest.mark.parametrize(
    ("does", "how"),
    [
        ("die", "was killed by signal 9"),
        ("exit", "ended with exit code 3"),
        ("babble", "said a message of [0-9]+ bytes"),
    ],
)
def test_one_that_dies_half_way_has_not_read_everything(made: Any, does: str, how: str) -> None:
    connector = made(does)
    pages = []
    said = rf"The connector sample \(plugins/sample\.py\), in its own process, {how}"
    with pytest.raises(PluginError, match=said) as raised:  # noqa: PT012 - what came before it counts
        for page in connector.read("people", None, ()):
            pages.append(page)
    assert len(pages) == 2
    assert not any(page.complete for page in pages)
    with pytest.raises(PluginError) as again:
        connector.streams()
    assert again.value is raised.value


def test_one_that_hangs_is_ended(made: Any) -> None:
    connector = made("hang", silence=1.5)
    began = time.monotonic()
    with pytest.raises(PluginError, match=r"said nothing for 1\.5 seconds and was ended"):
        list(connector.read("people", None, ()))
    assert time.monotonic() - began < 20
    assert connector._process._child.returncode is not None


@pytest.mark.parametrize("does", ["hang", "chatter"])
def test_one_that_takes_longer_than_it_may_is_ended_whatever_it_says_meanwhile(made: Any, does: str) -> None:
    connector = made(does, silence=30, limit=2)
    reading = connector.read("people", None, ())
    assert len([next(reading), next(reading)]) == 2
    with pytest.raises(PluginError, match=r"came to no end in 2 seconds and was ended") as raised:
        next(reading)
    assert "raise `timeout`" in raised.value.next_step
    assert connector._process._child.returncode is not None
    connector.close()


def test_one_that_takes_nothing_more_is_ended(made: Any) -> None:
    """What is to be written may be more than the pipe holds."""
    connector = made(limit=2)
    os.kill(connector._process._child.pid, signal.SIGSTOP)
    with pytest.raises(PluginError, match=r"came to no end in 2 seconds and was ended"):
        connector.write("people", [Operation("create", None, {"note": "x" * 1_000_000}, "a")])
    assert connector._process._child.returncode is not None


def test_one_that_wants_more_memory_than_it_may_have_fails_alone(made: Any) -> None:
    connector = made("memory", memory=4 << 30)
    with pytest.raises(PluginError, match="MemoryError"):
        connector.check()
    assert connector.streams()


def test_one_that_is_closed_leaves_no_process(made: Any) -> None:
    before = threading.active_count()
    connector = made()
    reading = connector.read("people", None, ())
    next(reading)
    connector.close()
    reading.close()
    with pytest.raises(ProcessLookupError):
        os.kill(connector._process._child.pid, 0)
    assert threading.active_count() == before


def test_an_environment_whose_card_is_broken_stops_no_other(hub: Path) -> None:
    for name, text in (("broken", "{"), ("odd", '{"name": "odd"}')):
        place = hub / "plugins" / ".venvs" / name
        place.mkdir(parents=True, mode=0o700)
        (place / "synchub.json").write_text(text)
    found = load(hub)
    assert "sample" in found.connectors
    assert [each.name for each in found.loaded if each.problems] == ["broken", "odd"]


def test_an_environment_that_others_can_write_is_not_used(hub: Path) -> None:
    card = {"name": "mycrm", "requirement": "mycrm", "version": "1", "program": "bin/python", "kind": "isolated"}
    said = [{"name": "mycrm", "summary": "", "settings": {}, "capabilities": []}]
    place = hub / "plugins" / ".venvs" / "mycrm"
    place.mkdir(parents=True, mode=0o700)
    (place.parent).chmod(0o700)
    (place / "synchub.json").write_text(json.dumps({**card, "connectors": said}))
    assert "mycrm" in load(hub).connectors
    place.chmod(0o777)
    found = load(hub)
    assert "mycrm" not in found.connectors
    assert any("can be written by others" in problem for problem in found.problems)
