"""Writes that a system refuses for good, and creates of what is there already."""

from __future__ import annotations

from typing import Any

import pytest
from unit.histories.pairs import ANN, NewHub, NewPair, written

from synchub.errors import RecordRejected
from synchub.spec.mapping import FieldMapping
from synchub.testing.memory import MemorySystem

BOB = "bob@example.org"
FIELDS = ("email", "phone", "job_title")


def _no_boss(job: str) -> str:
    if job.startswith("Boss"):
        raise RecordRejected("There is no such job.")
    return job


@pytest.mark.parametrize("there", [True, False])
def test_what_was_refused_is_sent_again_when_it_changes(pair: NewPair, there: bool) -> None:
    """The shop takes no boss, neither as a change nor as somebody new. It is tried once, then not until the CRM says something
    else; then nobody is asked any more."""
    ann = pair({"job_title": "Boss"}, {} if there else None, shop_is={"stores": {"job_title": _no_boss}})
    assert ann.hub.sync(10).members[1].failed == 1
    assert [written(ann.hub.sync(at)) for at in (20, 30)] == [0, 0]
    assert [question["kind"] for question in ann.hub.review()] == ["refused"]
    ann.crm.edit("1", at=35, job_title="Clerk")
    ann.hub.sync(40)
    assert (ann.in_shop("job_title"), ann.hub.review()) == ("Clerk", [])
    ann.crm.edit("1", at=45, job_title="Boss")
    ann.hub.sync(50)
    assert [question["kind"] for question in ann.hub.review()] == ["refused"]


def test_what_was_refused_is_sent_again_when_a_person_says_so(pair: NewPair) -> None:
    ann = pair({"job_title": "Boss"}, {}, shop_is={"stores": {"job_title": _no_boss}})
    ann.hub.sync(10)
    ann.shop.stores = {}
    assert written(ann.hub.sync(20)) == 0
    ann.hub.answer("refused", "retry", at=25)
    ann.hub.sync(30)
    assert (ann.in_shop("job_title"), ann.hub.review()) == ("Boss", [])


@pytest.mark.parametrize("there", [True, False])
def test_what_was_refused_is_sent_again_when_the_mapping_changes(pair: NewPair, there: bool) -> None:
    """The shop calls a boss otherwise. Once the mapping says so it takes her."""
    ann = pair({"job_title": "Boss"}, {} if there else None, shop_is={"stores": {"job_title": _no_boss}})
    ann.hub.sync(10)
    otherwise: dict[str, Any] = {"job_title": FieldMapping(native="job_title", values={"Chief": "Boss"})}
    ann.hub.change(members={"shop": {"mapping": otherwise}})
    ann.hub.sync(20)
    assert (ann.in_shop("job_title"), ann.hub.review()) == ("Chief", [])
    assert written(ann.hub.sync(30)) == 0


def test_a_create_that_is_told_what_is_there_is_linked(new_hub: NewHub) -> None:
    """Just before the hub makes Ann in the shop somebody enters her there, and the shop has no two of one e-mail: the row it
    names is linked by the next run, and nothing is called a failure."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, unique="email")
    crm.create(at=0, email=ANN, job_title="CEO")
    shop.create(at=0, email=BOB)
    hub = new_hub([crm, shop])

    def meanwhile(point: str) -> None:
        if point == "write" and len(shop.rows) == 1:
            shop.create(at=10, email=ANN, phone="+49301234567")

    shop.interrupt = meanwhile
    report = hub.sync(10)
    assert (report.state, report.members[1].failed) == ("done", 0)
    assert "shop: 1 record is there already; the next sync decides about it" in report.notes
    hub.sync(20)
    assert (len(shop.rows), shop.rows["2"]["job_title"]) == (2, "CEO")
    assert sorted(hub.links(ANN)) == [("crm", "1"), ("shop", "2")]
    assert written(hub.sync(30)) == 0


def test_a_create_whose_place_another_record_has_is_asked_about(new_hub: NewHub) -> None:
    """The shop has no two of one phone number, and Bob's row there has Ann's: she can't be made there. It is tried once, and
    a person hears of it."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, unique="phone")
    crm.create(at=0, email=ANN, phone="+49301234567")
    shop.create(at=0, email=BOB, phone="+49301234567")
    hub = new_hub([crm, shop])
    assert [written(hub.sync(at)) for at in (10, 20, 30)] == [2, 0, 0]
    (question,) = hub.review()
    assert "its row 1 is there already, and belongs to another record" in question["details"]["reason"]
    crm.edit("1", at=35, phone="+49307654321")
    hub.sync(40)
    assert (len(shop.rows), hub.review()) == (2, [])
