"""What a run works with: the seams to the outside, the parts of the sync, and the folder it stages in."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import polars as pl
from sqlalchemy import Connection

from synchub.api import Connector, Key, Operation, Result, Row, Stream
from synchub.mapping import CompiledMapping
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.merge.rules import Built
from synchub.plugins.guarded import guarded
from synchub.read.shelf import Shelf
from synchub.record.known import Place
from synchub.record.members import MemberState
from synchub.record.store import Store
from synchub.spec.job import Entity, Member, Sync
from synchub.spec.options import Progress, RunOptions, Silent
from synchub.write.batch import by_remote_id

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Runs a function over items, in whatever order and number at once, and gives the results in order."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]: ...

    def behind(self) -> AbstractContextManager[Callable[[Callable[[], None]], None]]:
        """Gives a function that does a step behind the caller's back: one at a time, in order, all done at the end."""
        ...


class Threads:
    """As many threads as there are items: systems are waited for side by side."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        listed = list(items)
        if len(listed) < 2:
            return iter([function(item) for item in listed])
        with ThreadPoolExecutor(max_workers=len(listed)) as pool:
            return iter(list(pool.map(function, listed)))

    @contextmanager
    def behind(self) -> Iterator[Callable[[Callable[[], None]], None]]:
        waiting: list[Future[None]] = []

        def hand_over(step: Callable[[], None]) -> None:
            while waiting:  # one step may be under way while the next is made ready, never more
                waiting.pop().result()
            waiting.append(pool.submit(step))

        with ThreadPoolExecutor(max_workers=1) as pool:
            yield hand_over
            while waiting:
                waiting.pop().result()


class OneByOne:
    """No threads: every run of the same seed takes the same steps."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return iter([function(item) for item in items])

    @contextmanager
    def behind(self) -> Iterator[Callable[[Callable[[], None]], None]]:
        yield lambda step: step()


def _no_crash(_point: str) -> None:
    return


def holder() -> str:
    """Who we are, for whoever finds the lock taken."""
    return f"process {os.getpid()} on {socket.gethostname()}"


@dataclass(frozen=True, slots=True)
class Seams:
    """Everything that a run takes from outside, so that a simulation can hand it something else.

    `crash` is called at every named point between two steps; a test may end the process there.
    """

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    executor: Executor = field(default_factory=Threads)
    crash: Callable[[str], None] = _no_crash
    bucket: int = 20_000
    """Records merged and planned at once: what memory is bounded by."""
    enough: int = 4_000
    """Rows mapped at once, where pages are shorter: more are hardly cheaper, and a person who waits sees that it goes on."""

    def micros(self) -> int:
        """The time now in microseconds since 1970, UTC."""
        return int(self.clock().timestamp() * 1_000_000)


class Promise(Protocol):
    """A plan that was saved: what was not in it, or has moved since, is not sent."""

    def keep(self, part: Part, frame: pl.DataFrame) -> pl.DataFrame: ...


