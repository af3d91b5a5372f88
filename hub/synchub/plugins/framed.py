"""A connector made of functions that return whole tables. It only reads, and every read is full."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from synchub.api import ArrowStream, Connector, Cursor, Field, FieldType, Frame, Host, Page, Stream
from synchub.errors import PluginError

ROWS = 10_000
"""Rows of a page."""


class FrameSettings(BaseModel):
    """[systems.NAME] with a connector that is made of functions: there is nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def connector_of(frames: Sequence[Frame]) -> type[Connector]:
    """The class of a connector whose streams are `frames`."""

    class FrameConnector(Connector):
        Config = FrameSettings

        def __init__(self, config: FrameSettings, host: Host) -> None:
            self._frames = {frame.name: frame for frame in frames}
            self._host = host
            self._called: dict[str, Any] = {}

        def check(self) -> None:
            self.streams()

        def streams(self) -> Sequence[Stream]:
            """Calls every function: only what it returns tells its columns. `read` goes on with that."""
            for name, frame in self._frames.items():
                if name not in self._called:
                    self._called[name] = called(frame, self._host)
            return [stream_of(frame, self._called[name]) for name, frame in self._frames.items()]

        def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
            frame = self._frames[stream]
            table = self._called.pop(stream) if stream in self._called else called(frame, self._host)
            known: dict[str, None] = {}
            for batch in batches(table, frame):
                known |= dict.fromkeys(batch.columns if isinstance(batch, pl.DataFrame) else names_of(batch))
                yield Page(batch, tuple(known))
            yield Page([], tuple(known), complete=True)

    return FrameConnector


def called(frame: Frame, host: Host) -> pl.DataFrame | Iterable[Any]:
    """What the function of a frame returns: columns, or something to iterate over. Raises PluginError for all else."""
    table = frame.read(host) if wants_host(frame.read) else frame.read()
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if isinstance(table, ArrowStream):
        return columns_of(table, frame)
    if isinstance(table, Iterable) and not isinstance(table, str | bytes | Mapping):
        return table
    raise _unfit(frame, f"returned a value of type {type(table).__name__}")


def wants_host(read: Callable[..., Any]) -> bool:
    """Whether a function has a place for the host: one of that name, or one that it can't be called without."""
    parameters = inspect.signature(read).parameters
    return "host" in parameters or any(
        each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        for each in parameters.values()
    )


def columns_of(table: ArrowStream, frame: Frame) -> pl.DataFrame:
    found = pl.DataFrame(table)
    for name in (*frame.key, *([frame.updated_at] if frame.updated_at else [])):
        if name not in found.columns:
            index = " (an index of pandas is no column: reset_index)" if hasattr(table, "reset_index") else ""
            raise _unfit(frame, f"returned no column {name}; it has: {', '.join(found.columns)}{index}")
    return found


def stream_of(frame: Frame, table: pl.DataFrame | Iterable[Any]) -> Stream:
    """The fields of what is only iterated over are not known before it is read."""
    kinds = table.schema.items() if isinstance(table, pl.DataFrame) else ()
    fields = tuple(Field(name, field_type(kind), writable=False) for name, kind in kinds)
    return Stream(frame.name, fields, key=tuple(frame.key), updated_at=frame.updated_at)


def batches(table: pl.DataFrame | Iterable[Any], frame: Frame) -> Iterator[pl.DataFrame | list[Mapping[str, Any]]]:
    """A table in pages; rows, lists of rows and tables as they come."""
    if isinstance(table, pl.DataFrame):
        yield from table.iter_slices(ROWS)
        return
    waiting: list[Mapping[str, Any]] = []
    for item in table:
        if isinstance(item, ArrowStream):
            yield from columns_of(item, frame).iter_slices(ROWS)
            continue
        rows = [item] if isinstance(item, Mapping) else item
        if not (isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows)):
            raise _unfit(frame, f"handed out a value of type {type(item).__name__}")
        waiting += rows
        while len(waiting) >= ROWS:
            yield waiting[:ROWS]
            del waiting[:ROWS]
    if waiting:
        yield waiting


def names_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield from row


def field_type(kind: pl.DataType) -> FieldType:
    """The type of a column in the words of `Field`."""
    if kind.is_integer():
        return "integer"
    if kind.is_numeric():
        return "number"
    if isinstance(kind, pl.Datetime):
        return "datetime"
    if kind.is_nested():
        return "json"
    return "bool" if kind == pl.Boolean else "date" if kind == pl.Date else "text"


def _unfit(frame: Frame, what: str) -> PluginError:
    return PluginError(
        f"The function of the frame {frame.name} {what}.",
        not_done="Nothing more was read from it, and nothing counts as deleted.",
        next_step="It has to return a Polars, pandas or Arrow table with its key, or rows. Correct the plugin.",
    )
