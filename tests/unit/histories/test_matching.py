"""Who is who: joined, kept apart, put to a person."""

from __future__ import annotations

import random

import pytest
from unit.histories.pairs import ANN, NewHub, NewPair, written

from synchub.testing.memory import MemorySystem

BOB = "bob@example.org"
KEYS = ["email", "job_title"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1)])
def test_who_hangs_together_by_a_third_is_one(new_hub: NewHub, order: tuple[int, ...]) -> None:
    """One knows the email, one the phone, one both: they are one person, in whatever order systems are listed."""
    rows = [{"email": ANN}, {"phone": "+4930567890"}, {"email": ANN, "phone": "+4930567890"}]
    systems = [MemorySystem(name, ["email", "phone"]) for name in ("a", "b", "c")]
    for system, row in zip(systems, rows, strict=True):
        system.create(at=0, **row)
    closed = {system.name: {"create": False} for system in systems}
    hub = new_hub([systems[place] for place in order], match=["email", "phone"], members=closed)
    hub.sync(10)
    assert hub.links(ANN) == [("a", "1"), ("b", "1"), ("c", "1")]


def test_an_id_that_is_somebody_elses_now_says_nothing(pair: NewPair) -> None:
    """The CRM gave Ann's number to Bob: Ann does not become Bob in the shop, and a person is asked."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email=BOB, first_name="Bob")
    ann.hub.sync(20)
    ann.hub.sync(30)
    assert (ann.in_shop("email"), ann.in_shop("first_name")) == (ANN, "Ann")
    assert (ann.in_crm("email"), ann.in_crm("first_name")) == (BOB, "Bob")
    assert [question["kind"] for question in ann.hub.review()] == ["reused"]


def test_an_id_that_is_still_hers_is_believed(pair: NewPair) -> None:
    """A person says that it is Ann all the same: what her row says counts, and the store can be read all the while."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email=BOB, first_name="Bob")
    ann.hub.sync(20)
    ann.hub.answer("reused", "same", at=25)
    assert ann.hub.hub.store_check().problems == ()
    ann.hub.sync(30)
    assert (ann.in_shop("email"), ann.in_shop("first_name")) == (BOB, "Bob")
    assert written(ann.hub.sync(40)) == 0


def test_an_id_that_may_be_somebody_elses_is_not_written(pair: NewPair) -> None:
    """While nobody has said whose number it is, what is known of Ann is not written over Bob."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email=BOB, first_name="Bob")
    ann.shop.edit("1", at=12, job_title="Ann's job", opted_out=True)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert (ann.in_crm("job_title"), ann.in_crm("opted_out")) == (None, None)


def test_a_new_email_is_no_new_person(pair: NewPair) -> None:
    """Ann changes her email: the record is the same, and both systems have the new one."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email="ann.lee@example.org")
    ann.hub.sync(20)
    assert ann.both("email") == ("ann.lee@example.org", "ann.lee@example.org")
    assert len(ann.hub.records()) == 1


def test_an_email_that_now_equals_anothers_is_a_question(pair: NewPair) -> None:
    """Somebody types Bob's email into Ann's row: they are not joined by that."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.crm.create(at=1, email=BOB, first_name="Bob")
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email=BOB)
    ann.hub.sync(20)
    assert len(ann.hub.records()) == 2


def test_a_row_that_cannot_be_understood_gets_no_double(pair: NewPair) -> None:
    """Ann's row in the shop has a date that is none: it is set aside, and she is not entered there a second time."""
    fields = {"fields": {"email": "email", "birthday": "text", "job_title": "text"}}
    ann = pair({"job_title": "1"}, {"birthday": "soon"}, crm_is=fields, shop_is=fields)
    ann.crm.create(at=1, email=BOB)
    ann.hub.sync(10)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB]
    assert [row["field"] for row in ann.hub.quarantine()] == ["birthday"]
    ann.shop.edit("1", at=11, birthday="1999-12-31")
    ann.hub.sync(20)
    assert ann.hub.quarantine() == []
    assert (ann.crm.rows["1"]["birthday"], ann.in_shop("job_title")) == ("1999-12-31", "1")


def test_a_row_that_is_unreadable_for_a_while_misses_nothing(pair: NewPair) -> None:
    """Somebody types nonsense into Ann's row: nothing is written over it until it is mended, but an opt-out."""
    fields = {
        "fields": {"email": "email", "birthday": "text", "job_title": "text", "opted_out": "bool"},
        "versions": True,
    }
    ann = pair({"job_title": "1"}, {"job_title": "1"}, crm_is=fields, shop_is=fields)
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, birthday="soon", job_title="2")
    ann.crm.edit("1", at=12, job_title="3", opted_out=True)
    ann.hub.sync(20)
    assert ann.both("job_title") == ("3", "2")
    assert ann.in_shop("opted_out") is True
    assert written(ann.hub.sync(30)) == 0
    ann.shop.edit("1", at=31, birthday=None)
    ann.hub.sync(40)
    assert ann.both("job_title") == ("2", "2")


