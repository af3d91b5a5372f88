"""The process of a connector. It is told by frames what to call, and answers.

What it says stands on a pipe that only this module has; whatever else prints goes to the log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from synchub.api import Connector, Key, Operation, Page, SynchubError
from synchub.plugins.classes import connector_class
from synchub.plugins.guarded import guarded
from synchub.plugins.isolated import plain, wire
from synchub.plugins.isolated.hosted import Hosted, Link
from synchub.plugins.loader import load


def main() -> None:
    """Serve one connector until the other side is gone."""
    incoming, outgoing = _apart()
    link = Link(incoming.read1, outgoing)  # type: ignore[attr-defined]
    start, _ = wire.receive(link.read)
    try:
        with guarded(start["system"]), link.in_call():
            _limit(start["memory"])
            host = Hosted(link, start)
            connector = _made(start, host)
    except SynchubError as error:
        link.say({"raise": plain.error(error)})
        return
    serving = Serving(connector, host, start["system"])
    link.say({"made": True})
    while True:
        try:
            said, body = wire.receive(link.read)
        except wire.Broken:
            return
        serving.answer(link, said, body)


def _apart() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of this process, out of everybody's reach: in their place are nothing, and the log."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return incoming, outgoing


def _limit(memory: int) -> None:
    if memory:
        import resource  # there is none on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _made(start: Mapping[str, Any], host: Hosted) -> Connector:
    folder, config = (Path(start[name]) if start[name] else None for name in ("plugins", "config"))
    found = connector_class(load(folder, config=config).connectors[start["connector"]])
    return found(found.Config.model_validate(start["settings"]), host)


class Serving:
    """Carries out what the other side asks of a connector."""

    def __init__(self, connector: Connector, host: Hosted, system: str) -> None:
        self._connector: Any = connector
        self._host, self._system = host, system
        self._reads: dict[int, Iterator[Page]] = {}
        self._calls: dict[str, Callable[[Mapping[str, Any], bytes], tuple[Any, bytes]]] = {
            "check": lambda said, body: (self._connector.check(), b""),
            "streams": lambda said, body: ([plain.table(each) for each in self._connector.streams()], b""),
            "read": self._read,
            "next": self._next,
            "stop": self._stop,
            "lookup": lambda said, body: (list(self._connector.lookup(said["stream"], _keys(said))), b""),
            "write": self._write,
            "create_all": self._create_all,
            "close": lambda said, body: (self._connector.close(), b""),
        }

    def answer(self, link: Link, said: Mapping[str, Any], body: bytes) -> None:
        """Carry out one call and say what came of it."""
        try:
            with guarded(self._system), link.in_call():
                result, more = self._calls[said["call"]](said, body)
                text = wire.packed({"result": result, "state": self._host.changed_state()})
        except SynchubError as error:
            text, more = wire.packed({"raise": plain.error(error), "state": self._host.changed_state()}), b""
        link.write(text, more)

    def _read(self, said: Mapping[str, Any], body: bytes) -> tuple[Any, bytes]:
        self._reads[said["reading"]] = iter(self._connector.read(said["stream"], said["cursor"], said["fields"]))
        return None, b""

    def _next(self, said: Mapping[str, Any], body: bytes) -> tuple[Any, bytes]:
        found = next(self._reads[said["reading"]], None)
        return (None, b"") if found is None else plain.page(found)

    def _stop(self, said: Mapping[str, Any], body: bytes) -> tuple[Any, bytes]:
        reading: Any = self._reads.pop(said["reading"], None)
        if hasattr(reading, "close"):
            reading.close()
        return None, b""

    def _write(self, said: Mapping[str, Any], body: bytes) -> tuple[Any, bytes]:
        operations = [Operation(**each) for each in said["operations"]]
        return [plain.table(each) for each in self._connector.write(said["stream"], operations)], b""

    def _create_all(self, said: Mapping[str, Any], body: bytes) -> tuple[Any, bytes]:
        stored = self._connector.create_all(said["stream"], plain.frame(body))
        return stored is not None, b"" if stored is None else plain.arrow(stored)


def _keys(said: Mapping[str, Any]) -> list[Key]:
    return [Key(**each) for each in said["keys"]]
