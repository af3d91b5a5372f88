"""What the hub tells people, as finished values: what would change, what was done, why, and what waits.

The engine makes these, `render` shows them, `--json` prints them field by field. No behaviour beyond sums.

Values are canonical or native text: `""` is blank, None is never filled or absent. Times are aware, in the
hub's time zone. `label` is a record as people know it: "Ann Lee <ann@example.com>", or its hub id where
nothing better is known.
Fields are only added, never renamed: what `--json` prints is public.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ChangeKind = Literal["create", "update", "archive", "delete"]
RunState = Literal["running", "done", "incomplete", "failed", "stopped", "interrupted"]
NoticeKind = Literal["system_down", "system_up", "sync_failing", "sync_well"]
LinkState = Literal["live", "tombstoned", "outside"]
"""live; gone from its system; or linked but outside the member's `where`, so not written at present."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one system that would be (or was) written.

    before    the native text the system is known to hold
    after     the native text that is sent
    winner    the system whose claim is golden; "hub" for a person's decision
    losers    the other claims as (system, canonical value)
    note      anything a reader should know: "only record-level times decided"
    """

    field: str
    native: str
    before: str | None
    after: str | None
    rule: str = ""
    winner: str = ""
    conflict: bool = False
    losers: tuple[tuple[str, str | None], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One operation. `put_back`: a lone edit in this system that the rule does not follow is undone there."""

    member: str
    kind: ChangeKind
    record: str
    label: str
    remote_id: str | None = None
    fields: tuple[FieldChange, ...] = ()
    put_back: bool = False
    recomputed: bool = False
    """Only because a rule changed; listed apart."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """What one member would be sent. Counts are of the whole plan; `more` counts the changes that were cut.

    deletes    deletes and archives together, as the guard counts them
    held_back  fields and operations that are due but wait: an open question, no outward form, outside `where`,
               a system that can't be reached
    """

    member: str
    system: str
    stream: str
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    unchanged: int = 0
    held_back: int = 0
    changes: tuple[RecordChange, ...] = ()
    more: int = 0
    first_contact: bool = False
    needs_acceptance: bool = False
    problem: str = ""
    """Why it takes no part, if it doesn't: what it holds by now is not known."""

    @property
    def total(self) -> int:
        return self.creates + self.updates + self.deletes


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """Two claims of different value, where neither system held the other's value when it changed."""

    record: str
    label: str
    field: str
    rule: str
    winner: str
    value: str | None
    losers: tuple[tuple[str, str | None], ...]
    record_times: bool = False
    """Only the times of whole records decided: neither system tells when the field itself changed."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """One sync, decided but not done. `plan` is the id of a saved plan."""

    sync: str
    started: datetime
    members: tuple[MemberPlan, ...]
    plan: str | None = None
    conflicts: tuple[ConflictLine, ...] = ()
    new_records: int = 0
    joined: int = 0
    review: int = 0
    quarantined: int = 0
    recomputed: int = 0
    guard: tuple[str, ...] = ()
    """Limits that are exceeded, one sentence each. Not empty: `sync` would stop before the first write."""
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        return sum(member.total for member in self.members)

    @property
    def waits(self) -> bool:
        return bool(self.review or self.quarantined or self.guard or any(m.held_back for m in self.members))


@dataclass(frozen=True, slots=True)
class MemberRun:
    """What a run did with one member. `problem`: why it broke off, if it did."""

    member: str
    system: str
    stream: str
    read: int = 0
    changed: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0
    quarantined: int = 0
    full: bool = False
    """The read saw every record, not only what changed."""
    problem: str = ""

    @property
    def written(self) -> int:
        return self.created + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for a person or for the next run."""

    review: int = 0
    quarantine: int = 0
    open_operations: int = 0
    acceptance: tuple[str, ...] = ()
    """Members that were added to a sync that has run before: planned, not written until accepted."""

    @property
    def any(self) -> bool:
        return bool(self.review or self.quarantine or self.open_operations or self.acceptance)


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of one sync, finished or not. `put_back` and `own_form` count fields."""

    run: str
    sync: str
    started: datetime
    ended: datetime | None
    state: RunState
    members: tuple[MemberRun, ...] = ()
    conflicts: tuple[ConflictLine, ...] = ()
    conflict_count: int = 0
    """All conflicts of the run; `conflicts` tells of the first ones, and of none of a past run."""
    put_back: int = 0
    own_form: int = 0
    waits: Waits = field(default_factory=Waits)
    problem: str = ""
    notes: tuple[str, ...] = ()
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told once, unasked. `subject` is the system or the sync that it is about; `text` one sentence
    with nobody's values in it. `at` is aware."""

    kind: NoticeKind
    hub: str
    subject: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunsReport:
    """Past runs, newest first. With one run asked for, `changes` is what it wrote."""

    runs: tuple[RunReport, ...]
    changes: tuple[RecordChange, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """What one system said about one field. `at` None: undated, older than every dated claim.

    run     the run that heard it
    weak    counts only where nobody else has a value
    reason  why it lost, or why it counts no more; of a person's decision who took it and why
    """

    system: str
    value: str | None
    at: datetime | None = None
    run: str = ""
    stream: str = ""
    weak: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HeldLine:
    """What one system is known to hold: `value` as native text in its field `native`.

    `note`: why it differs from golden.
    """

    system: str
    native: str
    value: str | None
    stream: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """One field of a record: what is valid, by which rule, whose claim won, whose lost.

    losers   claims that still stand and lost
    history  claims that were replaced since, newest first
    held     systems that hold something else than the valid value
    counted  the claims that a computed value is put together from; then no single one wins
    """

    field: str
    value: str | None
    rule: str
    winner: ClaimLine | None = None
    losers: tuple[ClaimLine, ...] = ()
    history: tuple[ClaimLine, ...] = ()
    held: tuple[HeldLine, ...] = ()
    note: str = ""
    counted: tuple[ClaimLine, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkLine:
    """Where a record is linked. `name` is what `split` takes: "crm:contacts:4711"."""

    name: str
    system: str
    stream: str
    remote_id: str
    state: LinkState = "live"
    since: datetime | None = None
    by: str = ""
    """How it came to be linked: the key it was matched on, "created by the hub", "by hand"."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record whole: what the hub knows of it, from whom, and why it believes what it believes."""

    entity: str
    hub_id: str
    label: str
    fields: tuple[FieldExplanation, ...]
    links: tuple[LinkLine, ...] = ()
    known_since: datetime | None = None
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
