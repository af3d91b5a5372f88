"""Simulated systems: they find what is new late, know a request again, tell merges, and note what no hub should do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from synchub.api import Operation, Result
from synchub.testing.memory import Kept, MemorySystem
from synchub.testing.simulation.steps import Fault
from synchub.testing.simulation.values import EURO, canonical

_A_MOMENT = timedelta(seconds=1)
"""What passes between a look and the write after it."""


def calm(_call: str) -> Fault | None:
    """Nothing goes wrong."""
    return None


@dataclass
class SimulatedSystem(MemorySystem):
    """A system in memory that has more ways of its own, and that keeps watch.

    lag          minutes until its search finds what is new: lookups by other fields than the key, reads from a cursor
    repeats      it knows a create again by its idempotency key
    tells_merges it tells of rows that were merged into others
    strikes      asked at every call what goes wrong there
    currency     of the amounts that people enter there
    """

    lag: float = 0
    repeats: bool = False
    tells_merges: bool = False
    strikes: Callable[[str], Fault | None] = calm
    currency: str = EURO

    # What it noted
    words: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """(id, field) to all values that people entered there."""
    ours: set[tuple[str, str]] = field(default_factory=set)
    """(id, field) that the hub wrote last: what stands there is nobody's word."""
    made: set[str] = field(default_factory=set)
    """Rows that the hub made."""
    buried: set[str] = field(default_factory=set)
    """Rows that people deleted, or merged away."""
    doubles: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    read: dict[str, Kept] = field(default_factory=dict)
    """What the run at hand was told."""
    told_ours: set[tuple[str, str]] = field(default_factory=set)
    """(id, field) of what it was told that the hub had written, whoever edited it since."""
    merged: dict[str, str] = field(default_factory=dict)
    gone_back: set[str] = field(default_factory=set)
    """Rows that stood, or were shown, as they were before."""
    copies: dict[str, int] = field(default_factory=dict)
    """Rows that went back to what they were, to the number of that change."""
    slipped: bool = False
    """Whether a read from a cursor missed a row: only a full read shows it again."""
    run_began: int = 0
    """The number of the last change before the run at hand."""
    put: set[tuple[str, str, str]] = field(default_factory=set)
    """(name, field, value) that the hub ever wrote, as it was stored."""
    believed: set[str] = field(default_factory=set)
    """Rows of which a person let stand all that is there, whoever wrote it."""
    last_shown: dict[str, Kept] = field(default_factory=dict)
    """Rows as the hub was last shown them: by a read, a lookup, an answer."""
    unseen: list[str] = field(default_factory=list)
    """What people entered and the hub overwrote without ever having been shown it."""
    read_whole: bool = False
    """The run at hand has read all that is there."""
    read_to_the_end: bool = False
    """Its read did not break off, though it may have begun at a cursor."""
    sent: Callable[[Operation, Result | None], None] = lambda _operation, _result: None
    """Told what the hub sends and what it is told; None: nothing."""
    edited: Callable[[str], None] = lambda _name: None
    """Told which row somebody edits."""
    log: Callable[[str], None] = lambda _line: None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._times: list[tuple[datetime, int]] = []
        self._answered: dict[str, Result] = {}
        self._at_call: tuple[dict[str, Kept], int] = ({}, 0)

    # What people do

    def create(self, *, at: float, **values: Any) -> str:
        name = super().create(at=at, **values)
        self._heard(name, self.kept[name].values)
        return name

    def edit(self, name: str, *, at: float, **values: Any) -> None:
        before = self.kept[name].values
        super().edit(name, at=at, **values)
        self.edited(name)
        now = self.kept[name].values
        self._heard(name, {field_: now[field_] for field_ in values})
        # Who enters what stands there already says nothing that anybody could see; nor does who enters what the hub had put
        # there before the row went back to an older copy, which it may not have been shown.
        self.ours -= {
            (name, field_)
            for field_ in values
            if now[field_] != before[field_]
            and not (name in self.gone_back and (name, field_, repr(now[field_])) in self.put)
        }

    def restore_copy(self, name: str) -> None:
        super().restore_copy(name)
        self.gone_back.add(name)
        self.ours |= {
            (name, field_)
            for field_, value in self.kept[name].values.items()
            if (name, field_, repr(value)) in self.put
        }
        # Whoever edits it next lets stand what is there again, and the hub may have written that.
        self.believed.add(name)
        self.copies[name] = self.changes
        self._passed()

    def wrote(self, name: str, field_: str) -> bool:
        """Whether what the run at hand was told to stand there was written by the hub: nobody's word."""
        return (name, field_) in self.ours or (name, field_) in self.told_ours

    def tells_nothing(self, name: str, kept: Kept) -> bool:
        """Whether a row is a copy from earlier, and its time or version tells so: then it says nothing."""
        return self.copies.get(name) == kept.number and (self.versions or self.tells_time)

    def serve_stale(self, *names: str) -> None:
        super().serve_stale(*names)
        self.believed.update(self.gone_back & set(names))  # shown twice, an old copy is what the system went back to
        self.gone_back.update(names)

    @property
    def tells_late_reads(self) -> bool:
        """Whether an older copy of a row can be told from what people entered, also after a write of the hub."""
        known = self.answers or self.can_lookup
        return self.versions or (self.tells_time and self.bumps and known)

    def delete(self, name: str) -> None:
        super().delete(name)
        self.buried.add(name)
        self._passed()

    def merge(self, name: str, into: str) -> None:
        """Somebody merges a row into another, which stays as it is."""
        self.delete(name)
        self.merged[name] = into

    def _heard(self, name: str, values: dict[str, Any]) -> None:
        for field_, value in values.items():
            self.words.setdefault((name, field_), []).append(value)
        self._passed()

    def _passed(self) -> None:
        self._times.append((self.clock(), self.changes))

    # What a hub meets

    def run_begins(self) -> None:
        """A run of the hub begins."""
        self.read, self.told_ours, self.run_began = {}, set(), self.changes
        self.read_whole = self.read_to_the_end = False

    def write_begins(self) -> None:
        """The hub calls to write: what was there before is what a look just before could have shown it."""
        self._at_call = dict(self.kept), self._found(ago=_A_MOMENT)

    def show(self, rows: Mapping[str, Kept]) -> None:
        """Note what the hub is shown; an older copy of a row tells it nothing that it did not know."""
        for name, kept in rows.items():
            if name not in self.last_shown or self.last_shown[name].number < kept.number:
                self.last_shown[name] = kept

    @property
    def found(self) -> int:
        """The number of the last change that its search knows of."""
        return self._found()

    def _found(self, ago: timedelta = timedelta(0)) -> int:
        if not self.lag:
            return self.changes
        known = self.clock() - timedelta(minutes=self.lag) - ago
        return max((number for time, number in self._times if time <= known), default=0)

    def perform(self, operation: Operation) -> Result:
        if self.repeats and operation.idempotency_key in self._answered:
            return self._answered[operation.idempotency_key]
        self._watch(operation)
        before = self.kept.get(operation.remote_id or "")
        buried = set(self.buried)
        unseen = self._unseen(operation)
        result = super().perform(operation)
        if result.status == "ok":
            self.unseen += unseen
            if operation.kind == "create":
                self.show({result.remote_id or "": self.kept[result.remote_id or ""]})
        self._passed()
        if operation.kind == "create" and result.status == "ok":
            self.made.add(result.remote_id or "")
        name = result.remote_id or ""
        self.ours |= {(name, field_) for field_ in operation.values}
        stored = self.kept[name].values if name in self.kept else {}
        self.put |= {(name, field_, repr(stored[field_])) for field_ in operation.values if field_ in stored}
        if operation.kind in ("delete", "archive") and result.status == "ok" and before:
            self.removed.append(operation.remote_id or "")
            self.buried = buried
        self._answered[operation.idempotency_key] = result
        return result

    def done(self, operation: Operation) -> Result | None:
        """What became of an operation, whoever heard of it; None if it never came."""
        return self._answered.get(operation.idempotency_key)

    def _watch(self, operation: Operation) -> None:
        """Note a second row for somebody whose row the hub could see when it began, or by a look just before, or had made."""
        email = operation.values.get("email")
        if operation.kind != "create" or not email:
            return
        there, reached = self._at_call
        for name, kept in self.kept.items():
            known = kept.number <= self.run_began and kept.number <= self.found
            # An undo (nothing is read for it) puts back what there was, also two of one address.
            known = known or (name in self.made and (name, "email") in self.ours and self.run_began >= 0)
            seen = self.can_lookup and not self.read_whole and there.get(name) is kept and kept.number <= reached
            if kept.values["email"] == email and (seen or (known and name not in self.gone_back)):
                self.doubles.append(email)

    def _unseen(self, operation: Operation) -> list[str]:
        """What people entered that a write takes away, and that the hub could have been shown: a system with versions would
        even refuse, one that can be asked tells what was there until just before."""
        name = operation.remote_id or ""
        now = self.kept.get(name) if self.versions else self._at_call[0].get(name) if self.can_lookup else None
        if now is None or operation.kind == "create":
            return []
        seen = self.last_shown.get(name)
        lost = []
        for field_ in operation.values if operation.kind == "update" else self.types:
            there, known = now.values[field_], seen.values[field_] if seen else None
            entered = (name, field_) in self.words and (name, field_) not in self.ours
            written = operation.values.get(field_, there if operation.kind == "update" else None)
            if entered and canonical(field_, there) not in (canonical(field_, known), canonical(field_, written)):
                lost.append(f"{field_} = {there!r} of {name} by {operation.kind}")
        return lost
