"""What is tried with a world at rest where systems say different things, or are understood otherwise than before."""

from __future__ import annotations

from synchub.model import BLANK
from synchub.spec.mapping import FieldMapping
from synchub.testing.simulation.places import Place, edit_of, heard, pairs, settled_rows
from synchub.testing.simulation.questions import all_agree
from synchub.testing.simulation.resting import rest, run_until_quiet, sends_again, written_anew
from synchub.testing.simulation.steps import Deed, Run
from synchub.testing.simulation.values import A_DAY, GARBLED
from synchub.testing.simulation.violation import must
from synchub.testing.simulation.world import World


def of_two_at_one_time_the_first_is_right(world: World, deed: Deed) -> None:
    """Two are edited in the same minute, and the one is read earlier that stands later in hub.toml: that decides nothing."""
    for (first, name), (second, other) in pairs(world, "job_title"):
        exact = all(system.tells_time and not system.skew for system in (first, second))
        if not exact or world.rank((first.name, name)) > world.rank((second.name, other)):
            continue
        record = world.known.owners()[first.name, name]
        world.tick()
        entered = f"{deed.value} first {world.now}"
        first.edit(name, at=world.now, job_title=entered)
        second.edit(other, at=world.now, job_title=f"{deed.value} second {world.now}")
        world.wait()
        world.run(Run(only=world.systems.index(second)))
        world.wait()
        world.run(Run())
        golden = world.known.goldens()[record].get("job_title")
        must(golden == entered, f"{entered!r} was said by the first of two at one time, golden is {golden!r}")
        return


def who_insist_come_to_rest(world: World, _deed: Deed) -> None:
    """Two systems put a title into a form of their own some time after it was written there, capitals and small letters: that
    does not go on for ever."""
    pair = next(pairs(world, "job_title"), None)
    if pair is None:
        return
    forms = list(zip(pair, (str.upper, str.lower), strict=True))

    def insist() -> None:
        for (system, name), form in forms:
            there = str(system.kept[name].values["job_title"] or "Ceo")
            if system.kept[name].values["job_title"] != form(there):
                world.tick()
                system.edit(name, at=world.now, job_title=form(there))
        world.wait()

    counts = run_until_quiet(world, insist)
    must(
        not any(counts[-2:]),
        f"two systems insist on a form of their own, and it does not come to rest: {counts} writes",
    )
    all_agree(world)


def a_new_day_changes_nothing(world: World, _deed: Deed) -> None:
    """A day later all exchange rates are others: no amount is sent anew for that."""
    if world.ruled:
        return
    rest(world)  # what was tried before may not have been carried everywhere yet
    if sends_again(world):
        return
    world.now += A_DAY
    count = written_anew(world, recompute=True)
    must(not count, f"nobody did anything for a day, and then {count} were written")


def a_changed_mapping_says_nothing(world: World, deed: Deed) -> None:
    """Somebody edits a mapping. What was said before is understood as it is mapped now, and nothing new was said."""
    rows = heard(world, "job_title")
    if not rows or world.undone:
        return
    place = rows[deed.who % len(rows)]
    world.do(edit_of(world, *place, "job_title", deed.value))
    world.wait()
    world.run(Run())
    if deed.value % 2:
        _understood_otherwise(world, place)
    else:
        _read_from_elsewhere(world, place)
    world.set_member(place[0], mapping={})  # what is asked next compares texts as they stand there
    world.run(Run())


def _understood_otherwise(world: World, place: Place) -> None:
    """It is mapped with capitals now: the same word, in another form."""
    system, name = place
    entered = str(system.kept[name].values["job_title"])
    world.set_member(system, mapping={"job_title": FieldMapping(native="job_title", transform=("upper",))})
    world.run(Run())
    golden = world.known.goldens()[world.known.owners()[system.name, name]].get("job_title")
    must(golden == entered.upper(), f"{entered!r} of {system.name} is mapped with capitals, golden is {golden!r}")


def _read_from_elsewhere(world: World, place: Place) -> None:
    """It is read from a field now in which that row has nothing, and never had: nobody has cleared anything."""
    system, name = place
    empty = [field for field in ("notes", "owner") if (name, field) not in system.words]
    record = world.known.owners()[system.name, name]
    rows = world.known.rows_of_records()[record]
    cleared = any(word.row in rows and (word.field, word.value) == ("job_title", BLANK) for word in world.hearing.words)
    parted = record in world.hearing.moved or any(row in rows for row, _ in world.parted)
    went_back = bool(rows & world.gone_back)  # to what it was before anybody had written there
    cleared = cleared or parted or went_back  # what only the hub had written is blank since then
    if not empty or system.kept[name].values[empty[0]] is not None or cleared:
        return
    world.set_member(system, mapping={"job_title": FieldMapping(native=empty[0], direction="in")})
    world.run(Run())
    golden = world.known.goldens()[record].get("job_title")
    must(
        golden != BLANK, f"job_title of {system.name} is read from {empty[0]} now, and golden is blank: nobody said so"
    )


def who_is_put_right_is_understood(world: World, deed: Deed) -> None:
    """Somebody types nonsense into a row, and then puts it right just as it had been: it is not set aside any more."""
    rows = settled_rows(world)
    if not rows:
        return
    system, name, _ = rows[deed.who % len(rows)]
    before = system.kept[name].values["lead_score"]
    for score in (GARBLED, before):
        world.tick()
        system.edit(name, at=world.now, lead_score=score)
        world.wait()
        world.run(Run())
    must((system.name, name) not in world.known.quarantined(), f"{system.name} {name} was put right, and is set aside")
