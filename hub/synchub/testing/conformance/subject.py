"""The connector under test, in the hands of one rule."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, SecretStr

from synchub.api import CanLookup, CanWrite, Connector, Cursor, Key, Operation, OperationKind, Page, Result, Row, Stream
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame, native_text
from synchub.testing.conformance.line import Line
from synchub.testing.conformance.scene import Scene
from synchub.testing.conformance.verdicts import Broken, Skipped, Unchecked, expect
from synchub.testing.host import START, LocalHost

Texts = dict[str, str | None]
"""A row as native text; None: the field was not delivered."""


@dataclass
class Reading:
    """What a read came to. `rows`: remote id to native texts; `cursors` has an entry a page; `completes` too."""

    rows: dict[str, Texts] = field(default_factory=dict)
    pages: list[list[str]] = field(default_factory=list)
    cursors: list[Cursor | None] = field(default_factory=list)
    completes: list[bool] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    broken: int = 0

    def take(self, page: Page, key: Sequence[str]) -> None:
        """Add a page as the hub would understand it."""
        names = list(dict.fromkeys([*page.fields, *key]))
        frame = native_frame(page.rows, names, delivered=page.fields)
        ids = remote_ids(frame, key).to_list()
        texts = dict(zip(ids, frame.to_dicts(), strict=True))
        self.rows |= {name: row for name, row in texts.items() if name is not None}
        self.pages.append([name for name in ids if name is not None])
        self.cursors.append(page.cursor)
        self.completes.append(page.complete)
        self.deleted |= set(page.deleted)
        self.broken += len(page.broken)

    @property
    def cursor(self) -> Cursor | None:
        return self.cursors[-1] if self.cursors else None

    @property
    def complete(self) -> bool:
        return bool(self.completes) and self.completes[-1]


class Subject:
    """A connector in its scene. A rule gets one that nothing has happened to yet."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.line = Line()
        self.passed = timedelta()
        self._kept = ExitStack()
        self._kept.callback(scene.close)  # last: connectors may still have something to say when they are closed
        scene.clock = lambda: START + self.passed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._kept.close()

    def later(self, **span: float) -> None:
        """Let time pass: an hour, unless told otherwise."""
        self.passed += timedelta(**(span or {"hours": 1}))

    # The connector

    @cached_property
    def config(self) -> BaseModel:
        return self.scene.connector.Config.model_validate(dict(self.scene.settings()))

    @property
    def secrets(self) -> dict[str, str]:
        """The secret settings, by name."""
        values = {name: getattr(self.config, name) for name in type(self.config).model_fields}
        for name, value in list(values.items()):
            if isinstance(value, Mapping):
                values |= {f"{name}.{inner}": each for inner, each in value.items()}
        return {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}

    def host(self) -> LocalHost:
        """A host that nothing is kept in yet."""
        host = LocalHost(
            "subject",
            self.scene.folder,
            clock=lambda: self.scene.now(),
            secrets=tuple(self.secrets.values()),
            transport=self.line.adapter,
        )
        self._kept.callback(host.close)
        return host

    def connector(self, host: LocalHost | None = None) -> Connector:
        """A new instance, as a run makes one; closed when the rule is done with."""
        made = self.scene.connector(self.config, host or self.host())
        self._kept.callback(made.close)
        return made

    def ready(self, host: LocalHost | None = None) -> Connector:
        """A new instance that has told its streams: what it asks for from here on is for the work itself."""
        made = self.connector(host)
        expect(
            self.stream.name in {each.name for each in made.streams()}, "a stream is gone from one moment to the next"
        )
        self.line.clear()
        return made

    @contextmanager
    def _one(self, connector: Connector | None) -> Iterator[Connector]:
        """The connector given, or one for this call alone, as each run makes its own."""
        made = connector or self.scene.connector(self.config, self.host())
        try:
            yield made
        finally:
            if made is not connector:
                made.close()

    @cached_property
    def stream(self) -> Stream:
        """The stream that is tried, as it is declared."""
        with self._one(None) as connector:
            found = [stream for stream in connector.streams() if stream.name == self.scene.stream]
        if not found:
            raise Broken(f"there is no stream {self.scene.stream!r}")
        return found[0]

    @property
    def text(self) -> str:
        """The native field that takes any text."""
        texts = [
            native for name, native in self.scene.mapping.items() if name not in ("email", "phone", "mobile", "hub_id")
        ]
        if self.scene.text or texts:
            return self.scene.text or texts[0]
        raise Unchecked("the scene names no field for plain text: set `text` or `mapping`")

    def needs(self, *kinds: OperationKind) -> None:
        """Skip the rule unless the stream takes these operations."""
        missing = [kind for kind in kinds if kind not in self.stream.writes]
        if missing:
            raise Skipped(f"the stream takes no {' and no '.join(missing)}")

    def needs_reading(self) -> None:
        """Skip the rule if nothing can be read there."""
        if self.stream.write_only:
            raise Skipped("it can only be written")

    # Reading

    def read(self, cursor: Cursor | None = None, connector: Connector | None = None) -> Reading:
        """A whole read, by a new instance unless told which. What can only be written is looked at in the scene."""
        found = Reading()
        if self.stream.write_only:
            rows = [{self.key_name: name, **row} for name, row in self.scene.rows().items()]
            found.take(Page(rows, tuple(each.name for each in self.stream.fields)), self.stream.key)
            return found
        for page in self.pages(cursor, connector):
            found.take(page, self.stream.key)
        return found

    def pages(self, cursor: Cursor | None = None, connector: Connector | None = None) -> Generator[Page, None, None]:
        wanted = [each.name for each in self.stream.fields]
        with self._one(connector) as reader:
            yield from reader.read(self.scene.stream, cursor, wanted)

    def read_until(self, page: int, cursor: Cursor | None = None) -> Reading:
        """What a run that is killed after so many pages has seen."""
        found = Reading()
        for each in islice(self.pages(cursor), page):
            found.take(each, self.stream.key)
        return found

    def lookup(self, *keys: tuple[str, str]) -> list[Row]:
        with self._one(None) as connector:
            if not isinstance(connector, CanLookup):
                raise Skipped("it can't look up")
            return list(connector.lookup(self.scene.stream, [Key(name, value) for name, value in keys]))

    def texts(self, row: Row) -> Texts:
        """A row that was told, as native text; None is a field that it does not hold."""
        names = [each.name for each in self.stream.fields]
        return dict(native_frame([row], names, delivered=tuple(row)).to_dicts()[0])

    @property
    def can_lookup(self) -> bool:
        return issubclass(self.scene.connector, CanLookup)

    @property
    def key_name(self) -> str:
        """The key as `lookup` is asked for it."""
        return ",".join(self.stream.key)

    # Writing

    def write(self, *operations: Operation, connector: Connector | None = None) -> list[Result]:
        """What became of operations. Broken if they got another number of results."""
        with self._one(connector) as writer:
            if not isinstance(writer, CanWrite):
                raise Broken("the stream declares writes, and the connector has no `write`")
            results = list(writer.write(self.scene.stream, list(operations)))
        expect(len(results) == len(operations), f"{len(operations)} operations got {len(results)} results")
        return results

    def create(self, number: int, **values: Any) -> Operation:
        """An operation that makes the sample of that number, with an id of the hub's where the stream keeps one."""
        own = {self.stream.external_id: f"hub-{number}"} if self.stream.external_id else {}
        given = {**self.writable(self.scene.sample(number)), **own, **values}
        return Operation("create", None, given, f"create-{number}")

    def update(self, name: str, values: Row, *, before: Row | None = None) -> Operation:
        rest = self.writable(self.scene.rows().get(name, {})) if self.stream.write_only else {}
        return Operation("update", name, {**rest, **values}, f"update-{name}-{sorted(values)}", before=before or {})

    def writable(self, values: Row) -> dict[str, Any]:
        fields = {each.name for each in self.stream.fields if each.writable}
        return {name: value for name, value in values.items() if name in fields}

    def plant(self, count: int, first: int = 1) -> list[str]:
        """The samples from a number on, entered by somebody there."""
        return [self.scene.plant(self.scene.sample(number)) for number in range(first, first + count)]


def unlike(values: Row, texts: Mapping[str, str | None]) -> list[str]:
    """The fields in which a row that was read is not what it was to be."""
    return [name for name, value in values.items() if not alike(native_text(value), texts.get(name))]


def alike(one: str | None, other: str | None) -> bool:
    """Whether two native texts are the same; blank and missing are."""
    return (one or "").strip() == (other or "").strip()


def scene_in(folder: Path, scene: type[Scene]) -> Subject:
    """A subject in a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    return Subject(scene(folder))
