"""What people do: in the systems, and in the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synchub.spec.options import Silent
from synchub.testing.memory import STREAM
from synchub.testing.simulation.steps import Deed
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import GARBLED, PEOPLE, value_of

if TYPE_CHECKING:
    from synchub.testing.simulation.world import World

NEW = "new@example.org"
"""Somebody who was never anywhere before. `enter` is done only when all else is over."""
IN_THE_HUB = ("decide", "split", "join", "answer", "undo")


def do(world: World, deed: Deed) -> None:
    """Let a deed be done, if it can be done there and then."""
    system = world.systems[deed.system % len(world.systems)]
    names = sorted(system.kept, key=int)
    if deed.kind == "create":
        _create(world, system, deed)
    elif deed.kind == "enter":
        system.create(at=world.now, email=NEW, first_name="New")
    elif deed.kind == "answer":
        _answer(world, deed)
    elif deed.kind == "undo":
        _undo(world)
    elif names and deed.kind in IN_THE_HUB:
        _decide(world, system, names[deed.who % len(names)], deed)
    elif names:
        _touch(world, system, names[deed.who % len(names)], deed)


def _create(world: World, system: SimulatedSystem, deed: Deed) -> None:
    email = f"p{deed.who % PEOPLE}@example.org"
    if any(kept.values["email"] == email for kept in system.kept.values()):
        return
    values = {} if not deed.field else {deed.field: value_of(deed, world.now)}
    system.create(at=world.now, **{**values, "email": email, "first_name": f"P{deed.who % PEOPLE}"})


def _touch(world: World, system: SimulatedSystem, name: str, deed: Deed) -> None:
    """Somebody does something to a row."""
    now, old = world.now, system.kept[name].before is not None and system.tells_time
    match deed.kind:
        case "edit":
            system.edit(name, at=now, **{deed.field: value_of(deed, now)})
        case "clear" if deed.field != "opted_out":
            system.edit(name, at=now, **{deed.field: None})
        case "rename":
            system.edit(name, at=now, email=f"new{now}@example.org")
        case "garble":
            system.edit(name, at=now, lead_score=GARBLED)
        case "delete":
            email = system.kept[name].values["email"]
            system.delete(name)
            if deed.value % 2:
                _edit_elsewhere(world, email)
        case "import":
            for each in system.kept:
                system.edit(each, at=now, opted_out=False)
        case "restore" if old:
            system.restore_copy(name)
        case "stale" if old and not system.incremental:
            system.serve_stale(name)
        case "merge" if len(system.kept) > 1:
            others = [other for other in sorted(system.kept, key=int) if other != name]
            system.merge(name, others[deed.value % len(others)])


def _edit_elsewhere(world: World, email: Any) -> None:
    """Somebody works on the same person in another system, which beats the delete."""
    for system in world.systems:
        for name, kept in system.kept.items():
            if kept.values["email"] == email:
                system.edit(name, at=world.now, job_title=f"kept {world.now}")
                return


def _decide(world: World, system: SimulatedSystem, name: str, deed: Deed) -> None:
    """Somebody tells the hub something about the record that a row belongs to."""
    owners = world.known.owners()
    own = owners.get((system.name, name))
    if own is None:
        return
    key = f"{system.name}:{STREAM}:{name}"
    if deed.kind == "decide":
        world.hub.set(key, at=world.now, job_title=f"decided {world.now}")
        world.decided[own, "job_title"] = (f"decided {world.now}", len(world.hearing.words))
    elif deed.kind == "split":
        if sum(record == own for record in owners.values()) > 1:
            world.hub.split(key, (system.name, name), at=world.now)
            world.parted.append(((system.name, name), own))
    elif deed.kind == "join":
        other = sorted(owners)[deed.value % len(owners)]
        if owners[other] != own:
            world.joined = True
            world.hub.join(key, f"{other[0]}:{STREAM}:{other[1]}", at=world.now)


def _answer(world: World, deed: Deed) -> None:
    """Somebody answers an open question."""
    review = world.hub.hub.review
    questions = review.list()
    if not questions:
        return
    asked = questions[deed.who % len(questions)]
    choices = [choice.answer for choice in asked.choices]
    answer = choices[deed.value % len(choices)]
    if answer == "VALUE":
        answer = f"answered {world.now}"
    elif answer == "KEY":
        answer = "new"
    world.joined = world.joined or answer in ("yes", "together", "other", "same")
    review.resolve(asked.id, answer, reason="a simulation")
    details = dict(asked.details)
    if asked.kind == "ask":
        record = int(str(asked.record).rpartition("-")[2])
        world.decided[record, str(details["field"])] = (answer, len(world.hearing.words))
    if answer == "same":  # its row is believed as it stands, whoever entered that
        next(one for one in world.systems if one.name == details["system"]).believed.add(str(details["remote_id"]))
    if answer == "other":  # who opted out there before has no row of that id any more
        world.opted_out.discard((str(details["system"]), str(details["remote_id"])))
    world.trace.append(f"{asked.question} {answer}")


def _undo(world: World) -> None:
    """Somebody takes back what the last run wrote."""
    run = world.known.last_written()
    if run is not None:
        world.undone = True
        for system in world.systems:
            system.run_began = -1  # nothing is read for it: all that it can be shown are lookups
        world.hub.hub.undo(run, Silent())
