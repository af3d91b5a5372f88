"""The connector for targets of Singer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Any, ClassVar

from pydantic import BaseModel

from synchub.api import (
    ConfigurationError,
    Connector,
    Cursor,
    Field,
    FieldType,
    Host,
    Operation,
    OperationKind,
    Page,
    Result,
    RetryLater,
    Stream,
)
from synchub_connectors.programs.lines import parsed
from synchub_connectors.programs.process import NOT_WRITTEN, Program, environment, files
from synchub_connectors.programs.secrets import Secrets
from synchub_connectors.singer.programs import program

from .apart import loaded_apart
from .lines import acknowledges, record, schema, state
from .settings import TargetSettings

LONGEST = 1024 * 1024
"""Bytes of a line that a target may print: it prints states."""


class SingerTarget(Connector):
    """What a target of Singer loads. It can only be written; every batch is a process of its own.

    Singer knows one acknowledgement: a state that comes back says that all records before it are loaded. So a batch is
    written whole, or is tried in parts.
    """

    Config: ClassVar[type[BaseModel]] = TargetSettings

    def __init__(self, config: TargetSettings, host: Host) -> None:
        self._settings = config
        self._host = host
        self._secrets = Secrets(config.settings, config.secrets, host)

    def check(self) -> None:
        """Start the target and give it nothing but a state. Most look at their settings only, and not at their system."""
        problem = self._load([])
        if problem is not None:
            raise problem

    def streams(self) -> Sequence[Stream]:
        return [self._stream(name) for name in self._settings.streams]

    def _stream(self, name: str) -> Stream:
        own = self._settings
        writes: tuple[OperationKind, ...] = ("create", "update", "archive") if own.deleted_at else ("create", "update")
        fields = [Field(own.key), *(Field(field, kind) for field, kind in own.streams[name].items())]
        return Stream(
            name,
            tuple(fields),
            (own.key,),
            external_id=own.key,
            writes=frozenset(writes),
            batch=own.batch,
            write_only=True,
        )

    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """A target can't be asked what it holds."""
        yield Page([], ())

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        """Have the target load whole records. Raises RetryLater if it fails whatever it is given, or falls silent."""
        known = {self._settings.key, *self._settings.streams[stream]}
        unknown = [sorted(operation.values.keys() - known) for operation in operations]
        rows = [self._row(stream, operation) for operation, names in zip(operations, unknown, strict=True) if not names]
        failed = iter(self._failures(stream, rows) if rows else [])
        results = []
        for operation, names in zip(operations, unknown, strict=True):
            if names:
                why = f"{stream} has no field {', '.join(names)}: add it to `streams` of this system"
                results.append(Result("rejected", operation.remote_id, reason=why, field=names[0]))
                continue
            row, problem = next(failed)
            if problem is None:
                stored = {name: row[name] for name in known}
                results.append(Result("ok", row[self._settings.key], stored=stored))
            else:
                results.append(Result("retry", operation.remote_id, reason=problem.happened))
        return results

    def _failures(
        self, stream: str, rows: Sequence[dict[str, Any]]
    ) -> Sequence[tuple[dict[str, Any], RetryLater | None]]:
        """Every row, and what keeps it from being loaded, if anything does."""
        own, now = self._settings, self._host.now()
        fields: dict[str, FieldType] = {
            **own.streams[stream],
            **({own.deleted_at: "datetime"} if own.deleted_at else {}),
        }
        head = schema(stream, fields, own.key)
        lines = [record(stream, row, now) for row in rows]
        problem = self._load([head, *lines])
        if problem is None:
            return [(row, None) for row in rows]
        done = loaded_apart(len(lines), lambda first, last: self._load([head, *lines[first:last]]) is None)
        if not any(done):
            raise problem
        return [(row, None if loaded else problem) for row, loaded in zip(rows, done, strict=True)]

    def _row(self, stream: str, operation: Operation) -> dict[str, Any]:
        """The whole record: every field that is declared, so that targets which fix their columns see them all."""
        own, archived = self._settings, operation.kind == "archive"
        values = operation.before if archived else operation.values
        key = operation.remote_id or values.get(own.key)
        if not key:
            raise ConfigurationError(
                f"A record for {stream} came without {own.key}, by which {own.target} tells records apart.",
                not_done="Nothing of this batch was written.",
                next_step=f'Write key = "{own.key}" and hub_id = "{own.key}" into its mapping.',
            )
        row = {own.key: key, **{name: values.get(name) for name in own.streams[stream]}}
        if own.deleted_at:
            row[own.deleted_at] = self._host.now() if archived else None
        return row

    def _load(self, lines: Sequence[bytes]) -> RetryLater | None:
        """Give the target lines and a state, and wait for that state and for its end; what was wrong, or None. One that
        falls silent is not tried again: RetryLater is raised."""
        token = self._host.new_id()
        with files({"config": self._secrets.config()}) as paths:
            command = [*program(self._settings.target, self._host.folder), "--config", str(paths["config"])]
            target = Program(
                command,
                environ=environment(os.environ, self._settings.environment),
                log=lambda text: self._host.log.info("%s", text),
                hide=self._secrets.hide,
                silence=self._settings.silence,
                longest=LONGEST,
                fed=[*lines, state(token)],
            )
            try:
                with closing(target):
                    acknowledged = [acknowledges(line, token) for line in target.lines()]
            except RetryLater as problem:
                if target.stuck:
                    raise
                return problem
            finally:
                with suppress(OSError):
                    self._secrets.keep(parsed(paths["config"].read_bytes()))
        if any(acknowledged):
            return None
        return RetryLater(
            f"{self._settings.target} ended without a word that it had loaded what it was given.",
            not_done=NOT_WRITTEN,
            next_step="See its log (`synchub -v sync`), and whether it prints the state at its end, as targets do.",
        )
