"""Records that are joined by hand and parted again."""

from __future__ import annotations

import pytest
from unit.histories.pairs import ANN, NewHub, NewPair, written

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_seams import Killed

FIELDS = ["email", "first_name", "job_title", "source"]


def test_what_only_the_hub_wrote_is_taken_back(pair: NewPair) -> None:
    """The CRM got its job title from the shop; they turn out to be two people: the CRM's is blank again."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann", "job_title": "CEO"})
    ann.hub.sync(10)
    assert ann.in_crm("job_title") == "CEO"
    ann.hub.split(ANN, ("shop", "1"), at=15)
    ann.hub.sync(20)
    ann.hub.sync(30)
    assert ann.both("job_title") == (None, "CEO")


def test_each_part_gets_back_what_it_had(pair: NewPair) -> None:
    """The rule had chosen one of two values; parted, each has its own again."""
    ann = pair({"job_title": "crm's", "source": "a"}, {"job_title": "shop's", "source": "b"})
    ann.hub.sync(10)
    assert ann.both("job_title") == ("crm's", "crm's")
    ann.hub.split(ANN, ("shop", "1"), at=15)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("job_title") == ("crm's", "shop's")
    assert ann.both("source") == ("a", "b")


def test_parts_are_not_joined_again(pair: NewPair) -> None:
    """They still share an email; that a person said they are two is remembered. Nobody is entered twice by that."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Anna"})
    ann.hub.sync(10)
    ann.hub.split(ANN, ("shop", "1"), at=15)
    for at in (20, 30, 40):
        ann.hub.sync(at)
    assert len(ann.hub.records()) == 2
    assert (len(ann.crm.rows), len(ann.shop.rows)) == (1, 1)


def test_parts_that_share_an_email_are_not_doubled_by_the_hubs_id(new_hub: NewHub) -> None:
    """The fair keeps the hub's id: the second part is still not entered there beside the first, with the same email."""
    systems = [MemorySystem(name, FIELDS, keeps_hub_id=name == "fair") for name in ("crm", "shop", "fair")]
    for at, system in enumerate(systems[:2]):
        system.create(at=at, email=ANN, first_name="Ann")
    hub = new_hub(systems)
    hub.sync(10)
    hub.split(ANN, ("shop", "1"), at=15)
    for at in (20, 30):
        hub.sync(at)
    assert len(systems[2].rows) == 1


def test_parts_that_are_planned_apart_are_not_doubled(new_hub: NewHub) -> None:
    """Between the two parts stand so many others that they are not planned together."""
    systems = [MemorySystem(name, FIELDS) for name in ("crm", "shop", "fair")]
    for at, system in enumerate(systems[:2]):
        system.create(at=at, email=ANN, first_name="Ann")
    for number in range(6):
        systems[0].create(at=2, email=f"p{number}@x.org", first_name=f"P{number}")
    hub = new_hub(systems, members={"fair": {"create": False}}, bucket=3)
    hub.sync(10)
    hub.split(ANN, ("shop", "1"), at=15)
    hub.sync(20)
    hub.change(members={})
    for at in (30, 40):
        hub.sync(at)
    assert sorted(row["email"] for row in systems[2].rows.values()) == [
        ANN,
        *(f"p{number}@x.org" for number in range(6)),
    ]


def test_rows_that_the_hub_made_stay_with_the_older_part(new_hub: NewHub) -> None:
    """The fair's row was made by the hub: it stays with the record that keeps its id."""
    crm, shop, fair = (MemorySystem(name, FIELDS) for name in ("crm", "shop", "fair"))
    crm.create(at=1, email=ANN, first_name="Ann", job_title="of the crm")
    shop.create(at=0, email=ANN, first_name="Ann", job_title="of the shop")
    hub = new_hub([crm, shop, fair])
    hub.sync(10)
    hub.sync(20)
    hub.split(ANN, ("shop", "1"), at=25)
    hub.sync(30)
    hub.sync(40)
    assert [system.rows["1"]["job_title"] for system in (crm, shop, fair)] == [
        "of the crm",
        "of the shop",
        "of the crm",
    ]


