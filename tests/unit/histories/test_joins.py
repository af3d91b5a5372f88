"""What stood open about a record that a person joins into another."""

from __future__ import annotations

import pytest
from unit.histories.pairs import FIELDS, NewHub

from synchub.testing.memory_hub import MemoryHub
from synchub.testing.simulation.connector import connector_of
from synchub.testing.simulation.systems import SimulatedSystem

ANN, BOB, CID = (f"{name}@example.org" for name in ("ann", "bob", "cid"))


def of(number: int, system: str = "crm") -> str:
    return f"{system}:people:{number}"


def three(new_hub: NewHub, **options: object) -> tuple[SimulatedSystem, MemoryHub]:
    """Ann, Bob and Cid are known, each a record: their rows in the CRM have the ids 1, 2, 3."""
    crm = SimulatedSystem("crm", FIELDS, tells_merges=True)
    for email in (ANN, BOB, CID):
        crm.create(at=0, email=email, first_name="Sam")
    hub = new_hub([crm], connect=connector_of, **options)
    hub.sync(10)
    return crm, hub


def owners(hub: MemoryHub) -> list[list[tuple[str, str]]]:
    return [hub.links(record["hub_id"]) for record in hub.records()]


def test_a_question_about_the_joined_one_and_a_third_joins_all_three(new_hub: NewHub) -> None:
    """Cid got Bob's address, and whether they are one is open while Bob is joined into Ann."""
    crm, hub = three(new_hub)
    crm.edit("3", at=12, email=BOB)
    hub.sync(20)
    hub.join(of(1), of(2), at=25)
    hub.answer("alike", "yes", at=26)
    hub.sync(30)
    assert owners(hub) == [[("crm", "1"), ("crm", "2"), ("crm", "3")]]
    assert len(hub.records()) == 1


def test_so_does_one_that_a_merge_in_a_system_asks(new_hub: NewHub) -> None:
    """The CRM merged Cid's row into Bob's; whether they are one here too is open while Bob is joined into Ann."""
    crm, hub = three(new_hub)
    shop = SimulatedSystem("shop", FIELDS)
    shop.create(at=11, email=CID, first_name="Sam")
    hub.change(systems=[crm, shop])
    hub.sync(15)
    crm.merge("3", into="2")
    hub.sync(20)
    assert hub.asked("joined")
    hub.join(of(1), of(2), at=25)
    hub.answer("joined", "yes", at=26)
    hub.sync(30)
    assert owners(hub) == [[("crm", "1"), ("crm", "2"), ("shop", "1")]]


def test_two_questions_that_become_one_are_asked_once(new_hub: NewHub) -> None:
    """Cid got the address that Ann and Bob have by then; that these two are one says a person first."""
    crm, hub = three(new_hub)
    for name in ("2", "3"):
        crm.edit(name, at=12, email=ANN)
    hub.sync(20)
    assert len(hub.asked("alike")) == 3
    hub.join(of(1), of(2), at=25)
    assert [question["subject"] for question in hub.review()] == ["1+3"]
    hub.answer("alike", "yes", at=26)
    hub.sync(30)
    assert (len(hub.records()), hub.review()) == (1, [])


def test_that_two_are_not_the_same_holds_for_who_is_joined(new_hub: NewHub) -> None:
    """Bob and Cid share an address and are two; then Bob is joined into Ann: they share it now, and nobody is asked again."""
    crm, hub = three(new_hub)
    crm.edit("3", at=12, email=BOB)
    hub.sync(20)
    hub.answer("alike", "no", at=25)
    hub.join(of(1), of(2), at=26)
    crm.edit("1", at=27, email=BOB)
    hub.sync(30)
    assert hub.asked("alike") == []
    assert len(hub.records()) == 2


@pytest.mark.parametrize(("parted", "alike"), [(1, 2), (2, 1)])
def test_of_who_was_parted_nobody_is_asked_through_a_third(new_hub: NewHub, parted: int, alike: int) -> None:
    """Ann's and Cid's rows were parted, Bob may be Cid, and is Ann; the same with Ann and Bob in each other's place."""
    crm, hub = three(new_hub)
    hub.join(of(parted), of(3), at=12)
    hub.split(of(parted), ("crm", "3"), at=14)
    crm.edit(str(alike), at=16, email=CID)
    crm.edit("3", at=16, email=CID)
    hub.sync(20)
    assert len(hub.asked("alike")) == 1
    hub.join(of(1), of(2), at=25)
    assert hub.asked("alike") == []


def test_what_is_disagreed_about_is_asked_of_the_one_that_is_left(new_hub: NewHub) -> None:
    """Bob's notes differ; as part of Ann they are asked about once, and the answer leaves nothing open."""
    crm, hub = three(new_hub, rules={"notes": "ask"})
    crm.edit("2", at=12, notes="b")
    crm.edit("3", at=12, email=BOB, notes="c")
    hub.sync(20)
    hub.answer("alike", "yes", at=22)
    hub.sync(24)
    assert len(hub.asked("ask")) == 1
    hub.join(of(1), of(2), at=25)
    hub.sync(30)
    assert [question["subject"] for question in hub.review()] == ["1:notes"]
    hub.answer("ask", "right", at=35)
    hub.sync(40)
    assert hub.review() == []
    assert {row["notes"] for row in crm.rows.values()} == {"right"}


def test_a_row_that_was_placed_goes_where_its_record_went(new_hub: NewHub) -> None:
    """A row of the shop that could be Bob or Cid is said to be Bob, who is joined into Ann before the next run."""
    crm, hub = three(new_hub)
    crm.edit("3", at=12, email=BOB)
    hub.sync(20)
    shop = SimulatedSystem("shop", FIELDS)
    shop.create(at=21, email=BOB, first_name="Sam")
    hub.change(systems=[crm, shop])
    hub.sync(22)
    hub.answer("match", of(2), at=24)
    hub.join(of(1), of(2), at=25)
    hub.sync(30)
    assert ("shop", "1") in owners(hub)[0]


def apart(hub: MemoryHub) -> list[tuple[str, str]]:
    with hub.store.read() as tx:
        return [(row.one, row.other) for row in tx.exec_driver_sql("SELECT one, other FROM apart ORDER BY one, other")]


def test_who_was_parted_from_the_joined_one_stays_parted(new_hub: NewHub) -> None:
    """Bob's and Cid's rows were one record and were parted; then Bob is joined into Ann."""
    _, hub = three(new_hub)
    hub.join(of(2), of(3), at=12)
    hub.split(of(2), ("crm", "3"), at=14)
    hub.join(of(1), of(2), at=16)
    assert apart(hub) == [("l:1:2", "r:4"), ("l:1:3", "r:1")]


def test_who_is_joined_again_is_parted_no_more(new_hub: NewHub) -> None:
    """Bob's row was parted from Ann's record and is joined again."""
    _, hub = three(new_hub)
    hub.join(of(1), of(2), at=12)
    hub.split(of(1), ("crm", "2"), at=14)
    assert apart(hub)
    hub.join(of(1), of(2), at=16)
    assert apart(hub) == []
