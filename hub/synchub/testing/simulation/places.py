"""Rows of a world at rest that something can be tried with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

from synchub.testing.simulation.steps import Deed
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import GARBLED
from synchub.testing.simulation.world import World

Place = tuple[SimulatedSystem, str]
"""A system and the id of a row there."""


def settled_rows(world: World) -> list[tuple[SimulatedSystem, str, int]]:
    """Rows of systems that are heard, which the hub knows and understands, with their records."""
    owners, aside = world.known.owners(), world.known.aside()
    return [
        (system, name, owners[system.name, name])
        for system, member in world.present
        for name, kept in sorted(system.kept.items())
        if member.get("direction") != "out"
        and (system.name, name) in owners.keys() - aside
        and kept.values["lead_score"] != GARBLED
        and name not in system.gone_back
    ]


def edit_of(world: World, system: SimulatedSystem, name: str, field: str, value: int) -> Deed:
    return Deed("edit", world.systems.index(system), sorted(system.kept, key=int).index(name), field, value % 10)


def both_ways(world: World) -> list[tuple[SimulatedSystem, dict[str, Any]]]:
    """The systems that are read and written, and whose word counts in full."""
    return [
        (system, member)
        for system, member in world.present
        if member.get("direction", "both") == "both" and not system.weak
    ]


def heard(world: World, field: str) -> list[Place]:
    """Rows in systems that are read, written and shown in full: what is entered there is heard at once."""
    owners, aside = world.known.owners(), world.known.aside()
    return [
        (system, name)
        for system, member in both_ways(world)
        for name, kept in sorted(system.kept.items())
        if member.get("unmap") != field
        and "where" not in member
        and (system.name, name) in owners
        and (system.name, name) not in aside
        and name not in system.gone_back
        and kept.values["lead_score"] != GARBLED
        and field not in system.stores
        and world.hearing.knows_form((system.name, name), field)
    ]


def pairs(world: World, field: str) -> Iterator[tuple[Place, Place]]:
    """Two such rows of one record, each in a system of its own, either way round."""
    owners = world.known.owners()
    for first, second in permutations(heard(world, field), 2):
        if first[0] is not second[0] and owners[first[0].name, first[1]] == owners[second[0].name, second[1]]:
            yield first, second


def two_of_one(world: World, field: str) -> tuple[Place, Place] | None:
    """The first two of them of which the second is of a system that can be asked, or has versions."""
    found = (pair for pair in pairs(world, field) if pair[1][0].can_lookup or pair[1][0].versions)
    return next(found, None)


def deleted_in_two(world: World) -> tuple[Place, Place] | None:
    """A row whose delete is seen, as no other of its system stands for the same record, and one that is to follow it."""
    owners, aside = world.known.owners(), world.known.aside()
    for first, _ in world.present:
        own = {name: owners.get((first.name, name)) for name in first.kept}
        alone = [name for name, record in own.items() if record is not None and list(own.values()).count(record) == 1]
        for name in alone if len(own) > 1 else []:
            for second, member in world.present:
                same = [other for other in second.kept if owners.get((second.name, other)) == own[name]]
                settled = not any((second.name, other) in aside for other in same)
                if second is not first and same and settled and member.get("direction") != "in":
                    return (first, name), (second, same[0])
    return None
