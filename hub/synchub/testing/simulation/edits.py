"""What people edit in hub.toml and in mappings between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synchub.spec.mapping import FieldMapping
from synchub.testing.simulation.steps import Edit
from synchub.testing.simulation.values import EURO, REVENUE

if TYPE_CHECKING:
    from synchub.testing.simulation.world import World

OWNER_RULES = ("newest", "prefer s0", "always s1", "longest", "most_common", "oldest", "ask")
SCORE_RULES = ("add", "newest", "highest")
DIRECTIONS = ("both", "in", "out")
ON_DELETE = ("ignore", "propagate", "archive")
WHERE = "lead_score >= 5"
UNMAPPED = ("owner", "notes")


def configured(world: World) -> dict[str, dict[str, Any]]:
    """The members as MemoryHub takes them."""
    return {
        system.name: _member(member, system.currency)
        for system, member in zip(world.systems, world.members, strict=True)
    }


def _member(member: dict[str, Any], currency: str) -> dict[str, Any]:
    own = dict(member)
    mapping = dict(own.pop("mapping", {}))
    if currency != EURO:
        mapping[REVENUE] = FieldMapping(native=REVENUE, currency=currency)
    unmapped = own.pop("unmap", None)
    return {**own, "mapping": mapping if unmapped is None else {**mapping, unmapped: None}}


def edit(world: World, what: Edit) -> None:
    """Edit the configuration. The first system stays, and is both read and written."""
    place = what.system % len(world.systems)
    member = world.members[place]
    if what.kind == "rule":
        world.ruled = True
        world.rules["owner"] = OWNER_RULES[what.value % len(OWNER_RULES)]
        if what.value % 2:
            world.rules["lead_score"] = SCORE_RULES[what.value % len(SCORE_RULES)]
    elif what.kind == "unmap":
        member["unmap"] = (*UNMAPPED, None)[what.value % 3]
        world.ever_unmapped.add(str(member["unmap"]))
    elif place:
        _of_member(world, place, what)
    present = [system for system, _ in world.present]
    if any(f" s{number}" in str(rule) for rule in world.rules.values() for number in world.removed):
        world.rules["owner"], world.ruled = "newest", True
    world.hub.change(rules=world.rules, members=configured(world), systems=present)


def _of_member(world: World, place: int, what: Edit) -> None:
    member = world.members[place]
    match what.kind:
        case "where":
            member.pop("where") if "where" in member else member.update(where=WHERE)
        case "direction":
            before, member["direction"] = member.get("direction", "both"), DIRECTIONS[what.value % 3]
            if "out" in (before, member["direction"]) and before != member["direction"]:
                world.turned.add(place)
        case "on_delete":
            member["on_delete"] = ON_DELETE[what.value % 3]
            if member["on_delete"] != "ignore":
                world.ever_deleting.add(place)
        case "drop" if len(world.present) > 2:
            world.removed.add(place)
        case "add" if world.removed:
            world.removed.discard(sorted(world.removed)[what.value % len(world.removed)])