@pytest.mark.parametrize("incremental", [False, True])
def test_a_row_that_is_put_right_as_it_was_is_taken_again(pair: NewPair, incremental: bool) -> None:
    """The shop tells no times. Ann's row is nonsense for a while, and then just what it was: nothing keeps her title from it any
    more."""
    traits = {
        "fields": {"email": "email", "birthday": "text", "job_title": "text"},
        "tells_time": False,
        "incremental": incremental,
    }
    ann = pair({"job_title": "1"}, {"job_title": "1"}, crm_is={**traits, "tells_time": True}, shop_is=traits)
    ann.hub.sync(10)
    ann.hub.sync(20)
    ann.shop.edit("1", at=21, birthday="soon")
    ann.crm.edit("1", at=22, job_title="2")
    ann.hub.sync(30)
    assert (len(ann.hub.quarantine()), ann.in_shop("job_title")) == (1, "1")
    ann.shop.edit("1", at=31, birthday=None)
    ann.hub.sync(40)
    assert (ann.hub.quarantine(), ann.in_shop("job_title")) == ([], "2")


def test_who_was_set_aside_and_left_waits_for_nobody(pair: NewPair) -> None:
    """A row in quarantine and one in review are deleted in the shop: nothing is left to be asked, and Ann is entered."""
    fields = {"fields": {"email": "email", "birthday": "text", "first_name": "text"}}
    ann = pair({"first_name": "Ann"}, {"birthday": "soon"}, crm_is=fields, shop_is=fields)
    ann.crm.create(at=1, email=BOB, first_name="Bob")
    twice = [ann.shop.create(at=1, email=BOB, first_name=name) for name in ("Bob", "Rob")]
    ann.shop.create(at=1, email="eve@example.org")
    ann.hub.sync(10)
    assert len(ann.hub.quarantine()) == 1
    assert {question["kind"] for question in ann.hub.review()} == {"match"}
    for name in ("1", *twice):
        ann.shop.delete(name)
    ann.hub.sync(20)
    assert (ann.hub.quarantine(), ann.hub.review()) == ([], [])
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB, "eve@example.org"]


def test_a_row_set_aside_that_is_told_to_be_gone_waits_for_nobody(pair: NewPair) -> None:
    """The shop tells only what changed. A row there can't be understood, and could be Ann; it is deleted, and the shop says so."""
    fields = {"fields": {"email": "email", "birthday": "text"}}
    ann = pair({}, {"birthday": "soon"}, crm_is=fields, shop_is={**fields, "incremental": True, "sees_deletes": True})
    ann.shop.create(at=1, email=BOB)
    ann.hub.sync(10)
    assert (len(ann.hub.quarantine()), len(ann.shop.rows)) == (1, 2)
    ann.shop.delete("1")
    ann.hub.sync(20)
    assert ann.hub.quarantine() == []
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB]