@dataclass(slots=True)
class Part:
    """One member, ready to work: its settings, what the store knows of it, its connector and compiled mapping."""

    member: Member
    state: MemberState
    stream: Stream
    mapping: CompiledMapping
    connector: Connector
    inside: Callable[[pl.DataFrame], pl.Series] | None = None
    down: str = ""
    """Why this member takes no further part in this run; empty while it does."""
    mapping_before: str | None = None
    """The fingerprint of the mapping that it was last read with before this run."""
    complete: bool = False
    """A full read of it ended in this run."""
    notes: list[str] = field(default_factory=list)
    """What a person should know of its part in this run."""
    redact: Callable[[str], str] = str
    """Takes secrets out of what its connector says, before it is stored or told."""

    @property
    def name(self) -> str:
        return self.member.name

    @property
    def fill_only(self) -> bool:
        return self.stream.weak if self.member.fill_only is None else self.member.fill_only

    def lookup(self, keys: Sequence[Key]) -> Sequence[Row]:
        """Single records of a system that can be asked for them, as they are now."""
        with guarded(self.name):
            return self.connector.lookup(self.stream.name, keys)  # type: ignore[attr-defined,no-any-return]

    def write(self, operations: Sequence[Operation]) -> Sequence[Result]:
        """Have operations done by a system that can be written. What it says to them may be stored."""
        with guarded(self.name):
            told = self.connector.write(self.stream.name, operations)  # type: ignore[attr-defined]
            return [replace(one, reason=self.redact(one.reason)) if one.reason else one for one in told]

    def present(self, names: Sequence[str]) -> Mapping[str, Row]:
        """The rows with these remote ids, by remote id, as they are now."""
        rows = self.lookup([Key(",".join(self.mapping.keys), name) for name in names]) if names else []
        return by_remote_id(rows, self.mapping.keys, native_frame, remote_ids)

    def asking(self, by: str) -> dict[str, pl.Expr]:
        """The columns system, stream and subject of a question about rows of this member; column `by` names them."""
        return {
            "system": pl.lit(self.member.system),
            "stream": pl.lit(self.member.stream),
            "subject": pl.format("{}:{}", pl.lit(self.state.id), by),
        }

    @property
    def scope(self) -> tuple[int, str]:
        """The member's number and a text that changes when what it is to be sent may change without a new claim."""
        own = self.member
        return self.state.id, "|".join(
            map(
                str,
                (
                    self.mapping.fingerprint,
                    own.where,
                    own.direction,
                    own.create,
                    own.on_delete,
                    self.fill_only,
                    own.rank,
                ),
            )
        )


@dataclass(slots=True)
class Work:
    """One run of one sync. `places` are all members of the entity that ever spoke, by their number in the store."""

    sync: Sync
    parts: list[Part]
    places: dict[int, Place]
    store: Store
    rules: Mapping[str, Built]
    options: RunOptions
    seams: Seams
    shelf: Shelf
    salt: str
    run: int = 0
    clock: int = 0
    last_run: int = 0
    mark: int = 1
    """This sync's mark on records that it is to look at."""
    others: int = 0
    """The marks of the other syncs of this entity."""
    contact: Entity | None = None
    """The entity that events refer to."""
    seek: Callable[[Connection], int] | None = None
    """Finds the record that alone may be written, if a person asked for one: it may be known only once all is read."""
    only: pl.Series | None = None
    """The records that alone may be written, if a person asked for one."""
    reshaped: bool = False
    """A mapping, filter or other setting of a member is not what it was in the last run."""
    promised: Promise | None = None
    """A saved plan that is to be done exactly."""
    keep: Callable[[Connection], None] = lambda _tx: None
    """Stores what came up on the way and belongs with what was read: exchange rates used, connectors' own state."""
    notes: tuple[str, ...] = ()
    """What a person should know of the run besides that of its members."""
    progress: Progress = field(default_factory=Silent)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("synchub"))

    @property
    def entity(self) -> Entity:
        return self.sync.entity

    @property
    def partial(self) -> bool:
        """Whether members are left out or down: then no record may count as done, for their sake."""
        return bool(self.options.systems) or any(part.down for part in self.parts)

    @property
    def left(self) -> list[int]:
        """The numbers of members that spoke of this entity and take no part in this sync."""
        own = {(member.system, member.stream) for member in self.sync.members}
        places = {number: (place.state.system, place.state.stream) for number, place in self.places.items()}
        return [number for number, place in places.items() if place not in own]

    def narrow(self, tx: Connection) -> None:
        """From here on, only what a person asked for may be written."""
        if self.seek is not None:
            self.only = pl.Series([self.seek(tx)], dtype=pl.Int64)

    def hub_id(self, record: int) -> str:
        """The id that a record is known by outside the store."""
        return f"{self.salt}-{record}"
