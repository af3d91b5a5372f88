"""More that the hub tells people: its state, open questions, what is set aside, and what a check found.

Like `synchub.spec.reports`: finished values, aware times, fields are only added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from synchub.spec.reports import RunState, Waits


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One member now. `cursor`: where the next read goes on from, as short text; empty means a full read."""

    sync: str
    member: str
    system: str
    stream: str
    links: int = 0
    last_read: datetime | None = None
    cursor: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    sync: str
    entity: str
    schedule: str | None = None
    last_run: str = ""
    state: RunState | None = None
    ended: datetime | None = None
    next_run: datetime | None = None
    """When `serve` begins the next one; in the past if it is overdue."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A system that failed `failures` runs of `serve` in a row. Times in microseconds since 1970, UTC.

    `until`: it is left alone so long; None while it still takes part in every run.
    """

    system: str
    failures: int
    failed_at: int
    until: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class PausedSystem:
    """A system that `serve` leaves alone for a while because it failed again and again."""

    system: str
    until: datetime
    failures: int
    problem: str


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`store` never shows a password. `records` counts golden records by entity."""

    store: str
    syncs: tuple[SyncStatus, ...]
    members: tuple[MemberStatus, ...]
    records: tuple[tuple[str, int], ...] = ()
    waits: Waits = field(default_factory=Waits)
    notes: tuple[str, ...] = ()
    paused: tuple[PausedSystem, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that `review resolve` takes, and what it brings about."""

    answer: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A question that only a person can answer. `details` are (what, value) pairs to decide by, in order."""

    id: str
    kind: str
    entity: str
    question: str
    asked: datetime
    choices: tuple[Choice, ...] = ()
    details: tuple[tuple[str, str | None], ...] = ()
    sync: str = ""
    record: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class QuarantineGroup:
    """Records set aside for one cause. `example` is the id of one of them."""

    cause: str
    system: str
    stream: str
    count: int
    example: str
    first: datetime | None = None
    last: datetime | None = None
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class QuarantineItem:
    """One record set aside: its raw form (JSON text), the field and value at fault where one is, and why."""

    id: str
    system: str
    stream: str
    reason: str
    raw: str
    remote_id: str | None = None
    field: str = ""
    value: str | None = None
    run: str = ""
    since: datetime | None = None
    tries: int = 1


@dataclass(frozen=True, slots=True)
class StreamField:
    """One native field of a stream, with a few values as they stand there."""

    name: str
    type: str
    writable: bool = True
    required: bool = False
    options: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What a system offers under one name. `mapping` is a drafted mapping file, if one was asked for."""

    system: str
    stream: str
    key: tuple[str, ...]
    fields: tuple[StreamField, ...] = ()
    matching_keys: tuple[str, ...] = ()
    updated_at: str | None = None
    incremental: bool = False
    sees_deletes: bool = False
    writes: tuple[str, ...] = ()
    mapping: str = ""
    write_only: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """What came of talking to one system."""

    system: str
    connector: str
    ok: bool
    happened: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Problems are printable as `file:line:column: text`, each with its fix."""

    file: Path
    problems: tuple[str, ...] = ()
    connections: tuple[ConnectionCheck, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        if self.problems:
            return 2
        return 0 if all(connection.ok for connection in self.connections) else 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a mapping test that came out otherwise. None: not there."""

    field: str
    expected: str | None
    got: str | None


@dataclass(frozen=True, slots=True)
class MappingTestResult:
    """One `[[tests]]` of a mapping; `number` counts from 1. `problem`: it could not be run at all."""

    mapping: str
    number: int
    direction: str
    differences: tuple[Difference, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.differences and not self.problem


@dataclass(frozen=True, slots=True)
class TestsReport:
    results: tuple[MappingTestResult, ...]

    @property
    def failed(self) -> int:
        return sum(not result.ok for result in self.results)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What was done with the store. `backup` is the file written, if one was."""

    store: str
    happened: str
    backup: Path | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportReport:
    """Where everything was written to, and how many rows each table has. No passwords."""

    target: str
    tables: dict[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision that was taken and stored: what happened, what follows, and how to take it back."""

    happened: str
    next_step: str = ""
    details: tuple[tuple[str, str | None], ...] = ()
    notes: tuple[str, ...] = ()
