"""Deletes that wait for people: what the guard stopped, and what a member asks about."""

from __future__ import annotations

import pytest
from unit.histories.pairs import NewHub, written

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

FIELDS = ("email", "job_title")
ASKS = {"shop": {"on_delete": "propagate", "confirm_deletes": True}}
FOLLOWS = {"shop": {"on_delete": "propagate"}}


def _people(new_hub: NewHub, count: int, members: dict[str, dict[str, object]]) -> tuple[MemorySystem, ...]:
    crm, shop, fair = (MemorySystem(name, FIELDS) for name in ("crm", "shop", "fair"))
    for number in range(count):
        crm.create(at=0, email=_email(number))
    hub: MemoryHub = new_hub([crm, shop, fair], members=members)
    assert hub.sync(10).state == "done"
    return crm, shop, fair, hub  # type: ignore[return-value]


def _email(number: int) -> str:
    return f"p{number:02}@firm.example"


def _open(hub: MemoryHub) -> list[int]:
    """The numbers of the people whose deletes wait for an answer."""
    return [number for number in range(30) for label in hub.asked("delete") if label == _email(number)]


def _there(system: MemorySystem) -> dict[int, str | None]:
    """The numbers of the people who are there, with their jobs."""
    jobs = {row["email"]: row["job_title"] for row in system.rows.values()}
    return {number: jobs[_email(number)] for number in range(30) if _email(number) in jobs}


def test_half_a_small_system_gone_is_stopped(new_hub: NewHub) -> None:
    """Shares don't count for eight people; but half of them gone at once is a side that came back half."""
    crm, shop, _, hub = _people(new_hub, 8, FOLLOWS)
    for name in "1234":
        crm.delete(name)
    assert hub.sync(20).state == "stopped"
    assert (len(shop.rows), _open(hub)) == (8, [0, 1, 2, 3])


def test_each_delete_of_a_member_that_asks_waits_for_a_yes(new_hub: NewHub) -> None:
    """Everything else goes on; a yes is carried out by the next run, a no keeps the row, and keeps it up to date."""
    crm, shop, fair, hub = _people(new_hub, 4, ASKS)
    crm.delete("1")
    crm.delete("2")
    crm.edit("3", at=15, job_title="CEO")
    report = hub.sync(20)
    assert (report.state, len(shop.rows), _there(shop)[2]) == ("done", 4, "CEO")
    assert "shop: 2 deletes wait for an answer" in " ".join(report.notes)
    assert written(hub.sync(25, allow={"deletes": 9})) == 0

    hub.answer("delete", "yes", at=26, key=_email(0))
    hub.answer("delete", "no", at=26, key=_email(1))
    hub.sync(30)
    assert sorted(_there(shop)) == [1, 2, 3]
    fair.edit("2", at=35, job_title="CTO")
    hub.sync(40)
    assert _there(shop)[1] == "CTO"
    assert written(hub.sync(50)) == 0
    assert sorted(_there(crm)) == [2, 3]


@pytest.mark.parametrize("answer", ["", "yes", "no", "later"])
def test_who_comes_back_leaves_the_queue(new_hub: NewHub, answer: str) -> None:
    """Somebody enters the row again under its old id. Whatever was answered counts no more: a second delete is asked anew."""
    crm, shop, _, hub = _people(new_hub, 4, ASKS)
    kept = crm.kept["1"]
    crm.delete("1")
    hub.sync(20)
    if answer:
        hub.answer("delete", answer, at=21)
    crm.kept["1"] = kept
    hub.sync(30)
    assert (_open(hub), len(shop.rows)) == ([], 4)
    crm.delete("1")
    hub.sync(40)
    hub.sync(50)
    assert (_open(hub), len(shop.rows)) == ([0], 4)


