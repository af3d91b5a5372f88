"""Undo of runs that did not go as they should: broken off, refused in part, undone before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from unit.histories.pairs import ANN, FIELDS, NewHub, NewPair, Pair, written

from synchub.errors import RecordRejected, RetryLater
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_seams import Killed

BOB = "bob@example.org"


def _no_boss(job: str) -> str:
    if job == "Boss":
        raise RecordRejected("There is no such job.")
    return job


def _wrong_import(pair: NewPair, jobs: Sequence[str] = ("WRONG", "WRONG"), **shop: Any) -> Pair:
    """Ann and Bob are clerks in both; run 1. Then the CRM says something else about each."""
    ann = pair({"job_title": "Clerk"}, {"job_title": "Clerk"}, shop_is={"batch": 1, **shop})
    for system in (ann.crm, ann.shop):
        system.create(at=0, email=BOB, job_title="Clerk")
    ann.hub.sync(10)
    for name, job in zip("12", jobs, strict=True):
        ann.crm.edit(name, at=11, job_title=job)
    return ann


def _jobs(ann: Pair) -> list[str]:
    return [row["job_title"] for row in ann.shop.rows.values()]


def test_a_run_that_was_refused_in_part(pair: NewPair) -> None:
    """The shop took Ann's new job and refused Bob's: only Ann's is put back."""
    ann = _wrong_import(pair, ("WRONG", "Boss"), stores={"job_title": _no_boss})
    assert ann.hub.sync(20).state == "incomplete"
    assert _jobs(ann) == ["WRONG", "Clerk"]
    planned, report = ann.hub.undo("2", at=30)
    assert (planned.changes, written(report), _jobs(ann)) == (1, 1, ["Clerk", "Clerk"])
    assert [written(ann.hub.sync(at)) for at in (40, 50)] == [0, 0]


def test_a_weak_word_does_not_undo_an_undo(pair: NewPair) -> None:
    """What anybody can forge answers no question: the wrong job isn't written again for it. The CRM's word does."""
    ann = _wrong_import(pair, weak=True)
    ann.hub.sync(20)
    ann.hub.undo("2", at=30)
    ann.shop.edit("1", at=35, job_title="Duke")
    assert [written(ann.hub.sync(at)) for at in (40, 50)] == [0, 0]
    assert (_jobs(ann), ann.both("job_title")) == (["Duke", "Clerk"], ("WRONG", "Duke"))
    ann.crm.edit("1", at=55, job_title="Head")
    ann.hub.sync(60)
    assert ann.both("job_title") == ("Head", "Head")


def test_a_run_that_was_killed(pair: NewPair) -> None:
    """It died with Ann's write on the way: an undo says so, looks whether it landed, and puts it back. The next sync goes on
    with Bob, and can be undone too."""
    ann = _wrong_import(pair)
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(20)
    planned, report = ann.hub.undo("2", at=25)
    assert "shop: 1 writes of that run were never answered" in " ".join(planned.notes)
    assert (planned.changes, written(report), _jobs(ann)) == (0, 1, ["Clerk", "Clerk"])
    ann.hub.sync(30)
    assert _jobs(ann) == ["Clerk", "WRONG"]
    ann.hub.undo("4", at=40)
    assert _jobs(ann) == ["Clerk", "Clerk"]
    assert written(ann.hub.sync(50)) == 0


def test_an_undo_is_undone(pair: NewPair) -> None:
    """It was right after all: the shop says so again, no question is left, and all is as if nobody had undone anything."""
    ann = _wrong_import(pair)
    ann.hub.sync(20)
    ann.hub.undo("2", at=30)
    ann.hub.sync(35)
    assert (_jobs(ann), len(ann.hub.review())) == (["Clerk", "Clerk"], 2)
    planned, _ = ann.hub.undo("3", at=40)
    assert planned.changes == 2
    assert _jobs(ann) == ["WRONG", "WRONG"]
    assert (written(ann.hub.sync(50)), ann.hub.review()) == (0, [])
    ann.crm.edit("1", at=55, job_title="Clerk")
    ann.hub.sync(60)
    assert _jobs(ann) == ["Clerk", "WRONG"]


