"""Connectors behind a time limit."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from synchub.api import (
    CanCreateAll,
    CanLookup,
    CanWrite,
    Connector,
    Cursor,
    Operation,
    Page,
    Result,
    RetryLater,
    Stream,
)
from synchub.errors import PluginError
from synchub.plugins.watched import MOST, Hanging, Watched, seconds
from synchub.redact import Redactor
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.spec.options import RunOptions, Silent

PAGES = [Page([{"id": 1}], ("id",)), Page([{"id": 2}], ("id",), complete=True)]


class Slow(Connector):
    """Hangs where it is told to, until it is let go."""

    def __init__(self, at: str = "") -> None:
        self.at = at
        self.go = threading.Event()
        self.threads: list[int] = []
        self.closed: list[str] = []
        self.maybe("made")

    def maybe(self, where: str) -> None:
        self.threads.append(threading.get_ident())
        if where == self.at:
            self.go.wait()

    def check(self) -> None:
        raise RetryLater("It is down.")

    def streams(self) -> Sequence[Stream]:
        self.maybe("streams")
        return [Stream("people", (), ("id",))]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        try:
            self.maybe("first page")
            yield PAGES[0]
            self.maybe("second page")
            yield PAGES[1]
        finally:
            self.closed.append("read")

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        self.maybe("write")
        return [Result("ok", operation.remote_id) for operation in operations]

    def close(self) -> None:
        self.closed.append("connector")


@pytest.fixture
def made() -> Iterator[Any]:
    slow: list[Slow] = []

    def make(at: str = "") -> Watched:
        slow.append(Slow(at))
        limit = 2 if at else 60  # what does not hang may be slow on a busy machine
        return Watched(lambda: slow[-1], named="crm", origin="mycrm 1.2", limit=limit, hanging=Hanging())

    make.slow = slow  # type: ignore[attr-defined]
    yield make
    for each in slow:
        each.go.set()


def test_it_can_do_what_the_connector_can_and_no_more(made: Any) -> None:
    watched = made()
    assert isinstance(watched, CanWrite)
    assert not isinstance(watched, CanLookup)
    assert not isinstance(watched, CanCreateAll)
    assert [stream.name for stream in watched.streams()] == ["people"]
    assert list(watched.read("people", None, ())) == PAGES
    assert watched.write("people", [Operation("update", "7", {}, "x")]) == [Result("ok", "7")]
    watched.close()
    assert made.slow[-1].closed == ["read", "connector"]


def test_what_it_raises_is_raised(made: Any) -> None:
    with pytest.raises(RetryLater, match="down"):
        made().check()


def test_a_read_stays_in_one_thread(made: Any) -> None:
    """Some libraries insist on that."""
    watched = made()
    before = len(made.slow[-1].threads)
    list(watched.read("people", None, ()))
    assert len(set(made.slow[-1].threads[before:])) == 1


@pytest.mark.parametrize(
    ("at", "told", "ask", "pages"),
    [
        ("streams", "asked for its streams", lambda watched, seen: watched.streams(), 0),
        ("first page", "read (people)", lambda watched, seen: seen.extend(watched.read("people", None, ())), 0),
        ("second page", "read (people)", lambda watched, seen: [seen.append(page) for page in read(watched)], 1),
        ("write", "asked to write (people)", lambda watched, seen: watched.write("people", []), 0),
    ],
)
def test_one_that_hangs_is_left_behind_and_named(made: Any, at: str, told: str, ask: Any, pages: int) -> None:
    seen: list[Page] = []
    with pytest.raises(PluginError) as raised:
        ask(made(at), seen)
    assert len(seen) == pages
    assert f"The connector of crm (mycrm 1.2) hangs: it was {told}" in raised.value.happened
    assert "of test_watched.py" in raised.value.happened
    assert "`timeout`" in str(raised.value)


def read(watched: Watched) -> Iterator[Page]:
    return watched.read("people", None, ())


def test_it_is_asked_nothing_more_once_it_hangs(made: Any) -> None:
    watched = made("write")
    with pytest.raises(PluginError):
        watched.write("people", [])
    before = len(made.slow[-1].threads)
    with pytest.raises(PluginError, match="hangs"):
        watched.streams()
    with pytest.raises(PluginError, match="hangs"):
        next(watched.read("people", None, ()))
    watched.close()
    assert len(made.slow[-1].threads) == before
    assert made.slow[-1].closed == []


def test_one_that_hangs_while_it_is_made() -> None:
    go = threading.Event()
    with pytest.raises(PluginError, match="made"):
        Watched(lambda: go.wait() and Slow(), named="crm", origin="x", limit=0.1, hanging=Hanging())  # type: ignore[arg-type,return-value]
    go.set()


def test_a_read_that_is_given_up_is_closed(made: Any) -> None:
    reading = made().read("people", None, ())
    next(reading)
    reading.close()
    assert made.slow[-1].closed == ["read"]


HANGING = """
import threading
from pydantic import BaseModel
from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

GO, CALLS = threading.Event(), []

@hookimpl
def synchub_connectors():
    return [ConnectorInfo("acme_hanging", "acme_hanging:Hanging")]

class Settings(BaseModel):
    pass

class Hanging(Connector):
    Config = Settings
    def __init__(self, config, host):
        pass
    def check(self):
        pass
    def streams(self):
        CALLS.append("streams")
        GO.wait()
        return [Stream("people", (Field("id"), Field("email")), ("id",))]
    def read(self, stream, cursor, fields):
        yield Page([{"id": "1", "email": "ann@example.com"}], ("id", "email"), complete=True)
"""
HUB = """
[systems.crm]
connector = "acme_hanging"
timeout   = "1s"

[syncs.contacts.members.crm]
stream    = "people"
mapping   = "people"
direction = "in"

[syncs.contacts]
entity = "contact"
"""


def test_of_one_system_only_a_few_calls_hang_however_many_runs_there_are(hub: Path) -> None:
    """As under `serve`, which opens a hub once."""
    (hub / "plugins" / "acme_hanging.py").write_text(HANGING)
    (hub / "plugins" / "acme_hanging.py").chmod(0o644)
    (hub / "hub.toml").write_text(HUB)
    (hub / "mappings").mkdir()
    (hub / "mappings" / "people.toml").write_text('entity = "contact"\nkey = "id"\n[fields]\nemail = "email"\n')
    with Hub(opened := open_at(hub / "hub.toml", environ={}, redactor=Redactor())) as running:
        plugin: Any = sys.modules["synchub_dropin_acme_hanging"]

        def run() -> str:
            (report,) = running.sync([], RunOptions(), Silent())
            opened.let_go()
            return report.members[0].problem

        try:
            assert all("(plugins/acme_hanging.py) hangs: it was asked for its streams" in run() for _ in range(MOST))
            threads = threading.active_count()
            for _ in range(2):
                assert "(plugins/acme_hanging.py) is not called: 3 earlier calls of it still hang" in run()
            assert len(plugin.CALLS) == MOST
            assert threading.active_count() == threads
        finally:
            plugin.GO.set()
        for thread in threading.enumerate():
            if thread.name.endswith(": crm"):
                thread.join(30)
        assert run() == ""


@pytest.mark.parametrize(("text", "long"), [("90s", 90), ("10m", 600), ("1h", 3600)])
def test_how_long_that_is(text: str, long: float) -> None:
    assert seconds(text) == long