def test_an_edit_elsewhere_takes_a_delete_out_of_the_queue(new_hub: NewHub) -> None:
    """It was approved, and before it is carried out somebody at the fair works on the record."""
    crm, shop, fair, hub = _people(new_hub, 4, ASKS)
    crm.delete("1")
    hub.sync(20)
    hub.answer("delete", "yes", at=21)
    fair.edit("1", at=25, job_title="CEO")
    hub.sync(30)
    assert (_open(hub), _there(shop)[0]) == ([], "CEO")


def test_what_the_guard_stopped_can_be_let_through_one_by_one(new_hub: NewHub) -> None:
    """Four of thirty are gone, one more than allowed twice over: the run stops until somebody has decided. `later` lets
    everything else go on, and deletes nobody."""
    crm, shop, _, hub = _people(new_hub, 30, FOLLOWS)
    for name in "1234":
        crm.delete(name)
    crm.edit("5", at=15, job_title="CEO")
    stopped = hub.sync(20)
    assert stopped.state == "stopped"
    assert "synchub review list" in stopped.problem
    assert hub.sync(25).state == "stopped"

    hub.answer("delete", "yes", at=26, key=_email(0))
    hub.answer("delete", "no", at=26, key=_email(1))
    hub.answer("delete", "later", at=26, key=_email(2))
    done = hub.sync(30)
    assert (done.state, len(shop.rows), _there(shop)[4]) == ("done", 29, "CEO")
    assert _open(hub) == [2, 3]
    hub.answer("delete", "yes", at=36)
    hub.sync(40)
    assert sorted(_there(shop))[:3] == [1, 4, 5]
    assert _open(hub) == []


def test_letting_it_through_once_carries_out_what_is_open(new_hub: NewHub) -> None:
    """`--allow deletes=4` after the stop: all of them go, but those that somebody wants to keep."""
    crm, shop, _, hub = _people(new_hub, 30, FOLLOWS)
    for name in "1234":
        crm.delete(name)
    hub.sync(20)
    hub.answer("delete", "no", at=21, key=_email(3))
    hub.sync(30, allow={"deletes": 4})
    assert (len(shop.rows), 3 in _there(shop), _open(hub)) == (27, True, [])


def test_a_system_that_came_back_half_and_is_whole_again(new_hub: NewHub) -> None:
    """The next full read shows everybody: the queue is empty, nothing was written, nobody decided anything."""
    crm, shop, _, hub = _people(new_hub, 30, FOLLOWS)
    kept = dict(crm.kept)
    for number in range(15):
        crm.delete(str(number + 1))
    assert hub.sync(20).state == "stopped"
    assert len(_open(hub)) == 15
    crm.kept = kept
    report = hub.sync(30)
    assert (report.state, written(report), _open(hub), len(shop.rows)) == ("done", 0, [], 30)


def test_a_member_that_no_longer_follows_asks_nothing(new_hub: NewHub) -> None:
    crm, shop, _, hub = _people(new_hub, 4, ASKS)
    crm.delete("1")
    hub.sync(20)
    hub.change(members={})
    hub.sync(30)
    assert (_open(hub), len(shop.rows)) == ([], 4)


def test_a_member_accepted_in_a_run_that_was_stopped_is_not_accepted(new_hub: NewHub) -> None:
    """The fair is accepted in a run that the guard stops: the next one, without the word, writes nothing there."""
    crm = MemorySystem("crm", FIELDS)
    crm.create(at=0, email=_email(0))
    hub = new_hub([crm])
    hub.sync(10)
    fair = MemorySystem("fair", FIELDS)
    hub.change(systems=[crm, fair], members={"fair": {"limits": {"creates": 0}}})
    assert hub.sync(20, accept=("fair",)).state == "stopped"
    hub.change(members={})
    report = hub.sync(30)
    assert (report.waits.acceptance, len(fair.rows)) == (("fair",), 0)
    hub.sync(40, accept=("fair",))
    crm.create(at=45, email=_email(1))
    hub.sync(50)
    assert len(fair.rows) == 2
