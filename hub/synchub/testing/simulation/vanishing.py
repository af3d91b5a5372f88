"""What must hold of deletes: who may vanish, and who is made again. Each raises Violation, and says what it found."""

from __future__ import annotations

from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World


def nobody_is_made_again(world: World) -> None:
    """I4, I6: where a row was deleted the hub makes none again for the same record, unless a person asked for it."""
    rows = [] if world.joined or world.undone else world.known.links()
    for row in (row for row in rows if row["tomb"] is not None):
        same = [other for other in rows if (other["record"], other["system"]) == (row["record"], row["system"])]
        # Itself may be found and deleted in one run.
        others = [other for other in same if other["remote_id"] != row["remote_id"]]
        again = [other["remote_id"] for other in others if other["made"] and other["first_run"] >= row["tomb"]]
        must(not again, f"{row['system']} got {again} in place of {row['remote_id']}, which was deleted there")


def nobody_vanished_unasked(world: World) -> None:
    """I6: the hub deletes only where a member asks for it, and only who was deleted by a person."""
    if world.undone:
        return
    buried = any(system.buried for system in world.systems)
    for number, system in enumerate(world.systems):
        if system.removed:
            must(number in world.ever_deleting, f"{system.name} was told to delete {system.removed}")
            must(buried, f"{system.name} lost {system.removed}, and nobody had deleted anybody")


def who_vanished_was_deleted(world: World) -> None:
    """I6: whom the hub deleted somewhere, a person had deleted elsewhere."""
    if world.undone or world.joined:
        return
    links = world.known.links()
    systems = {system.name: system for system in world.systems}
    for system in world.systems:
        for name in system.removed:
            records = {row["record"] for row in links if (row["system"], row["remote_id"]) == (system.name, name)}
            others = [row for row in links if row["record"] in records]
            asked = any(row["remote_id"] in systems[row["system"]].buried for row in others)
            must(asked, f"{system.name} lost {name}, whom nobody had deleted")


def a_later_edit_beats_a_delete(world: World) -> None:
    """I6: who was edited since the delete was seen, where the row is still there, is deleted nowhere else."""
    if world.undone or world.joined:
        return
    owners, hearing = world.known.belongs(), world.hearing
    tombs = {(row["system"], row["remote_id"]): row["tomb"] for row in world.known.links() if row["tomb"] is not None}
    gone = {(system.name, name) for system in world.systems for name in system.buried}
    older = world.gone_back  # copies say nothing
    for removed, run in hearing.removals:
        rows = {row for row, record in owners.items() if record == owners.get(removed)}
        seen = [tombs[row] for row in rows & gone & tombs.keys() - {removed} if tombs[row] <= run]
        since = [
            word
            for word in hearing.words
            if word.row in rows - gone - older
            and max(seen, default=run) <= word.run <= run
            and (word.field, word.value) not in hearing.forms
        ]
        must(not seen or not since, f"{removed} was deleted, though the same person was edited since: {since}")
