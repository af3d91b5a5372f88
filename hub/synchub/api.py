"""What a plugin sees of synchub, whole. Import from here and nowhere else.

A connector is a class with `check`, `streams` and `read`; `lookup` and `write` are capabilities it may add. All that
passes this door is plain data (or Arrow), so that it can cross a process boundary.

Values in rows are plain: str, int, float, bool, None, `decimal.Decimal`, `datetime.date`, `datetime.datetime`
(aware, or in the hub's time zone), and lists and dicts of these. What the hub writes arrives as the stream
declared the field: `text` and its kin as str, `integer` as int, `number` as Decimal, `bool` as bool, `date` and
`datetime` as the datetime module's, `set` and `json` as list or dict. A field that is to be cleared arrives as None.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import pluggy

from synchub.errors import (
    AuthenticationError,
    ConfigurationError,
    PluginError,
    RecordRejected,
    RetryLater,
    SynchubError,
)
from synchub.model import FieldType

if TYPE_CHECKING:
    import polars as pl
    import requests
    from pydantic import BaseModel

API_VERSION = 1
"""The version of this interface. It is the number in the entry-point group's name."""

hookimpl = pluggy.HookimplMarker("synchub")

Row = Mapping[str, Any]
"""One native record: native field name to plain value. Nested objects stay nested."""

Cursor = Mapping[str, Any]
"""Where a read may go on from: small, plain, JSON. Only the connector that wrote it understands it."""

OperationKind = Literal["create", "update", "archive", "delete"]
ResultStatus = Literal["ok", "unchanged", "conflict", "rejected", "retry"]