@pytest.mark.parametrize("on_delete", ["propagate", "archive"])
@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_run_that_removed_somebody(pair: NewPair, on_delete: str, can_lookup: bool) -> None:
    """Ann is entered anew with what the hub knew, and the plan says what does not come back. A second undo of the same run
    makes no second Ann; an undo of the undo takes her away again."""
    ann = pair(
        {"job_title": "CEO"},
        {"job_title": "CEO"},
        shop_is={"can_lookup": can_lookup},
        members={"shop": {"on_delete": on_delete}},
    )
    ann.crm.create(at=0, email=BOB)
    ann.hub.sync(10)
    ann.crm.delete("1")
    ann.hub.sync(20)
    assert [row["email"] for row in ann.shop.rows.values()] == [BOB]
    planned, _ = ann.hub.undo("2", at=30)
    assert "1 removed rows are entered anew, under new ids" in " ".join(planned.notes)
    for again in (31, 32):
        planned, report = ann.hub.undo("2", at=again)
        assert (planned.changes, written(report)) == (0, 0)
        assert "it is there again already" in " ".join(planned.notes)
    assert sorted((row["email"], row["job_title"]) for row in ann.shop.rows.values()) == [(ANN, "CEO"), (BOB, None)]
    assert written(ann.hub.sync(40)) == 0
    ann.hub.undo("3", at=50)
    assert [row["email"] for row in ann.shop.rows.values()] == [BOB]
    assert written(ann.hub.sync(60)) == 0


def test_a_row_that_is_gone_since_is_left_alone(pair: NewPair) -> None:
    ann = _wrong_import(pair)
    ann.hub.sync(20)
    ann.shop.delete("1")
    ann.hub.sync(25)
    planned, report = ann.hub.undo("2", at=30)
    assert (planned.changes, written(report)) == (1, 1)
    assert "it is gone there" in " ".join(planned.notes)
    assert _jobs(ann) == ["Clerk"]


@pytest.mark.parametrize("crash", ["sent", ""])
@pytest.mark.parametrize("shop_is", [{}, {"versions": True}, {"versions": True, "answers": False}, {"answers": False}])
def test_a_row_that_the_run_made_and_somebody_works_in(new_hub: NewHub, shop_is: dict[str, Any], crash: str) -> None:
    """What a person enters in a new row, before any read shows it, is not removed with the row: not even if the hub only
    learnt by a look-up that the row was made."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, **shop_is)
    crm.create(at=0, email=ANN, job_title="Clerk")
    hub = new_hub([crm, shop])
    if crash:
        hub.crash_at(crash)
        with pytest.raises(Killed):
            hub.sync(10)
        _break(shop)  # the answer is looked up; the read breaks off
    hub.sync(15)
    shop.interrupt = lambda _point: None
    shop.edit("1", at=20, notes="calls back on Monday")
    hub.undo("1", at=25)
    assert [row["notes"] for row in shop.rows.values()] == ["calls back on Monday"]


def _break(shop: MemorySystem) -> None:
    def fail(point: str) -> None:
        if point == "read":
            raise RetryLater("The shop is down.")

    shop.interrupt = fail


def test_rows_of_records_that_were_joined_since(pair: NewPair) -> None:
    """A run removed Ann and Bob from the shop; then it turns out that they are one person. She is entered again, once."""
    ann = pair(
        {"job_title": "Clerk"},
        {"job_title": "Clerk"},
        members={"shop": {"on_delete": "propagate"}, "crm": {"create": False}},
    )
    for system in (ann.crm, ann.shop):
        system.create(at=0, email=BOB, job_title="Clerk")
        system.create(at=0, email="eve@example.org", job_title="Clerk")
    ann.hub.sync(10)
    for name in "12":
        ann.crm.delete(name)
    run = ann.hub.sync(20, allow={"deletes": 5}).run
    ann.hub.join(ANN, BOB, at=25)
    ann.hub.undo(run, at=30)
    assert [row["email"] for row in ann.shop.rows.values()] == ["eve@example.org", ANN]
    assert written(ann.hub.sync(40)) == 0


def test_an_undo_leaves_the_hubs_id_with_the_row_that_bears_it(new_hub: NewHub) -> None:
    """Ann's row at the fair is split off, which gives it the id of a record of its own. An undo brings back its values."""
    crm, fair = MemorySystem("crm", FIELDS), MemorySystem("fair", FIELDS, keeps_hub_id=True)
    crm.create(at=0, email=ANN, first_name="Ann")
    hub = new_hub([crm, fair])
    hub.sync(10)
    hub.split(ANN, ("fair", "1"), at=15)
    split = hub.sync(20).run
    assert (fair.rows["1"]["hub_id"], fair.rows["1"]["first_name"]) == ("memory-2", None)
    hub.undo(split, at=25)
    assert (fair.rows["1"]["hub_id"], fair.rows["1"]["first_name"]) == ("memory-2", "Ann")
    assert [hub.sync(at).problem for at in (30, 40)] == ["", ""]
    assert written(hub.sync(50)) == 0
