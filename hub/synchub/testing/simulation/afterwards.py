"""What is tried with a world at rest, after everything else: what random histories seldom come to."""

from __future__ import annotations

from collections.abc import Callable

from synchub.testing.simulation.disputes import (
    a_changed_mapping_says_nothing,
    a_new_day_changes_nothing,
    of_two_at_one_time_the_first_is_right,
    who_insist_come_to_rest,
    who_is_put_right_is_understood,
)
from synchub.testing.simulation.faults import MEANWHILE
from synchub.testing.simulation.places import both_ways, deleted_in_two, edit_of, settled_rows, two_of_one
from synchub.testing.simulation.questions import nobody_is_doubled, nothing_is_overwritten_unseen
from synchub.testing.simulation.steps import HUB, Deed, Fault, History, Run
from synchub.testing.simulation.values import GARBLED
from synchub.testing.simulation.violation import must
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
    before = system.kept[name].values["job_title"]
    world.do(Deed("edit", place, names.index(name), "job_title", deed.value))
    entered = str(system.kept[name].values["job_title"])
    if entered == before:
        return  # cut, it is what stood there already
    world.wait()
    world.run(Run())
    golden = world.known.goldens()[owner].get("job_title")
    must(golden == entered, f"{entered!r} was entered last in {system.name}, golden is {golden!r}")


def who_is_entered_meanwhile_is_not_doubled(world: World, _deed: Deed) -> None:
    """Somebody enters a person right before the hub makes a row for the same one: a look by key shows it. Asked where no full
    read is such a look."""
    for second, member in both_ways(world):
        findable = second.can_lookup and second.incremental and not second.lag
        first = next((system for system, _ in both_ways(world) if system is not second), None)
        if findable and first is not None and member.get("create", True) and "where" not in member:
            world.do(Deed("enter", world.systems.index(first)))
            world.wait()
            meanwhile = Deed("enter", world.systems.index(second))
            world.run(Run((Fault(MEANWHILE, HUB, "decided", deed=meanwhile),)))
            nobody_is_doubled(world)
            return


def an_edit_meanwhile_is_seen(world: World, deed: Deed) -> None:
    """Somebody edits a row right before the hub writes it. Where the system has versions, right when it does."""
    pair = two_of_one(world, "job_title")
    if pair is None:
        return
    (first, name), (second, other) = pair
    first, name, second, other = (second, other, first, name) if first.versions else (first, name, second, other)
    world.do(edit_of(world, first, name, "job_title", deed.value))
    world.wait()
    meanwhile = edit_of(world, second, other, "job_title", deed.value + 1)
    place, call = (world.systems.index(second), "write") if second.versions else (HUB, "decided")
    world.run(Run((Fault(MEANWHILE, place, call, deed=meanwhile),)))
    nothing_is_overwritten_unseen(world)


def a_question_waits_for_its_answer(world: World, deed: Deed) -> None:
    """Two enter different notes at once: nobody gets either until a person has answered, and then that is golden."""
    pair = two_of_one(world, "notes")
    if pair is None:
        return
    (first, name), (second, other) = pair
    world.do(edit_of(world, first, name, "notes", deed.value))
    world.wait()
    world.run(Run())
    world.run(Run())  # what was sent is shown: until then, an edit where nobody can look may be a form of its own
    record = world.known.owners()[first.name, name]
    if (record, "notes") in {(one["record"], one["details"].get("field")) for one in world.known.questions("ask")}:
        return  # it was asked before, and what is entered now is one more opinion
    world.do(edit_of(world, first, name, "notes", deed.value + 1))
    world.do(edit_of(world, second, other, "notes", deed.value + 2))
    world.wait()
    world.run(Run())
    for system, row, value in ((first, name, deed.value + 1), (second, other, deed.value + 2)):
        there = str(system.kept[row].values["notes"])
        must(
            there[0] == "abcdefghij"[value % 10], f"{system.name} {row} was sent {there!r}, and a person is being asked"
        )
    hub_id = world.known.goldens()[record]["hub_id"]
    world.now += 1
    world.hub.answer("ask", f"answered {world.now}", at=world.now, key=hub_id, field="notes")
    told = f"answered {world.now}"
    world.run(Run())
    golden = world.known.goldens()[record].get("notes")
    must(golden == told, f"a person answered {told!r}, golden is {golden!r}")


def a_weak_word_does_not_count(world: World, deed: Deed) -> None:
    """What is entered where anybody can forge it changes nothing that another has a value for."""
    rows, void = world.known.rows_of_records(), world.known.begun_anew()
    words = [word for word in world.hearing.words if (word.row, word.field) not in world.hearing.blurred]
    settled = {
        word.row
        for word in words
        if not word.weak and word.field == "job_title" and word.value and world.place(word.row) not in world.turned
    }
    for system, name, record in settled_rows(world):
        if system.weak and record not in void and rows[record] & settled:
            before = world.known.goldens()[record].get("job_title")
            world.do(edit_of(world, system, name, "job_title", deed.value))
            world.wait()
            world.run(Run())
            golden = world.known.goldens()[record].get("job_title")
            must(golden == before, f"{golden!r} was entered in {system.name}, whose word is weak; it was {before!r}")
            return


def who_could_be_two_is_asked_about(world: World, _deed: Deed) -> None:
    """Somebody is entered with the address of two people: nobody guesses which of them it is."""
    sure = [one for one in settled_rows(world) if not one[0].weak and one[0].name != "late"]
    other = next((one for one in sure if one[2] != sure[0][2]), None)
    if other is None:
        return
    (system, name, record), (second, other_name, other_record) = sure[0], other
    email = system.kept[name].values["email"]
    world.tick()
    second.edit(other_name, at=world.now, email=email)
    world.wait()
    world.run(Run())
    golden = world.known.goldens()
    if not email or {golden[one].get("email") for one in (record, other_record)} != {email}:
        return
    world.tick()
    entered = system.create(at=world.now, email=email, first_name="New")
    world.wait()
    world.run(Run())
    taken_for = world.known.owners().get((system.name, entered))
    must(taken_for not in (record, other_record), f"{entered} was taken for record {taken_for}; two have its address")


def a_new_member_waits(world: World, _deed: Deed) -> None:
    """Nothing is written to a member that nobody accepted."""
    late = world.add("late")
    world.run(Run(accept=False))
    must(not late.kept, f"a member that waits to be accepted got {list(late.rows.values())}")


def too_many_deletes_are_stopped(world: World, _deed: Deed) -> None:
    """Where no delete is allowed none is carried out, whoever asked for it, and nothing else is written in that run."""
    found = deleted_in_two(world)
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


AFTERWARDS = (
    a_lone_edit_wins,
    who_is_entered_meanwhile_is_not_doubled,
    an_edit_meanwhile_is_seen,
    a_question_waits_for_its_answer,
    a_weak_word_does_not_count,
    who_could_be_two_is_asked_about,
    a_new_member_waits,
    too_many_deletes_are_stopped,
    of_two_at_one_time_the_first_is_right,
    a_changed_mapping_says_nothing,
    who_insist_come_to_rest,
    a_new_day_changes_nothing,
    who_is_put_right_is_understood,
)
SHARE = 3
"""Of a drawn history all but the first are tried only every so often: each is some runs more."""


def afterwards(history: History) -> list[Callable[[World, Deed], None]]:
    """What is tried, one after the other, last of all. Each changes the world, and leaves it well."""
    seed = history.seed
    return [one for place, one in enumerate(AFTERWARDS) if not place or seed is None or (seed + place) % SHARE == 0]
