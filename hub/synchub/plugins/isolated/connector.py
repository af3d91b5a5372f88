"""The connector that stands in a run for one in a process of its own."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from synchub.api import ArrowStream, Connector, Cursor, Host, Key, Operation, Page, Result, Row, Stream
from synchub.errors import SynchubError
from synchub.plugins.isolated import plain
from synchub.plugins.isolated.process import Process

CHILD = "from synchub.plugins.isolated.child import main; main()"
BEGINNING = 120.0
"""Seconds that it may take to begin, at least."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a connector is started in a process of its own.

    connector     its name
    named         what messages call it, with its distribution and version
    config        the model of its settings
    capabilities  the methods that it has besides those that every connector has
    plugins       the folder whose plugins/ it may come from, and the hub's file there
    python        the interpreter; default: the one that runs synchub
    silence       seconds that it may work on one call without a word
    limit         seconds that one call may take in all
    memory        bytes of address space that it may have; 0: as many as it likes
    """

    connector: str
    named: str
    config: type[BaseModel]
    capabilities: frozenset[str]
    plugins: tuple[Path, Path] | None = None
    python: str = sys.executable
    silence: float = 900
    limit: float = math.inf
    memory: int = 0


def isolated(apart: Start) -> type[Connector]:
    """The class of a connector that does all in a process of its own. It can what the one there can."""

    class Isolated(Connector):
        Config = apart.config

        def __init__(self, config: BaseModel, host: Host) -> None:
            command = [apart.python, "-c", CHILD]
            self._process = Process(command, host, named=apart.named, silence=apart.silence, limit=apart.limit)
            self._readings = count()
            try:
                self._process.call(_start(apart, config, host), at_least=BEGINNING)
            except BaseException:
                self._process.end()
                raise

        def check(self) -> None:
            self._process.call({"call": "check"})

        def streams(self) -> Sequence[Stream]:
            return [plain.stream(each) for each in self._process.call({"call": "streams"})[0]]

        def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
            number = next(self._readings)
            asked = {"stream": stream, "cursor": cursor, "fields": list(fields)}
            self._process.call({"call": "read", "reading": number, **asked})
            try:
                while True:
                    said, body = self._process.call({"call": "next", "reading": number})
                    if said is None:
                        return
                    yield plain.page_of(said, body)
            finally:
                with suppress(SynchubError):
                    self._process.call({"call": "stop", "reading": number})

        def close(self) -> None:
            self._process.close()

    for name in apart.capabilities:
        setattr(Isolated, name, METHODS[name])
    return Isolated


def _start(apart: Start, config: BaseModel, host: Host) -> dict[str, Any]:
    around = {"timezone": host.timezone, "region": host.region, "currency": host.currency}
    plugins, file = apart.plugins or ("", "")
    return {
        "system": host.system,
        "connector": apart.connector,
        "folder": str(host.folder),
        "plugins": str(plugins),
        "config": str(file),
        "settings": plain.settings(config),
        "state": dict(host.state),
        "level": host.log.getEffectiveLevel(),
        "memory": apart.memory,
        **around,
    }


def _lookup(self: Any, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
    asked = [plain.table(key) for key in keys]
    return self._process.call({"call": "lookup", "stream": stream, "keys": asked})[0]  # type: ignore[no-any-return]


def _write(self: Any, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
    asked = [plain.table(each) for each in operations]
    said, _ = self._process.call({"call": "write", "stream": stream, "operations": asked})
    return [Result(**each) for each in said]


def _create_all(self: Any, stream: str, rows: ArrowStream) -> ArrowStream | None:
    said, body = self._process.call({"call": "create_all", "stream": stream}, plain.arrow(rows))
    return plain.frame(body) if said else None


METHODS: Mapping[str, Callable[..., Any]] = {"lookup": _lookup, "write": _write, "create_all": _create_all}