def test_a_join_can_be_taken_back(pair: NewPair) -> None:
    """Two records are joined by hand, and parted again: each has what it had."""
    ann = pair(
        {"job_title": "crm's"},
        {"email": "ann.lee@example.org", "job_title": "shop's"},
        members={"crm": {"create": False}, "shop": {"create": False}},
    )
    ann.hub.sync(10)
    ann.hub.join(ANN, "ann.lee@example.org", at=15)
    ann.hub.sync(20)
    assert ann.both("job_title") == ("crm's", "crm's")
    ann.hub.split(ANN, ("shop", "1"), at=25)
    ann.hub.sync(30)
    assert written(ann.hub.sync(40)) == 0
    assert ann.both("job_title") == ("crm's", "shop's")
    assert ann.both("email") == (ANN, "ann.lee@example.org")


def test_a_lost_create_goes_along_when_records_are_joined(new_hub: NewHub) -> None:
    """Ann is two records. One of them was being made in the shop when the answer was lost; then they are joined. The shop's
    row belongs to the one that is left, and nobody has claimed what the hub had written there."""
    crm, fair = MemorySystem("crm", FIELDS), MemorySystem("fair", FIELDS)
    shop = MemorySystem("shop", FIELDS, keeps_hub_id=True)
    crm.create(at=0, email=ANN, job_title="CEO")
    fair.create(at=0, email="ann@else.example", job_title="boss")
    hub = new_hub([crm, fair, shop], members={"crm": {"create": False}, "fair": {"create": False}})
    hub.crash_at("sent")
    with pytest.raises(Killed):
        hub.sync(10)
    assert len(shop.rows) == 2
    hub.join(ANN, "ann@else.example", at=15)
    for at in (20, 30):
        hub.sync(at)
    assert sorted(hub.links(ANN)) == [("crm", "1"), ("fair", "1"), ("shop", "1"), ("shop", "2")]
    assert len({row["job_title"] for row in shop.rows.values()}) == 1
    assert written(hub.sync(40)) == 0


def test_a_row_that_is_given_back_its_email_is_not_doubled(new_hub: NewHub) -> None:
    """Ann is two people of one email; the fair has a row of the first. Somebody enters something else there: the run that
    puts it right makes no second row of that email beside it."""
    crm, shop, fair = (MemorySystem(name, FIELDS, weak=name == "fair") for name in ("crm", "shop", "fair"))
    for at, system in enumerate((crm, shop)):
        system.create(at=at, email=ANN, first_name="Ann")
    hub = new_hub([crm, shop, fair])
    hub.sync(10)
    hub.split(ANN, ("shop", "1"), at=15)
    hub.sync(20)
    fair.edit("1", at=21, email="else@example.org")
    for at in (30, 40):
        hub.sync(at)
    assert [row["email"] for row in fair.rows.values()] == [ANN]


def test_a_row_that_was_split_off_bears_the_id_of_its_own_record(new_hub: NewHub) -> None:
    """The hub made Ann's row at the fair, and it is split off: it keeps nobody from being entered there."""
    crm, fair = MemorySystem("crm", FIELDS), MemorySystem("fair", FIELDS, keeps_hub_id=True)
    crm.create(at=0, email=ANN, first_name="Ann")
    hub = new_hub([crm, fair])
    hub.sync(10)
    assert fair.rows["1"]["hub_id"] == "memory-1"
    hub.split(ANN, ("fair", "1"), at=15)
    for at in (20, 30, 40):
        last = hub.sync(at)
    assert {row["hub_id"]: row["email"] for row in fair.rows.values()} == {"memory-2": None, "memory-1": ANN}
    assert written(last) == 0


def test_a_row_outside_where_gives_back_the_id_of_the_record_it_was_split_from(new_hub: NewHub) -> None:
    """What was split off is nobody that the fair is to be told of. Whom it was split from gets a row all the same, and the
    fair tells by the hub's id which of the two is who."""
    crm, fair = MemorySystem("crm", FIELDS), MemorySystem("fair", FIELDS, keeps_hub_id=True, incremental=True)
    crm.create(at=0, email=ANN, job_title="CEO")
    hub = new_hub([crm, fair], members={"fair": {"where": "job_title = 'CEO'"}})
    hub.sync(10)
    hub.split(ANN, ("fair", "1"), at=15)
    hub.sync(20)
    crm.edit("1", at=21, email="anna@example.org")
    for at in (30, 40, 50):
        last = hub.sync(at)
    assert {row["hub_id"]: row["email"] for row in fair.rows.values()} == {
        "memory-2": ANN,
        "memory-1": "anna@example.org",
    }
    assert written(last) == 0
