"""The connector: which part does what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast
from zoneinfo import ZoneInfo

from synchub.api import (
    ConfigurationError,
    Connector,
    Cursor,
    Field,
    Host,
    Key,
    Operation,
    OperationKind,
    Page,
    Result,
    Row,
    Stream,
)
from synchub_connectors.rest import batches, looking, reading, sampling, templates
from synchub_connectors.rest.client import Asked, Client
from synchub_connectors.rest.description import StreamOf
from synchub_connectors.rest.settings import RestSettings
from synchub_connectors.rest.writing import Writing

SINGLE = 50
"""Operations that one call of `write` takes where each is a request of its own."""


class Rest(Connector):
    """A system that a TOML file describes."""

    Config = RestSettings

    def __init__(self, config: RestSettings, host: Host) -> None:
        self._host = host
        self._described = config.description
        self._client = Client(host, config)
        self._guessed: dict[str, tuple[Field, ...]] = {}

    def check(self) -> None:
        said = self._described
        if said.check is not None:
            self._client.read(Asked("GET", templates.path(said.check, self._client.values) or "", {}))
        else:
            stream = next(iter(said.streams.values()))
            next(reading.parts(self._client, stream.read, {}, stream.key))

    def streams(self) -> Sequence[Stream]:
        return [self._offered(name, said) for name, said in self._described.streams.items()]

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """All of it, or what changed and what was deleted since the cursor."""
        said = self._stream(stream)
        names = tuple(name for name in said.fields if said.field(name).listed)
        names = names or tuple(field.name for field in self._guess(stream, said))
        start = reading.start_of(cursor, said.changes, self._host.now())
        if start is None:
            return reading.everything(self._client, said, names)
        return reading.changes(self._client, said, start, names)

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        return looking.lookup(self._client, self._stream(stream), keys, self._described.rate.at_once)

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        said = self._stream(stream)
        writing = Writing(self._client, said, ZoneInfo(self._host.timezone))
        results = {number: told for number, one in enumerate(operations) if (told := writing.unfit(one))}
        left = [number for number in range(len(operations)) if number not in results]
        asked = [operations[number] for number in left]
        done = batches.perform(writing, asked)
        single = [place for place in range(len(asked)) if place not in done]
        answers = writing.perform([asked[place] for place in single], at_once=self._described.rate.at_once)
        done |= dict(zip(single, answers, strict=True))
        results |= {left[place]: result for place, result in done.items()}
        return [results[number] for number in range(len(operations))]

    def _stream(self, name: str) -> StreamOf:
        if name not in self._described.streams:
            raise ConfigurationError(
                f"{self._host.system} has no stream {name}.",
                next_step=f"Its description has {', '.join(self._described.streams)}: correct `stream` in hub.toml.",
            )
        return self._described.streams[name]

    def _offered(self, name: str, said: StreamOf) -> Stream:
        calls = said.writes()
        sizes = [call.batch.size if call.batch is not None else SINGLE for call in calls.values()]
        return Stream(
            name=name,
            fields=self._fields(name, said),
            key=(said.key,),
            matching_keys=tuple(field for field in said.lookup if field != said.key),
            updated_at=said.updated_at,
            version=said.version,
            external_id=said.external_id,
            incremental=said.changes is not None,
            sees_deletes=said.changes is not None and (said.deleted is not None or said.gone is not None),
            writes=frozenset(cast("set[OperationKind]", set(calls))),
            batch=max(sizes, default=SINGLE),
            lag=said.lag,
        )

    def _fields(self, name: str, said: StreamOf) -> tuple[Field, ...]:
        if not said.fields:
            return self._guess(name, said)
        return tuple(
            Field(
                field,
                one.type,
                writable=one.writable and field != said.key,
                required=one.required,
                options=one.options,
                summary=one.summary,
            )
            for field, one in ((field, said.field(field)) for field in said.fields)
        )

    def _guess(self, name: str, said: StreamOf) -> tuple[Field, ...]:
        """The fields of the first page's records; asked for once."""
        if name not in self._guessed:
            (part,) = islice(reading.parts(self._client, said.read, {}, said.key), 1)
            self._guessed[name] = sampling.guessed(part.records, said.key)
        return self._guessed[name]
