"""A world: simulated systems with the real hub over them, and how the steps of a history happen in it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from synchub.errors import SynchubError
from synchub.spec.reports import RunReport
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_seams import Backwards, Killed
from synchub.testing.simulation.connector import connector_of
from synchub.testing.simulation.deeds import do
from synchub.testing.simulation.edits import configured, edit
from synchub.testing.simulation.faults import Strikes, watch_store
from synchub.testing.simulation.hearing import Hearing, Row
from synchub.testing.simulation.knowledge import Knowledge
from synchub.testing.simulation.steps import HUB, Deed, Edit, Fault, Run, Shape, Step
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import FIELDS, GARBLED, TOKEN, TYPES, Bank, canonical, cut
from synchub.testing.simulation.violation import Violation

AN_HOUR = 60
IN_MEMORY = Path("/dev/shm")
"""Where there is such a folder, nothing waits for a disk."""


class World:
    """What a history is played in. `trace` tells all that happened, the same every time."""

    def __init__(self, shape: Shape, *, backwards: bool = False) -> None:
        self.shape = shape
        self.now = 0
        self.trace: list[str] = []
        self.systems = [self._system(number, traits, backwards) for number, traits in enumerate(shape.traits)]
        self.members = [dict(member) for member in shape.members]
        self.rules = dict(shape.rules)
        self.removed: set[int] = set()
        self.ever_deleting = {n for n, member in enumerate(self.members) if _deletes(member)}
        self.broken_off = False
        """Whether the last run did not come to its end."""
        self.waited = False
        """Whether a run that came to its end had to leave open what became of something that was sent."""
        self.said: set[tuple[str, str]] = set()
        self.reports: list[RunReport] = []
        self.opted_out: set[tuple[str, str]] = set()
        self.joined = self.undone = self.ruled = False
        """Whether a person ever joined two records, took a run back, changed a rule."""
        self.decided: dict[tuple[int, str], tuple[str, int]] = {}
        """(record, field) to what a person decided last, and how many words had been heard by then."""
        self.parted: list[tuple[Row, int]] = []
        """Rows that people parted from a record, and that record."""
        self.turned: set[int] = set()
        """Members that were once only written and then not, or the other way round."""
        self.ever_unmapped = {str(member["unmap"]) for member in self.members if member.get("unmap")}
        self.hearing = Hearing()
        self.hub = MemoryHub(
            self.systems,
            rules=self.rules,
            members=configured(self),
            executor=Backwards() if backwards else None,
            rates=Bank(),
            secrets=(TOKEN,),
            connect=connector_of,
            folder=IN_MEMORY if IN_MEMORY.is_dir() else None,
        )
        self.hub.crash = lambda point: self._point(point)
        self.known = Knowledge(self.hub, FIELDS)
        self.strikes = Strikes((), self.do, self.trace.append)
        watch_store(self.hub.store, self._store_called)

    def _system(self, number: int, traits: Any, backwards: bool) -> SimulatedSystem:
        own = dict(traits)
        if own.pop("cuts", False):
            own["stores"] = {"job_title": cut, "owner": cut}
        fields: Any = {name: TYPES.get(name) for name in FIELDS}
        system = SimulatedSystem(f"s{number}", fields=fields, **own)
        system.log = self.trace.append
        system.strikes = partial(lambda number, call: self.strikes(number, call), number)
        system.sent = lambda operation, result: self.hearing.sent(system, operation, result)
        system.edited = lambda name: self.hearing.edited_meanwhile(system, name)
        if backwards:
            system.page_size, system.order = 1, lambda names: names[::-1]
        return system

    def close(self) -> None:
        self.hub.close()

    @property
    def present(self) -> list[tuple[SimulatedSystem, dict[str, Any]]]:
        """The systems that are configured now, each with what its member says."""
        return [
            (system, member)
            for number, (system, member) in enumerate(zip(self.systems, self.members, strict=True))
            if number not in self.removed
        ]

    @property
    def gone_back(self) -> set[Row]:
        """Rows that stood, or were shown, as they had been before."""
        return {(system.name, name) for system in self.systems for name in system.gone_back}

    def place(self, row: Row) -> int:
        """The number of a row's system."""
        return next(number for number, system in enumerate(self.systems) if system.name == row[0])

    def rank(self, row: Row) -> tuple[int, str]:
        """The place of a row's member in hub.toml, those that are gone last; then its id."""
        place = self.place(row)
        return (place + len(self.systems) * (place in self.removed), row[1])

    def add(self, name: str) -> SimulatedSystem:
        """One more system, with a member of its own."""
        system = SimulatedSystem(name, fields={field: TYPES.get(field) for field in FIELDS})
        system.log = self.trace.append
        self.systems.append(system)
        self.members.append({})
        self._configure()
        return system

    def set_member(self, system: SimulatedSystem, **options: Any) -> None:
        """Edit what its member says."""
        self.members[self.systems.index(system)].update(options)
        self._configure()

    def _configure(self) -> None:
        self.hub.change(members=configured(self), systems=[system for system, _ in self.present])

    # Steps

    def step(self, step: Step) -> None:
        """Let one step of a history happen."""
        self.trace.append(repr(step))
        match step:
            case Run():
                self.run(step)
            case Edit():
                edit(self, step)
            case Deed():
                self.do(step)

    def tick(self) -> None:
        """A minute passes, for the hub too."""
        self.now += 1
        self.hub.put(self.now)

    def do(self, deed: Deed) -> None:
        """Somebody does something. What the hub refuses to do for a person is no fault."""
        self.tick()
        try:
            do(self, deed)
        except SynchubError as refusal:
            self.trace.append(f"refused: {refusal.happened}")

    def run(self, step: Run) -> int:
        """One run. Returns how many writes were sent; raises Violation if it fails for no reason."""
        self.now += 1
        self._run_begins()
        if not self.broken_off:
            self.waited = self.waited or bool(self.known.open_work([system.name for system, _ in self.present]))
        self.strikes = Strikes(step.faults, self.do, self.trace.append)
        self.broken_off = True
        try:
            written = self._sync(step)
            self.broken_off = False
            return written
        except Killed as killed:
            self.trace.append(f"killed at {killed}")
            self._begin_anew()
        except SynchubError as problem:
            self._excuse(step, problem.line)
        finally:
            # A batch that was answered is not recorded either where what is stored can't be looked up.
            recorded = not any(fault.system == HUB or fault.call == "lookup" for fault in step.faults)
            self.hearing.run_ends(recorded=recorded)
            self.strikes = Strikes((), self.do, self.trace.append)
        return 0

    def _run_begins(self) -> None:
        for system in self.systems:
            system.run_begins()

    def _sync(self, step: Run) -> int:
        waiting = tuple(system.name for system, _ in self.present) if step.accept else ()
        only = (self.systems[step.only].name,) if step.only is not None and step.only not in self.removed else ()
        options: dict[str, Any] = {"full": step.full, "systems": only, "accept": () if only else waiting}
        report = self.hub.sync(self.now, allow={"deletes": 1000}, **options)
        counts = {one.member: (one.written, one.failed, one.unchanged) for one in report.members}
        self.trace.append(f"{report.state} {counts}")
        self.reports.append(report)
        if report.problem:
            self._excuse(step, report.problem)
        return sum(sum(one) for one in counts.values())

    def _excuse(self, step: Run, problem: str) -> None:
        self.trace.append(problem.replace(str(self.hub.folder), "FOLDER"))
        if not step.faults:
            raise Violation(f"a run failed, and nothing was wrong: {problem}")

    def _begin_anew(self) -> None:
        self.strikes = Strikes((), self.do, self.trace.append)
        self.hub.reopen()
        watch_store(self.hub.store, self._store_called)

    def _store_called(self, call: str) -> Fault | None:
        fault = self.strikes(HUB, call)
        for system in self.systems if fault else ():
            self.hearing.miss(system)  # what it told may have been on its way to the store
        return fault

    def _point(self, point: str) -> None:
        if point == "decided":
            self._note()
        self.strikes(HUB, point)

    def _note(self) -> None:
        """What was read is stored by now: from here on it must not get lost."""
        strikes, self.strikes = self.strikes, Strikes((), self.do, self.trace.append)
        self.hearing.listen(self, self.known.last_run())
        self.strikes = strikes  # who looks on is never struck, and does not count
        aside = self.known.aside()
        for system, member in self.present:
            unmapped = member.get("unmap")
            for name, kept in system.read.items():
                if (system.name, name) in aside or kept.values["lead_score"] == GARBLED:
                    continue
                if system.tells_nothing(name, kept):
                    continue
                theirs = {f: v for f, v in kept.values.items() if not system.wrote(name, f) and f != unmapped}
                self.said |= {
                    (f, canonical(f, v, system.currency))
                    for f, v in theirs.items()
                    if v not in (None, []) and f in FIELDS
                }
                if kept.values["opted_out"] is True:
                    self.opted_out.add((system.name, name))
            system.read = {}

    def wait(self) -> None:
        """Nothing happens for so long that everything can be found everywhere."""
        self.now += AN_HOUR


def _deletes(member: dict[str, Any]) -> bool:
    return str(member.get("on_delete", "ignore")) != "ignore"
