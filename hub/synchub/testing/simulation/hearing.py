"""What systems were read to say, as anybody could write it down who looks on: the words that the reference merge goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synchub.api import Operation, Result
from synchub.model import BLANK
from synchub.testing.memory import Kept, moment
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import FIELDS, GARBLED, canonical

if TYPE_CHECKING:
    from synchub.testing.simulation.world import World

Row = tuple[str, str]
"""A system and the id of a row there."""
NEVER = datetime.min.replace(tzinfo=moment(0).tzinfo)


@dataclass(frozen=True, slots=True)
class Word:
    """A value that a row was read to have, and that nobody but people put there. It was said between `early` and `late`;
    undated is NEVER. `base` is what the hub knew to be there before, `run` the number of the run that read it."""

    row: Row
    field: str
    value: str
    base: str
    early: datetime
    late: datetime
    run: int
    weak: bool


class Hearing:
    """All words so far. `blurred` (row, field): it can't be told from outside what is a word there and what is not, as after
    a write whose answer was lost. `puzzling`: rows that were ever set aside, asked about or made without an answer."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.blurred: set[tuple[Row, str]] = set()
        self.puzzling: set[Row] = set()
        self.moved: set[int] = set()
        """Records that were joined or parted."""
        self._held: dict[Row, dict[str, str]] = {}
        self._owners: dict[Row, int] = {}
        self._read_at: dict[str, datetime] = {}
        self._touched: dict[Row, datetime] = {}
        """When the hub last wrote a row, or read its system in part."""
        self._sent: list[tuple[Row, Operation]] = []
        self._unshown: dict[Row, set[str]] = {}
        """Fields that the hub sent where nobody says what is stored, or made a row without an answer, since it was last read."""
        self.forms: set[tuple[str, str]] = set()
        """(field, value) that people entered right after a write, which may be taken for a form of what was written."""
        self._run = 0
        self.removals: list[tuple[Row, int]] = []
        """Rows that the hub removed, and the last run by then that had decided."""
        self.asked: set[tuple[int, str]] = set()
        """(record, field) of which the run at hand has asked a person."""
        self.sent_meanwhile: list[tuple[Row, set[str], set[tuple[int, str]]]] = []
        """Rows, the fields that the hub sent them, and what it was asking by then."""
        self.guessed: list[str] = []
        """Rows that the hub linked though it could not tell to which record."""

    def run_ends(self, *, recorded: bool) -> None:
        """What was sent is known to the hub, unless the run broke off."""
        for row, operation in () if recorded else self._sent:
            self._blur(row, operation)
        self._sent, self.asked = [], set()

    def miss(self, system: SimulatedSystem) -> None:
        """What it told may have come nowhere."""
        self.puzzling |= {(system.name, name) for name in system.read}
        system.read = {}

    def listen(self, world: World, run: int) -> None:
        """What was read is stored: note what is new in it."""
        self._run = run
        aside, owners, start = world.known.aside(), world.known.belongs(), moment(world.now)
        self.asked = {(one["record"], one["details"].get("field", "")) for one in world.known.questions("ask")}
        shown = {
            (system.name, name): canonical("email", kept.values["email"])
            for system, _ in world.present
            for name, kept in system.read.items()
        }
        for system, _ in world.present:
            self._watch_new(system, owners, aside, shown)
        self._watch_owners(owners)
        for system, member in world.present:
            for name, kept in system.read.items():
                row = (system.name, name)
                if row in aside or row not in owners or kept.values["lead_score"] == GARBLED:
                    self.puzzling.add(row)
                else:
                    self._hear(system, member, name, kept, (start, run))
                self._unshown.pop(row, None)
                if not system.read_to_the_end:
                    self._touched[row] = start
            if system.read_to_the_end:
                self._read_at[system.name] = start

    def _watch_new(
        self, system: SimulatedSystem, owners: dict[Row, int], aside: set[Row], shown: dict[Row, str]
    ) -> None:
        """A row that was linked to a record that was there, while several of them had its key, was guessed. Who has another
        address by what this run was shown of them is none of those."""
        for name, kept in system.read.items():
            row, email = (system.name, name), canonical("email", kept.values["email"])
            known = row in self._owners or row in aside | self.puzzling or name in system.made | system.gone_back
            if known or row not in owners or owners[row] not in self._owners.values() or kept.values.get("hub_id"):
                continue
            alike = [one for one, held in self._held.items() if held.get("email") == email and one in owners]
            same = {self._owners[one] for one in alike if one in self._owners and shown.get(one, email) == email}
            if len(same) > 1 and email:
                self.guessed.append(f"{row} was taken for record {owners[row]}, it could be any of {sorted(same)}")

    def _watch_owners(self, owners: dict[Row, int]) -> None:
        for row, record in owners.items():
            before = self._owners.get(row, record)
            if before != record:
                self.moved |= {before, record}
        self._owners |= owners

    def _hear(
        self, system: SimulatedSystem, member: Mapping[str, Any], name: str, kept: Kept, when: tuple[datetime, int]
    ) -> None:
        row, first = (system.name, name), (system.name, name) not in self._held
        if first and name in system.made:
            self.puzzling.add(row)
        held = self._held.setdefault(row, {})
        early, late = self._said(system, row, kept, when[0], first=first)
        for field in (field for field in FIELDS if field != member.get("unmap")):
            value, base = canonical(field, kept.values[field], system.currency), held.get(field, BLANK)
            if value == base:
                continue
            held[field] = value
            if system.wrote(name, field):
                self.blurred.add((row, field))
            elif member.get("direction") != "out" or (field, value) == ("opted_out", "true"):
                self.words.append(Word(row, field, value, base, early, late, when[1], system.weak))

    def _said(
        self, system: SimulatedSystem, row: Row, kept: Kept, start: datetime, *, first: bool
    ) -> tuple[datetime, datetime]:
        """A row's own time, moved into the span from the hub's last look at it to the start of this run."""
        if not system.tells_time:
            return (NEVER, NEVER) if first else (start, start)
        looked = self._read_at.get(system.name, NEVER)
        latest = start if row in self._touched and self._touched[row] >= looked else looked
        if first:
            looked, latest = NEVER, NEVER if looked == NEVER else looked
        return min(max(kept.changed, looked), start), min(max(kept.changed, latest), start)

    def sent(self, system: SimulatedSystem, operation: Operation, result: Result | None) -> None:
        """The hub sent this, and was told that; None: it was told nothing."""
        done = system.done(operation) or result
        name = operation.remote_id or (done and done.remote_id) or ""
        row = (system.name, name)
        self._sent.append((row, operation))
        if not (system.answers or system.can_lookup):
            self._unshown.setdefault(row, set()).update(operation.values)
        if self.asked and name:
            self.sent_meanwhile.append((row, set(operation.values), self.asked))
        if operation.kind in ("delete", "archive"):
            self.removals.append((row, self._run))
        if result is None or result.status == "retry":
            self._blur(row, operation)
        elif result.status == "ok" and name in system.kept:
            if operation.kind == "create" and any((name, field) in system.words for field in FIELDS):
                self.puzzling.add(row)  # it was made earlier, without an answer, and people have edited it since
            held = self._held.setdefault(row, {})
            told = FIELDS if operation.kind == "create" else [field for field in operation.values if field in FIELDS]
            held |= {field: canonical(field, system.kept[name].values[field], system.currency) for field in told}
            self._touched[row] = system.clock()
            self.blurred |= {(row, field) for field in system.defaults if operation.kind == "create"}

    def knows_form(self, row: Row, field: str) -> bool:
        """Whether the hub knows how a row stores what it sent to a field: else what is entered next may be taken for that."""
        return field not in self._unshown.get(row, ())

    def edited_meanwhile(self, system: SimulatedSystem, name: str) -> None:
        """Somebody edits a row. A run that is at work may look at what it just wrote there, and take this for its form of it;
        so may the next one that reads it, where nothing else says how that was stored."""
        row, fields = (system.name, name), set(self._unshown.get((system.name, name), ()))
        for sent, operation in self._sent:
            if sent == row:
                self._blur(row, operation)
                # What stands beside what a create sent is taken for what the system filled in.
                fields |= set(FIELDS) if operation.kind == "create" else set(operation.values)
        self.blurred |= {(row, field) for field in fields}
        now = system.kept[name].values
        self.forms |= {(field, canonical(field, now[field], system.currency)) for field in fields & set(FIELDS)}

    def _blur(self, row: Row, operation: Operation) -> None:
        if operation.kind == "create":
            self.puzzling.add(row)
            self._unshown.setdefault(row, set()).update(operation.values)
        self.blurred |= {(row, field) for field in operation.values}
