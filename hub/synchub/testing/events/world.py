"""A world in which things happen: two systems of contacts, one that tells what happened, one that it is passed on to. In some
worlds each of the last two does both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import text

from synchub.errors import SynchubError
from synchub.record.codec import opened
from synchub.spec.reports import RunReport
from synchub.testing.events.deeds import do
from synchub.testing.memory_hub import MemoryHub
from synchub.testing.memory_seams import Killed
from synchub.testing.simulation.connector import connector_of
from synchub.testing.simulation.faults import Strikes, watch_store
from synchub.testing.simulation.knowledge import Knowledge
from synchub.testing.simulation.steps import HUB, Deed, Fault, Run, Shape, Step
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import TOKEN
from synchub.testing.simulation.violation import Violation
from synchub.testing.simulation.world import AN_HOUR, IN_MEMORY

PEOPLE = {"email": None, "first_name": None, "job_title": None}
HAPPENED: dict[str, Any] = {"contact": "text", "occurred_at": "datetime", "type": None, "subject": None}
NAMES = ("crm", "shop", "web", "book")
WEB, BOOK = 2, 3


@dataclass(frozen=True, slots=True)
class Known:
    """An event as the hub knows it."""

    subject: str
    record: int | None


class EventWorld:
    """What a history of events is played in. Systems: crm and shop of contacts; web, which tells; book, which is only written
    unless events go both ways.

    trace     all that happened, the same every time
    happened  subject of everything that ever happened to the e-mail of its contact, and when
    born      the same subjects to the system that told of it first
    addresses e-mail addresses that were ever somebody's: e-mail to the rows, as (system, id)
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.now = 0
        self.trace: list[str] = []
        self.happened: dict[str, tuple[str, datetime]] = {}
        self.born: dict[str, SimulatedSystem] = {}
        self.both_ways = bool(shape.rules.get("both_ways"))
        self.addresses: dict[str, set[tuple[str, str]]] = {}
        self.parted = False
        """Whether a person ever joined or parted records."""
        self.seen: dict[int, str] = {}
        """What the hub was ever seen to know: number to subject."""
        self.strikes = Strikes((), self.do, self.trace.append)
        self.systems = [self._system(number, traits) for number, traits in enumerate(shape.traits)]
        self.by_hub_id = bool(shape.rules.get("by_hub_id"))
        by = {"contact": {"native": "contact", "by": "hub_id" if self.by_hub_id else "email"}}
        tells, takes = ("both", "both") if self.both_ways else ("in", "out")
        self.hub = MemoryHub(
            self.systems[:WEB],
            events=self.systems[WEB:],
            members={"web": {"direction": tells}, "book": {"direction": takes, "mapping": by}},
            secrets=(TOKEN,),
            connect=connector_of,
            folder=IN_MEMORY if IN_MEMORY.is_dir() else None,
        )
        self.hub.crash = lambda point: self._point(point)
        self.known = Knowledge(self.hub, tuple(PEOPLE))
        watch_store(self.hub.store, self._store_called)

    def _system(self, number: int, traits: Any) -> SimulatedSystem:
        fields = PEOPLE if number < WEB else HAPPENED
        system = SimulatedSystem(NAMES[number], fields=fields, **traits)
        system.log = self.trace.append
        system.strikes = partial(lambda number, call: self.strikes(number, call), number)
        return system

    @property
    def web(self) -> SimulatedSystem:
        return self.systems[WEB]

    @property
    def tellers(self) -> list[SimulatedSystem]:
        """The systems of what happened."""
        return self.systems[WEB:]

    @property
    def book(self) -> SimulatedSystem:
        return self.systems[BOOK]

    @property
    def passed_on(self) -> list[tuple[SimulatedSystem, str, dict[str, Any]]]:
        """Rows that tell of what another system told first: where they are, their ids, and what they say."""
        rows = [(system, name, row) for system in self.tellers for name, row in system.rows.items()]
        return [(system, name, row) for system, name, row in rows if self.born[row["subject"]] is not system]

    def events(self) -> dict[int, Known]:
        """What the hub knows to have happened, by its numbers."""
        with self.hub.store.read() as tx:
            rows = tx.execute(text("SELECT id, body, record FROM event")).all()
        return {number: Known(str(opened(body)["subject"]), record) for number, body, record in rows}

    def refused(self) -> set[int]:
        """The numbers of events that the book refused: a person is asked."""
        with self.hub.store.read() as tx:
            return set(tx.execute(text("SELECT record FROM operation WHERE state = 'rejected'")).scalars())

    def close(self) -> None:
        self.hub.close()

    def step(self, step: Step) -> None:
        """Let one step of a history happen."""
        self.trace.append(repr(step))
        if isinstance(step, Run):
            self.run(step)
        elif isinstance(step, Deed):
            self.do(step)

    def do(self, deed: Deed) -> None:
        """Somebody does something. What the hub refuses to do for a person is no fault."""
        self.now += 1
        self.hub.put(self.now)
        try:
            do(self, deed)
        except SynchubError as refusal:
            self.trace.append(f"refused: {refusal.happened}")

    def run(self, step: Run) -> int:
        """A run of both syncs, contacts first, as `synchub sync` does them. Returns how many events were sent."""
        self.now += 1
        for system in self.systems:
            system.run_begins()
        self.strikes = Strikes(step.faults, self.do, self.trace.append)
        try:
            self._told(step, self.hub.sync(self.now, full=step.full, accept=NAMES[:WEB], allow={"deletes": 1000}))
            report = self.hub.sync_events(self.now, full=step.full, accept=NAMES[WEB:])
            self._told(step, report)
            return sum(one.written + one.failed for one in report.members)
        except Killed as killed:
            self.trace.append(f"killed at {killed}")
            self.strikes = Strikes((), self.do, self.trace.append)
            self.hub.reopen()
            watch_store(self.hub.store, self._store_called)
        except SynchubError as problem:
            self._excuse(step, problem.line)
        finally:
            self.strikes = Strikes((), self.do, self.trace.append)
        return 0

    def wait(self) -> None:
        """Nothing happens for so long that everything can be found everywhere."""
        self.now += AN_HOUR

    def _told(self, step: Run, report: RunReport) -> None:
        counts = {one.member: (one.read, one.written, one.failed) for one in report.members}
        self.trace.append(f"{report.sync} {report.state} {counts}")
        if report.problem:
            self._excuse(step, report.problem)

    def _excuse(self, step: Run, problem: str) -> None:
        self.trace.append(problem.replace(str(self.hub.folder), "FOLDER"))
        if not step.faults:
            raise Violation(f"a run failed, and nothing was wrong: {problem}")

    def _store_called(self, call: str) -> Fault | None:
        return self.strikes(HUB, call)

    def _point(self, point: str) -> None:
        self.strikes(HUB, point)
