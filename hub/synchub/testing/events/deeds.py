"""What people do where things happen, and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synchub.testing.memory import moment
from synchub.testing.simulation.steps import Deed
from synchub.testing.simulation.systems import SimulatedSystem

if TYPE_CHECKING:
    from synchub.testing.events.world import EventWorld

MOST = 5
"""So many people there are."""


def do(world: EventWorld, deed: Deed) -> None:
    """Let a deed be done, if it can be done there and then."""
    system = world.systems[deed.system % 2]
    names = sorted(system.kept, key=int)
    told = sorted((name for name, row in world.web.rows.items() if world.born[row["subject"]] is world.web), key=int)
    match deed.kind:
        case "create":
            _enter(world, system, f"p{deed.who % MOST}@example.org")
        case "happen":
            _happen(world, f"p{deed.who % MOST}@example.org", deed)
        case "correct":
            _correct(world, deed)
        case "forget" if told:  # what happened stays so, though its system drops it
            world.web.delete(told[deed.who % len(told)])
        case "answer":
            _answer(world)
        case "edit" | "rename" | "delete" | "join" | "split" if names:
            _touch(world, system, names[deed.who % len(names)], deed)


def _enter(world: EventWorld, system: SimulatedSystem, email: str) -> None:
    if all(kept.values["email"] != email for kept in system.kept.values()):
        name = system.create(at=world.now, email=email, first_name=email[:2])
        world.addresses.setdefault(email, set()).add((system.name, name))


def _happen(world: EventWorld, email: str, deed: Deed) -> None:
    """Something happens to somebody, whom the hub may know or not."""
    subject, when = f"visit {len(world.happened)}", moment(world.now)
    place = world.book if world.both_ways and not world.by_hub_id and deed.system % 2 else world.web
    world.happened[subject], world.born[subject] = (email, when), place
    place.create(at=world.now, contact=email, occurred_at=when, type=f"t{deed.value}", subject=subject)


def _correct(world: EventWorld, deed: Deed) -> None:
    """Somebody puts a row right that the hub has passed on: it goes on telling of the same."""
    if world.passed_on:
        system, name, _ = world.passed_on[deed.who % len(world.passed_on)]
        system.edit(name, at=world.now, type=f"t{deed.value} after all")


def _touch(world: EventWorld, system: SimulatedSystem, name: str, deed: Deed) -> None:
    row = (system.name, name)
    match deed.kind:
        case "edit":
            system.edit(name, at=world.now, job_title=f"job {deed.value}")
        case "rename":
            before, email = system.kept[name].values["email"], f"new{world.now}@example.org"
            system.edit(name, at=world.now, email=email)
            for address in (before, email):  # the hub may have made the row
                world.addresses.setdefault(address, set()).add(row)
        case "delete":
            system.delete(name)
        case "join" | "split":
            _decide(world, row, deed)


def _decide(world: EventWorld, row: tuple[str, str], deed: Deed) -> None:
    """A person joins the record of a row and another, or parts the row from its record."""
    owners = world.known.owners()
    if row not in owners:
        return
    world.parted = True
    if deed.kind == "split":
        world.hub.split(f"memory-{owners[row]}", row, at=world.now)
        return
    others = sorted(set(world.known.goldens()) - {owners[row]})
    if others:
        other = others[deed.value % len(others)]
        world.hub.join(f"memory-{owners[row]}", f"memory-{other}", at=world.now)


def _answer(world: EventWorld) -> None:
    """A person looks whether what was never answered is there, and says so."""
    there = {row["subject"] for _, _, row in world.passed_on}
    events = world.events()
    for asked in world.known.questions("unanswered"):
        subject = events[int(asked["subject"].rpartition(":")[2])].subject
        world.hub.resolve(str(asked["id"]), "leave" if subject in there else "retry", at=world.now)
