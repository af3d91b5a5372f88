"""A system in memory, with its connector: what a test lets people do there, and how it treats what a hub writes.

    shop = MemorySystem("shop", ["email", "first_name"], stores={"first_name": lambda text: text[:4]})
    ann = shop.create(at=0, email="ann@example.com", first_name="Alexandra")
    shop.edit(ann, at=5, first_name="Ann")

Times are whole minutes since `START`. Fields have the names of the hub's own, so that the mapping is the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from synchub.api import Field, FieldType, Operation, Result, Row, Stream
from synchub.errors import RecordRejected
from synchub.spec.entities import CONTACT_FIELDS
from synchub.testing.host import START

KEY, CHANGED, VERSION = "id", "changed_at", "etag"
STREAM = "people"


def moment(at: float) -> datetime:
    """The time `at` minutes after START."""
    return START + timedelta(minutes=at)


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as it stands: its values, when it was changed by the system's own clock, its version, and the
    number of the change that made it so. `before` is what it was until then."""

    values: dict[str, Any]
    changed: datetime
    version: int
    number: int
    before: Kept | None = None


@dataclass
class MemorySystem:
    """A system that keeps its records in memory.

    fields       the names of its fields, or name to native type (by default the type that the hub's field has)
    tells_time   rows say when they were changed
    skew         minutes that its clock is ahead of the hub's (behind, if negative)
    bumps        writes of the hub move a row's time, as a person's do
    stores       field -> what it makes of a value; RecordRejected refuses it, RetryLater puts it off
    answers      the results of writes say what was stored
    defaults     field -> what a new record has there if nobody says otherwise
    can_lookup   single records can be looked up
    incremental  reads go on from a cursor; sees_deletes: such reads tell what was deleted
    versions     rows have a version, and writes are refused that were planned against another
    unique       a field of which no two records may have the same value
    keeps_hub_id a field for the hub's own id
    weak         what it says can be forged
    found_by     the fields that records can be looked up by (default: all)
    lag          minutes for which nobody is shown what was just written
    """

    name: str
    fields: Iterable[str] | Mapping[str, FieldType] = ("email", "first_name", "last_name", "phone")
    tells_time: bool = True
    skew: float = 0
    bumps: bool = True
    stores: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    answers: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)
    can_lookup: bool = True
    incremental: bool = False
    sees_deletes: bool = False
    versions: bool = False
    unique: str | None = None
    keeps_hub_id: bool = False
    weak: bool = False
    found_by: Sequence[str] | None = None
    lag: float = 0
    batch: int = 1000

    clock: Callable[[], datetime] = lambda: START
    """What time it is for everyone; the hub that it belongs to hands in its own."""
    page_size: int = 1000
    order: Callable[[list[str]], list[str]] = list
    """In which order a read delivers records, given their ids."""
    interrupt: Callable[[str], None] = lambda _point: None
    """Called before each page is read ("read"), and before and after each write ("write", "written"). It may change
    the system meanwhile, or raise what a system that fails would raise: what is done by then stays done."""

    def __post_init__(self) -> None:
        listed = self.fields if isinstance(self.fields, Mapping) else dict.fromkeys(self.fields)
        own = {"hub_id": None, **listed} if self.keeps_hub_id else listed
        self.types: dict[str, FieldType] = {name: kind or _usual(name) for name, kind in own.items()}
        self.kept: dict[str, Kept] = {}
        self.archived: dict[str, Kept] = {}
        self.gone: dict[str, int] = {}
        self.changes = 0
        self.stale: dict[str, Kept] = {}
        self._made = 0

    @property
    def stream(self) -> Stream:
        """The one stream of this system, as its connector describes it."""
        own = [Field(KEY, writable=False)]
        own += [Field(CHANGED, "datetime", writable=False)] if self.tells_time else []
        own += [Field(VERSION, writable=False)] if self.versions else []
        return Stream(
            STREAM,
            (*own, *(Field(name, kind) for name, kind in self.types.items())),
            (KEY,),
            matching_keys=tuple(
                name for name in self.types if name != "hub_id" and name in (self.found_by or self.types)
            ),
            updated_at=CHANGED if self.tells_time else None,
            version=VERSION if self.versions else None,
            external_id="hub_id" if self.keeps_hub_id else None,
            incremental=self.incremental,
            sees_deletes=self.sees_deletes,
            batch=self.batch,
            weak=self.weak,
            lag=self.lag * 60,
            writes=frozenset({"create", "update", "archive", "delete"}),
        )

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """What is there now: id to the values of all fields."""
        return {name: dict(kept.values) for name, kept in self.kept.items()}

    def shown(self, name: str) -> bool:
        """Whether a record is there for those who ask: what was made less than `lag` minutes ago is not."""
        return self.lag == 0 or self._first(name) + timedelta(minutes=self.lag) <= self._time()

    # What people do

    def create(self, *, at: float, **values: Any) -> str:
        """Somebody enters a record. Returns its id."""
        return self._add(values, self._time(at))

    def edit(self, name: str, *, at: float, **values: Any) -> None:
        """Somebody changes fields of a record; None clears one."""
        self._change(name, values, self._time(at))

    def delete(self, name: str) -> None:
        """Somebody deletes a record."""
        del self.kept[name]
        self.changes += 1
        self.gone[name] = self.changes

    def restore_copy(self, name: str) -> None:
        """The system goes back to what the record was before its last change, with the time of then."""
        older = self._older(name)
        self.changes += 1
        self.kept[name] = Kept(older.values, older.changed, older.version, self.changes, older.before)

    def serve_stale(self, *names: str) -> None:
        """The next read still delivers what these records were before their last change (default: all that can)."""
        wanted = names or tuple(name for name, kept in self.kept.items() if kept.before)
        self.stale = {name: self._older(name) for name in wanted}

    # What the connector does

    def row(self, name: str, kept: Kept | None = None) -> Row:
        """A record as the system tells it."""
        told = kept or self.kept[name]
        told_also: dict[str, Any] = {CHANGED: told.changed} if self.tells_time else {}
        if self.versions:
            told_also[VERSION] = str(told.version)
        return {KEY: name, **told_also, **deepcopy(told.values)}

    def perform(self, operation: Operation) -> Result:
        """Do what a hub asks for."""
        name = operation.remote_id
        if operation.kind == "create":
            return self._created(operation)
        if name is None or name not in self.kept:
            return Result("conflict", name, reason="there is no such record")
        if self.versions and operation.version not in (None, str(self.kept[name].version)):
            return Result("conflict", name, stored=self.row(name), reason="it was changed meanwhile")
        if operation.kind == "update":
            self._change(name, operation.values, self._time() if self.bumps else self.kept[name].changed)
            return self._done(name)
        if operation.kind == "archive":
            self.archived[name] = self.kept[name]
        self.delete(name)
        return Result("ok", name)

    def _created(self, operation: Operation) -> Result:
        if self.unique is not None and operation.values.get(self.unique) is not None:
            for name, kept in self.kept.items():
                if kept.values[self.unique] == operation.values[self.unique]:
                    return Result("conflict", name, stored=self.row(name), reason="it exists already")
        return self._done(self._add(operation.values, self._time()))

    def _done(self, name: str) -> Result:
        kept = self.kept[name]
        return Result(
            "ok",
            name,
            version=str(kept.version) if self.versions else None,
            updated_at=kept.changed if self.answers and self.tells_time else None,
            stored=self.row(name) if self.answers else None,
        )

    # What both come to

    def _time(self, at: float | None = None) -> datetime:
        return (self.clock() if at is None else moment(at)) + timedelta(minutes=self.skew)

    def _stored(self, values: Row) -> dict[str, Any]:
        unknown = set(values) - set(self.types)
        if unknown:
            raise RecordRejected(f"{self.name} has no field {', '.join(sorted(unknown))}.")
        keep = self.stores
        return {
            name: keep[name](value) if name in keep and value is not None else value for name, value in values.items()
        }

    def _add(self, values: Row, time: datetime) -> str:
        given = self._stored(values)
        self._made += 1
        self.changes += 1
        empty = dict.fromkeys(self.types)
        self.kept[str(self._made)] = Kept({**empty, **self.defaults, **given}, time, 1, self.changes)
        return str(self._made)

    def _change(self, name: str, values: Row, time: datetime) -> None:
        before, given = self.kept[name], self._stored(values)
        self.changes += 1
        self.kept[name] = Kept({**before.values, **given}, time, before.version + 1, self.changes, before)

    def _first(self, name: str) -> datetime:
        kept = self.kept[name]
        while kept.before is not None:
            kept = kept.before
        return kept.changed

    def _older(self, name: str) -> Kept:
        older = self.kept[name].before
        if older is None:
            raise ValueError(f"{self.name} has no older copy of {name}.")
        return older


def _usual(name: str) -> FieldType:
    return CONTACT_FIELDS[name].type if name in CONTACT_FIELDS else "text"
