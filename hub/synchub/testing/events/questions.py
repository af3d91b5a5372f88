"""What must hold of events, whatever happens."""

from __future__ import annotations

from collections import Counter

from synchub.testing.events.world import EventWorld
from synchub.testing.simulation.resting import run_until_quiet
from synchub.testing.simulation.steps import Run
from synchub.testing.simulation.violation import must


def nothing_is_passed_on_twice(world: EventWorld) -> None:
    for system in world.tellers:
        told = Counter(row["subject"] for row in system.rows.values())
        twice = [subject for subject, count in told.items() if count > 1]
        must(not twice, f"twice in {system.name}: {twice}")


def everything_is_known_once(world: EventWorld) -> None:
    twice = [subject for subject, count in Counter(one.subject for one in world.events().values()).items() if count > 1]
    must(not twice, f"known twice: {twice}")


def nothing_is_forgotten(world: EventWorld) -> None:
    """What was once known stays known, as it happened, though its system drops it or its contact goes."""
    now = {number: one.subject for number, one in world.events().items()}
    lost = {number: subject for number, subject in world.seen.items() if now.get(number) != subject}
    must(not lost, f"forgotten or changed: {lost}")
    world.seen |= now


def it_is_as_it_happened(world: EventWorld) -> None:
    """What is passed on says what happened, when, and to whom: by an address that its contact has or had."""
    for system, _, row in world.passed_on:
        email, when = world.happened[row["subject"]]
        must(row["occurred_at"] == when, f"{row['subject']} was at {when}, and is passed on with {row['occurred_at']}")
        if not world.parted and not (system is world.book and world.by_hub_id):
            shared = world.addresses.get(email, set())
            theirs = {address for address, rows in world.addresses.items() if _hang_together(world, shared, rows)}
            must(row["contact"] in theirs, f"{row['subject']} of {email} is passed on as of {row['contact']}")


def _hang_together(world: EventWorld, some: set[tuple[str, str]], others: set[tuple[str, str]]) -> bool:
    """Whether rows are of one person, directly or by other addresses of theirs."""
    reached, rest = set(some), [set(rows) for rows in world.addresses.values()]
    grown = True
    while grown:
        grown = False
        for rows in rest:
            if rows & reached and not rows <= reached:
                reached |= rows
                grown = True
    return bool(reached & others)


ALWAYS = (nothing_is_passed_on_twice, everything_is_known_once, nothing_is_forgotten, it_is_as_it_happened)


def rest(world: EventWorld) -> None:
    """Nothing fails any more and nobody does anything: run until nothing is sent, twice running."""
    world.wait()
    if any(system.slipped for system in world.systems):
        world.run(Run(full=True))
    counts = run_until_quiet(world, world.wait)
    must(not any(counts[-2:]), f"it does not come to rest: {counts} events sent")
    world.wait()
    late = world.run(Run(full=True))
    must(not late, f"it rested, and then sent {late} that it had overlooked")


def all_is_known(world: EventWorld) -> None:
    """Everything that is still told is known."""
    known = {one.subject for one in world.events().values()}
    missing = {row["subject"] for system in world.tellers for row in system.rows.values()} - known
    must(not missing, f"never taken in: {missing}")


def each_belongs_to_its_contact(world: EventWorld) -> None:
    """Who has the address, and alone, and only ever had, has what happened to it; who was joined into another has nothing."""
    living = set(world.known.goldens())
    holders: dict[str, set[int]] = {}
    for link in world.known.links():
        if link["hv.email"]:
            holders.setdefault(link["hv.email"], set()).add(link["record"])
    for one in world.events().values():
        email, _ = world.happened[one.subject]
        must(one.record is None or one.record in living, f"{one.subject} belongs to {one.record}, who is nobody")
        records = holders.get(email, set())
        if len(records) == 1 and not _moved(world, email):
            must({one.record} == records, f"{one.subject} of {email} belongs to {one.record}, not to {records}")
        if email not in world.addresses:
            must(one.record is None, f"{one.subject} of {email}, whom nobody knows, belongs to {one.record}")


def _moved(world: EventWorld, email: str) -> bool:
    """Whether a row that had the address has another by now, or is gone."""
    rows = world.addresses.get(email, set())
    held = {
        (system.name, name): kept.values["email"] for system in world.systems[:2] for name, kept in system.kept.items()
    }
    return any(held.get(row) != email for row in rows)


def all_is_passed_on(world: EventWorld) -> None:
    """What belongs to somebody whom the book can name is there, unless a person is asked about it."""
    golden = world.known.goldens()
    asked = {one["subject"].rpartition(":")[2] for one in world.known.questions("unanswered", answered=True)}
    refused = world.refused()
    there = {(system.name, row["subject"]) for system, _, row in world.passed_on}
    for number, one in world.events().items():
        if one.record is None or str(number) in asked or number in refused:
            continue
        other = world.book if world.born[one.subject] is world.web else world.web
        named = (other is world.book and world.by_hub_id) or golden[one.record].get("email")
        must(not named or (other.name, one.subject) in there, f"{one.subject} of {one.record} was never passed on")


AT_REST = (all_is_known, each_belongs_to_its_contact, all_is_passed_on)