@runtime_checkable
class ArrowStream(Protocol):
    """Anything that exports Arrow data by the PyCapsule interface: a Polars, pandas or Arrow table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@dataclass(frozen=True, slots=True)
class Field:
    """One native field of a stream. `options` are the allowed values of an enum, where there are such."""

    name: str
    type: FieldType = "text"
    writable: bool = True
    required: bool = False
    options: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of thing that a system holds.

    key            the native fields that name a record
    matching_keys  the native fields that `lookup` can find records by, besides the key
    updated_at     the native field with the time of the last change, if there is one
    version        the native field with a version or etag, if there is one
    external_id    the native field that can keep the hub's own id, if there is one
    incremental    whether `read` can go on from a cursor; without it every read is full
    sees_deletes   whether `read` from a cursor reports deletions in `Page.deleted`
    writes         the operations that `write` takes; empty means read only
    batch          how many operations one call of `write` should hold at the most
    checks_before  whether `write` itself refuses, with `conflict`, when `Operation.before` no longer holds
    lag            for how many seconds `lookup` and `read` may not show yet what was written: a create whose answer was
                   lost is not held to have failed before. A system that still works on a request counts too
    weak           whether what this stream says can be forged or guessed (mail): `fill_only` by default
    write_only     whether nothing can be read or looked up there, and the same written again changes nothing: what has
                   no answer is sent again, and an update or archive holds every field. `read` hands out an empty page
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    matching_keys: tuple[str, ...] = ()
    updated_at: str | None = None
    version: str | None = None
    external_id: str | None = None
    incremental: bool = False
    sees_deletes: bool = False
    writes: frozenset[OperationKind] = frozenset()
    batch: int = 1000
    checks_before: bool = False
    weak: bool = False
    lag: float = 0
    write_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a stream, in any order.

    rows      a sequence of rows, or Arrow data
    fields    the native fields that were delivered: one that is not named here says nothing about any row.
              A field named here and missing in a row is empty in that row.
    cursor    where to go on from once this page is stored; only a cursor of the last page is kept
    complete  true on the last page of a full read that has seen every record: what it did not see is gone
    deleted   remote ids (see `Key`) that the system says are gone
    merged    remote ids that the system says live on under another id: old to new
    broken    rows that could not be read, with the reason; they go to quarantine and the rest goes on
    """

    rows: Sequence[Row] | ArrowStream
    fields: tuple[str, ...]
    cursor: Cursor | None = None
    complete: bool = False
    deleted: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)
    broken: tuple[BrokenRow, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that the connector could not read: where it stands, its raw form, and why."""

    where: str
    raw: str
    reason: str


@dataclass(frozen=True, slots=True)
class Key:
    """A question to `lookup`: all records whose native `field` equals `value`.

    For the stream's own key, `field` is the key field's name, and a key of several fields is the names joined by
    commas with a JSON array as value: exactly the text that names the record as remote id.
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One write.

    remote_id        the record to change; None for a create
    values           native field to plain value; only what changes travels. None clears the field.
    before           what the hub believes the system holds in these fields, native field to plain value
    version          the version the plan was made against, if the stream has one: refuse on mismatch with `conflict`
    idempotency_key  the same for every try of the same operation, different for every other
    """

    kind: OperationKind
    remote_id: str | None
    values: Row
    idempotency_key: str
    before: Row = field(default_factory=dict)
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one operation.

    ok         done; `stored` is the record (or the written fields) as the system now holds them, if it said so
    unchanged  nothing had to be done
    conflict   the record was changed or is gone since the plan; `stored` is its present state, if known;
               for a create: it exists already, `remote_id` names it
    rejected   the system will never take this value; `reason` and `field` say why
    retry      it may work later; `retry_after` in seconds, if the system said so
    """

    status: ResultStatus
    remote_id: str | None = None
    version: str | None = None
    updated_at: datetime | None = None
    stored: Row | None = None
    reason: str = ""
    field: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests an account may make in a span of seconds. All that name the same `account` share it."""

    account: str
    requests: int
    seconds: float


class HttpSession(Protocol):
    """An HTTP session of the host: it waits for the budget, retries what passes by itself, redacts what it logs.

    Raises AuthenticationError on 401 and 403, RetryLater when the retries are used up, and ConfigurationError on an
    address that may not be reached. Every other answer is returned, whatever its status.
    """

    def request(  # noqa: PLR0913
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        safe_to_repeat: bool | None = None,
        accept: Sequence[int] = (),
    ) -> requests.Response:
        """Send one request. `safe_to_repeat` (default: GET, HEAD, PUT, DELETE) allows it to be sent again when the
        answer is lost; a status in `accept` is returned even if it would otherwise be retried or raised."""
        ...


class Renewing(Protocol):
    """A secret that its system replaces when it is used, held so that no other process uses it meanwhile."""

    @property
    def value(self) -> str:
        """What is kept now: another process may have replaced what `Config` was made with."""
        ...

    def keep(self, value: str) -> None:
        """Keep a new one from now on, at once and for good. Raises ConfigurationError if that fails."""
        ...


class Host(Protocol):
    """What synchub does for a connector.

    system    the name of the system in hub.toml
    folder    the folder of hub.toml: relative paths start here
    timezone, region, currency   the hub's, for what names none
    state     small plain values kept between runs for this system; stored when the run stores its cursor
    """

    @property
    def system(self) -> str: ...
    @property
    def folder(self) -> Path: ...
    @property
    def timezone(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def log(self) -> logging.Logger: ...
    @property
    def state(self) -> MutableMapping[str, Any]: ...
    def now(self) -> datetime: ...
    def new_id(self) -> str: ...
    def sleep(self, seconds: float) -> None: ...
    def session(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        budget: Budget | None = None,
    ) -> HttpSession: ...
    def hide(self, secret: str) -> None:
        """Take a secret that the system handed out, such as an access token, out of logs and errors from now on."""
        ...

    def renewing(self, *setting: str) -> AbstractContextManager[Renewing]:
        """Hold a secret of the settings that its system replaces when it is used, such as a refresh token.

        `setting` is its place: `with host.renewing("secrets", "refresh_token") as secret:`. A new value is kept where
        the reference in hub.toml points. Raises ConfigurationError, before anything was asked of the system, where
        that can't be done: a variable of the environment, a folder that can't be written.
        """
        ...


@dataclass(frozen=True, slots=True)
class InFile:
    """Marks a setting for which hub.toml names a TOML file: `description: Annotated[Description, InFile()]`.

    The file lies in the hub's folder and is linted as hub.toml is, by line and column. `Config` gets the model.
    """

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "format": "toml-file"}


class Connector(ABC):
    """Knows how to talk to one kind of system. One instance serves one configured system in one run.

    `Config` is a pydantic model of the keys under `[systems.NAME]` besides `connector`; secrets are typed `SecretStr`,
    a setting that names a TOML file is marked by `InFile`.
    """

    Config: ClassVar[type[BaseModel]]

    @abstractmethod
    def __init__(self, config: Any, host: Host) -> None: ...

    @abstractmethod
    def check(self) -> None:
        """Reach the system with the credentials given, change nothing. Raises a SynchubError that says what to do."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """What the system offers now."""

    @abstractmethod
    def read(self, stream: str, cursor: Cursor | None, fields: Sequence[str]) -> Iterator[Page]:
        """Read a stream page by page: all of it, or what changed since `cursor`. `fields` are the native fields that
        are wanted (a hint: more may be delivered). A cursor that the system no longer honours starts a full read."""

    def close(self) -> None:
        """Let go of connections. Called once, also after an error."""
        return


@runtime_checkable
class CanLookup(Protocol):
    """A connector that can find single records, now, without reading everything."""

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        """Every record that answers one of `keys`, whole, each once. None is no error."""
        ...


@runtime_checkable
class CanWrite(Protocol):
    """A connector that can write."""

    def write(self, stream: str, operations: Sequence[Operation]) -> Sequence[Result]:
        """Perform the operations; one result for each, in their order. One that fails stops no other."""
        ...


@runtime_checkable
class CanCreateAll(Protocol):
    """A connector that can also make many records at once, faster than by an operation each."""

    def create_all(self, stream: str, rows: ArrowStream) -> ArrowStream | None:
        """Make a record of every row, or of none. `rows` has a column a native field, of native text; null: not given.

        Returns the records as they are stored now, in the same order: every field of the stream, as native text. Or
        None, with nothing written, where it can't be done at once: then `write` is asked, which tells whose fault it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """A connector's entry in the catalogue. Importing this must import nothing heavy.

    `target` is "package.module:Class". `mappings` is the name of a package whose *.toml are suggested mappings.
    """

    name: str
    target: str
    summary: str = ""
    mappings: str | None = None


@dataclass(frozen=True, slots=True)
class Transform:
    """A named step for text on its way in: `expression` takes a Polars expression of text and returns one.

    `back` undoes it on the way out; None means that a field mapped with it is written as the hub knows it.
    """

    name: str
    expression: Callable[[pl.Expr], pl.Expr]
    summary: str = ""
    back: Callable[[pl.Expr], pl.Expr] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by which one claim beats others.

    `score` is a Polars expression over columns of claims; those of a field of a record that have the highest score stay,
    the next rule of the chain breaks their tie. `latest`: only the latest claim of each link counts. The columns:

    value   canonical text, "" is blank
    at      when, in microseconds since 1970 UTC; null is undated
    system  who says it; "hub" for a person
    rank    the member's place in hub.toml from 0; -1 for a person
    count   how many of the claims that are left say the same value
    """

    name: str
    score: Callable[[], pl.Expr]
    summary: str = ""
    latest: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that returns all rows of one stream: the shortest way to a system that is only read.

    All frames of a plugin are one connector, which has the plugin's name.

    name        the stream's name
    read        a function of nothing, or of the `Host`. It returns Arrow data (a Polars, pandas or Arrow table), or
                something to iterate over: rows, lists of rows, or Arrow data. A dlt resource is such a thing
    key         the columns that name a row
    updated_at  the column with the time of the last change, if there is one
    """

    name: str
    read: Callable[..., ArrowStream | Iterable[Row | Sequence[Row] | ArrowStream]]
    key: str | tuple[str, ...]
    updated_at: str | None = None
    summary: str = ""


def environment_of(folder: Path, name: str) -> Path:
    """Where `synchub plugin add` keeps the virtual environment of the program `name`, below the folder of hub.toml."""
    return folder / "plugins" / ".venvs" / name


class Rates(Protocol):
    """A source of exchange rates."""

    def rate(self, source: str, target: str, day: str) -> str | None:
        """How many units of `target` one unit of `source` bought on `day` (ISO date), as a decimal text. None if unknown."""
        ...


__all__ = [
    "API_VERSION",
    "ArrowStream",
    "AuthenticationError",
    "BrokenRow",
    "Budget",
    "CanLookup",
    "CanWrite",
    "ConfigurationError",
    "Connector",
    "ConnectorInfo",
    "Cursor",
    "Field",
    "FieldType",
    "Frame",
    "Host",
    "HttpSession",
    "InFile",
    "Key",
    "Operation",
    "OperationKind",
    "Page",
    "PluginError",
    "Rates",
    "RecordRejected",
    "Renewing",
    "Result",
    "ResultStatus",
    "RetryLater",
    "Row",
    "Rule",
    "Stream",
    "SynchubError",
    "Transform",
    "environment_of",
    "hookimpl",
]