def test_who_changed_the_email_is_known_by_it(pair: NewPair) -> None:
    """Ann has a new email since last month: a system that joins now and knows only that one has the same Ann."""
    ann = pair({"first_name": "Ann"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, email="ann.lee@example.org")
    ann.hub.sync(20)
    fair = MemorySystem("fair", ["email", "first_name"])
    fair.create(at=25, email="ann.lee@example.org", first_name="Ann")
    ann.hub.change(systems=[ann.crm, ann.shop, fair])
    ann.hub.sync(30, accept=("fair",))
    assert len(ann.hub.records()) == 1


def test_a_familys_mailbox_is_a_question(pair: NewPair) -> None:
    """Ann and Bob share an email in the shop: they are not made one person, and nobody is entered twice."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.shop.create(at=1, email=ANN, first_name="Bob")
    ann.hub.sync(10)
    assert written(ann.hub.sync(20)) == 0
    assert (len(ann.crm.rows), len(ann.shop.rows)) == (1, 2)
    assert {question["kind"] for question in ann.hub.review()} == {"match"}


def test_a_systems_own_duplicates_are_brought_into_agreement(pair: NewPair) -> None:
    """Ann stands in the shop twice, with one email and one name: both rows count, both are written."""
    ann = pair({"first_name": "Ann", "job_title": "CEO"}, {"first_name": "Ann"})
    ann.shop.create(at=0, email=ANN, first_name="Ann")
    ann.hub.sync(10)
    assert [row["job_title"] for row in ann.shop.rows.values()] == ["CEO", "CEO"]
    ann.shop.edit("2", at=11, job_title="Boss")
    ann.hub.sync(20)
    assert [row["job_title"] for row in ann.shop.rows.values()] == ["Boss", "Boss"]
    assert ann.in_crm("job_title") == "Boss"


def test_a_row_that_comes_up_after_the_read_is_not_doubled(pair: NewPair) -> None:
    """Somebody enters Ann in the shop while the run is under way: the lookup before the create finds her."""
    ann = pair({"job_title": "CEO"}, shop_is={"incremental": True})
    ann.shop.create(at=0, email=BOB)
    ann.hub.sync(5)
    ann.crm.create(at=6, email="eve@example.org", job_title="Spy")

    def meanwhile(point: str) -> None:
        ann.crm.interrupt = lambda _point: None
        ann.shop.create(at=7, email="eve@example.org")

    ann.crm.interrupt = meanwhile
    ann.shop.interrupt = lambda _point: None
    ann.hub.sync(10)
    ann.hub.sync(20)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB, "eve@example.org"]


def test_a_namesake_stops_no_create(pair: NewPair) -> None:
    """Another Ann is in the shop already: only keys tell who is who, not every field that a system can search."""
    ann = pair({"first_name": "Ann"}, shop_is={"incremental": True})
    ann.shop.create(at=0, email=BOB, first_name="Ann")
    ann.hub.sync(10)
    ann.crm.create(at=11, email="another@example.org", first_name="Ann")
    ann.hub.sync(20)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, "another@example.org", BOB]


def test_a_lost_create_is_not_mistaken_for_a_namesake(pair: NewPair) -> None:
    """The create never reached the shop, where another Ann is: she is not taken for her."""
    ann = pair({"first_name": "Ann", "last_name": "Lee"})
    ann.shop.create(at=0, email=BOB, first_name="Ann", last_name="Lee")

    def down(point: str) -> None:
        if point == "write":
            ann.shop.interrupt = lambda _point: None
            from synchub.errors import RetryLater

            raise RetryLater("The shop is down.")

    ann.shop.interrupt = down
    ann.hub.sync(10)
    ann.hub.sync(20)
    assert sorted(row["email"] for row in ann.shop.rows.values()) == [ANN, BOB]
    assert ann.hub.golden(ANN)["hub_id"] != ann.hub.golden(BOB)["hub_id"]


def test_a_hub_id_that_a_system_kept_is_stronger_than_any_key(pair: NewPair) -> None:
    """The shop keeps the hub's id: after its export was imported anew under other numbers, everybody is known again."""
    ann = pair({"first_name": "Ann"}, shop_is={"keeps_hub_id": True})
    ann.hub.sync(10)
    old = ann.shop.rows["1"]
    ann.shop.create(at=11, **{**old, "email": "ann.new@example.org"})
    ann.shop.delete("1")
    ann.hub.sync(20)
    assert len(ann.hub.records()) == 1
    assert ann.in_crm("email") == "ann.new@example.org"


def test_two_clashing_creates_of_one_unique_email(pair: NewPair) -> None:
    """The shop refuses a second row with one email and names the first: the next run matches it."""
    ann = pair({"first_name": "Ann"}, shop_is={"unique": "email", "can_lookup": False})

    def meanwhile(point: str) -> None:
        if point == "write":
            ann.shop.interrupt = lambda _point: None
            ann.shop.create(at=9, email=ANN, job_title="CEO")

    ann.shop.interrupt = meanwhile
    ann.hub.sync(10)
    ann.hub.sync(20)
    assert len(ann.shop.rows) == 1
    assert ann.both("job_title") == ("CEO", "CEO")
    assert ann.both("first_name") == ("Ann", "Ann")


@pytest.mark.parametrize("seed", range(3))
def test_who_is_who_does_not_depend_on_how_many_are_compared_at_once(new_hub: NewHub, seed: int) -> None:
    """Twice there are new rows, that share keys with each other and with those that were there before."""
    ends = []
    for bucket in (1, 20_000):
        chance = random.Random(seed)
        systems = [MemorySystem(name, ["email", "phone", "first_name"]) for name in ("a", "b", "c")]
        closed = {system.name: {"create": False} for system in systems}
        hub = new_hub(systems, match=["email", "phone"], members=closed, bucket=bucket)
        for at in (10, 20):
            for number in range(36):
                row = {"email": f"p{chance.randrange(40)}@example.org", "phone": f"+4930567{chance.randrange(900):03}"}
                given = {name: value for name, value in row.items() if chance.random() < 0.8}
                chance.choice(systems).create(at=at - 5, first_name=f"F{number % 3}", **given)
            hub.sync(at)
        links = {record["hub_id"]: hub.links(record["hub_id"]) for record in hub.records()}
        ends.append((hub.records(), links, sorted(question["subject"] for question in hub.review())))
    assert ends[0] == ends[1]
    assert len(ends[0][0]) > 20
    assert len(ends[0][2]) > 5
