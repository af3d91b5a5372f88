"""The rule of the whole: a real hub over the connector and a system in memory comes to rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synchub.api import Connector, Stream
from synchub.spec.reports import RunReport
from synchub.testing.conformance.scene import SAMPLES
from synchub.testing.conformance.subject import Subject, unlike
from synchub.testing.conformance.verdicts import Unchecked, expect
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_connector import connector_of
from synchub.testing.memory_hub import MemoryHub


@dataclass
class Guest:
    """The connector's system, as a hub over systems in memory knows its own: a name, a stream, a clock."""

    subject: Subject
    name: str = "guest"
    types: dict[str, Any] = field(default_factory=dict)

    @property
    def stream(self) -> Stream:
        return self.subject.stream

    @property
    def clock(self) -> Callable[[], datetime]:
        return self.subject.scene.clock

    @clock.setter
    def clock(self, clock: Callable[[], datetime]) -> None:
        self.subject.scene.clock = clock


def second_plan_is_empty(s: Subject) -> None:
    """After a sync there is nothing left to plan.

    Why: A connector that shows a value otherwise than it was written, or otherwise every time, makes every run write
    again: that costs requests, moves times of change, and hides what people really edited.

    Example: A time of reading in a field; numbers read as `1.0` and written as `1`; a set in another order every time.

    Exempt: Where its records are no contacts.
    """
    mapping = dict(s.scene.mapping)
    if "email" not in mapping:
        raise Unchecked("the scene maps no `email`, so a hub could not tell who is who")
    text = next((name for name, native in mapping.items() if native == s.text), None)
    if text is None:
        raise Unchecked("the scene maps no field of plain text")
    if not s.stream.write_only:
        s.plant(2)
    email = str(s.scene.sample(2)[mapping["email"]])
    other = MemorySystem("other", [name for name in mapping if name != "hub_id"])
    other.create(at=0, **{"email": email, text: "Known there"})
    if "create" in s.stream.writes:
        other.create(at=0, **{name: SAMPLES.get(name, "Only there").format(number=9001) for name in other.types})
    direction = "out" if s.stream.write_only else "both" if s.stream.writes else "in"
    members = {"guest": {"mapping": mapping, "direction": direction}}
    with MemoryHub([Guest(s), other], members=members, connect=_connect) as hub:  # type: ignore[list-item]
        _done(hub.sync(10), "the first sync")
        _quiet(hub, 20)
        if "update" in s.stream.writes and "create" in s.stream.writes:
            (person,) = [name for name, row in other.rows.items() if row["email"] == email]
            other.edit(person, at=30, **{text: "Edited there"})
            _done(hub.sync(40), "a sync after an edit")
            (row,) = [row for row in s.read().rows.values() if row[mapping["email"]] == email]
            expect(not unlike({s.text: "Edited there"}, row), f"an edit elsewhere did not arrive: {row}")
            _quiet(hub, 50)


def _connect(system: Any) -> Connector:
    return system.subject.connector() if isinstance(system, Guest) else connector_of(system)


def _quiet(hub: MemoryHub, at: float) -> None:
    plan = hub.plan(at)
    changes = [change for member in plan.members for change in member.changes]
    fields = sorted({f"{change.member}.{field.native}" for change in changes for field in change.fields})
    expect(not changes, f"the next plan would change {', '.join(fields) or len(changes)} once more")
    report = hub.sync(at + 1)
    _done(report, "the next sync")
    written = sum(member.created + member.updated + member.deleted for member in report.members)
    expect(written == 0, f"the next sync wrote {written} times once more")


def _done(report: RunReport, what: str) -> None:
    problems = [report.problem, *(member.problem for member in report.members)]
    told = "; ".join(problem for problem in problems if problem)
    expect(report.state == "done" and not told, f"{what} came to {report.state}: {told}")
    failed = sum(member.failed + member.quarantined for member in report.members)
    expect(failed == 0, f"in {what}, {failed} records could not be read or written")
