"""What is tried with a world at rest, after everything else: the last edit, a new member, more deletes than are allowed."""

from __future__ import annotations

from synchub.testing.simulation.questions import must
from synchub.testing.simulation.steps import Deed, Run
from synchub.testing.simulation.systems import SimulatedSystem
from synchub.testing.simulation.values import GARBLED
from synchub.testing.simulation.world import World


def a_lone_edit_wins(world: World, deed: Deed) -> None:
    """What a person enters last under `newest`, with nobody else about, is golden after the next run. Asked of one row of
    a world at rest."""
    place = deed.system % len(world.systems)
    system, member = world.systems[place], world.members[place]
    names = sorted(system.kept, key=int)
    if not names or member.get("direction") == "out" or system.weak or place in world.removed:
        return
    name = names[deed.who % len(names)]
    owner = world.known.owners().get((system.name, name))
    if owner is None or (system.name, name) in world.known.aside() or system.kept[name].values["lead_score"] == GARBLED:
        return
    world.do(Deed("edit", place, names.index(name), "job_title", deed.value))
    entered = str(system.kept[name].values["job_title"])
    world.wait()
    world.run(Run())
    golden = world.known.goldens()[owner].get("job_title")
    must(golden == entered, f"{entered!r} was entered last in {system.name}, golden is {golden!r}")


def a_new_member_waits(world: World, _deed: Deed) -> None:
    """Nothing is written to a member that nobody accepted."""
    late = world.add("late")
    world.run(Run(accept=False))
    must(not late.kept, f"a member that waits to be accepted got {list(late.rows.values())}")


def too_many_deletes_are_stopped(world: World, _deed: Deed) -> None:
    """Where no delete is allowed none is carried out, whoever asked for it, and nothing else is written in that run."""
    found = _deleted_in_two(world)
    if found is None:
        return
    (first, name), (second, other) = found
    world.set_member(second, on_delete="propagate", limits={"deletes": 0})
    world.do(Deed("delete", world.systems.index(first), sorted(first.kept, key=int).index(name)))
    world.wait()
    before = {system.name: system.rows for system in world.systems}
    report = world.hub.sync(world.now, full=True)
    must(other in second.kept, f"{second.name} lost {other}, and no delete is allowed there")
    after = {system.name: system.rows for system in world.systems}
    must(before == after or not report.problem, "something was written in a run that was stopped")


def _deleted_in_two(world: World) -> tuple[tuple[SimulatedSystem, str], tuple[SimulatedSystem, str]] | None:
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


AFTERWARDS = (a_lone_edit_wins, a_new_member_waits, too_many_deletes_are_stopped)
"""Asked one after the other, last of all. Each changes the world, and leaves it well."""
