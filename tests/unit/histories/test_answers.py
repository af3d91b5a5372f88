"""Writes whose answer is lost, or says nothing, and systems that keep values in a form of their own."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from unit.histories.pairs import ANN, FIELDS, NewHub, NewPair, Pair, written

from synchub.errors import RecordRejected, RetryLater
from synchub.spec.mapping import FieldMapping
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_seams import Killed
from synchub.testing.simulation.systems import SimulatedSystem

DAY = 24 * 60
CUTS = {"stores": {"first_name": lambda text: text[:4]}}


def test_a_lost_answer_of_a_system_that_cuts_names(pair: NewPair) -> None:
    """The shop keeps four letters and its answer is lost: the CRM does not lose the rest of the name."""
    ann = pair({"first_name": "Alexandra"}, {"first_name": "Al"}, shop_is=CUTS)
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("first_name") == ("Alexandra", "Alex")


@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_lost_answer_does_not_count_twice(pair: NewPair, can_lookup: bool) -> None:
    """Two points are added in the CRM, the write to the shop is never answered: they are added once."""
    traits = {"can_lookup": can_lookup}
    ann = pair({"lead_score": 10}, {"lead_score": 4}, shop_is=traits, rules={"lead_score": "add"})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, lead_score=ann.in_crm("lead_score") + 2)
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("lead_score") == (12, 12)


def test_an_edit_after_a_lost_answer_is_not_taken_for_the_systems_own_form(new_hub: NewHub) -> None:
    """The shop took the CRM's value and nobody heard of it; then somebody edits there. The shop knows a write again by its
    idempotency key and does it once: what still stands there afterwards is what that person entered."""
    crm, shop = MemorySystem("crm", FIELDS), SimulatedSystem("shop", FIELDS, repeats=True, answers=False)
    crm.create(at=0, email=ANN, job_title="1")
    shop.create(at=0, email=ANN)
    hub = new_hub([crm, shop])
    hub.crash_at("sent")
    with pytest.raises(Killed):
        hub.sync(10)
    assert shop.rows["1"]["job_title"] == "1"
    shop.edit("1", at=12, job_title="2")
    hub.sync(20)
    hub.sync(30)
    assert (crm.rows["1"]["job_title"], shop.rows["1"]["job_title"]) == ("2", "2")


@pytest.mark.parametrize("edited_to", ["2", None])
def test_what_landed_beside_an_edit_is_nobodys_claim(pair: NewPair, edited_to: str | None) -> None:
    """Two fields landed and nobody heard of it; then somebody edits one of them there, or takes it back. The shop refuses
    to be written over what has changed since: the other field is still our own write."""
    ann = pair({"job_title": "1", "notes": "kept"}, {}, shop_is={"versions": True})
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.shop.edit("1", at=12, job_title=edited_to)
    for at in (20, 30):
        ann.hub.sync(at)
    with ann.hub.store.read() as tx:
        told = tx.execute(text("SELECT field, value FROM claim WHERE kind = 'claim'")).all()
    assert told == ([("job_title", "2")] if edited_to else [])
    assert ann.both("notes") == ("kept", "kept")
    assert ann.both("job_title") == (edited_to or "1", edited_to or "1")


@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_write_without_an_answer_does_not_beat_a_later_edit(pair: NewPair, can_lookup: bool) -> None:
    """The shop took the CRM's value and nobody heard of it. It says no times: what is read there is no news all the same,
    and the next edit in the CRM stands, though the read in between broke off."""
    ann = pair({"job_title": "1"}, {}, shop_is={"can_lookup": can_lookup, "tells_time": False})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, job_title="2")
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    assert ann.in_shop("job_title") == "2"

    def down(point: str) -> None:
        raise RetryLater("The shop is down.")

    ann.shop.interrupt = down
    ann.hub.sync(11)
    ann.shop.interrupt = lambda _point: None
    ann.crm.edit("1", at=12, job_title="3")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("3", "3")
    assert written(ann.hub.sync(30)) == 0


def test_a_late_read_right_after_a_write_without_an_answer_tells_nothing(pair: NewPair) -> None:
    """The shop took the CRM's value, nobody heard of it, and what is read next is an older copy: when the value shows at
    last, it is still our own and no news, and the edit in the CRM stands."""
    ann = pair({"job_title": "1"}, {}, shop_is={"can_lookup": False, "tells_time": False, "versions": True})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, job_title="2")
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.shop.serve_stale("1")
    ann.hub.sync(20)
    ann.crm.edit("1", at=29, job_title="3")
    ann.hub.sync(30)
    ann.hub.sync(40)
    assert ann.both("job_title") == ("3", "3")
    assert written(ann.hub.sync(50)) == 0


def test_a_lost_answer_to_a_create_makes_no_second_row(pair: NewPair) -> None:
    """The shop made the record but nobody heard of it: it is found by its email, and nothing in it is news."""
    ann = pair({"first_name": "Ann", "lead_score": 3}, rules={"lead_score": "add"})
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert len(ann.shop.rows) == 1
    assert ann.both("lead_score") == (3, 3)


def test_a_create_that_nobody_can_look_for_is_asked_about(pair: NewPair) -> None:
    """Without a lookup an unanswered create is never sent again: a later full read shows it, or a person looks."""
    ann = pair({"first_name": "Ann"}, shop_is={"can_lookup": False})
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert len(ann.shop.rows) == 1


def test_a_create_that_only_a_full_read_shows_says_nothing(pair: NewPair) -> None:
    """What the shop was sent and never confirmed is no word of the shop's: a name that is shortened in the CRM gets short."""
    ann = pair({"first_name": "Alexandra"}, shop_is={"can_lookup": False}, rules={"first_name": "longest"})
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    ann.crm.edit("1", at=25, first_name="Al")
    ann.hub.sync(30)
    assert ann.both("first_name") == ("Al", "Al")


@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_system_that_cuts_names_and_says_nothing(pair: NewPair, can_lookup: bool) -> None:
    """The shop keeps four letters and does not say so: the CRM keeps the whole name."""
    ann = pair(
        {"first_name": "Alexandra"}, {"first_name": "Al"}, shop_is={**CUTS, "answers": False, "can_lookup": can_lookup}
    )
    reports = [ann.hub.sync(at) for at in (10, 20, 30)]
    assert ann.both("first_name") == ("Alexandra", "Alex")
    assert written(reports[-1]) == 0


def test_an_edit_right_after_an_unanswered_write_is_not_lost(pair: NewPair) -> None:
    """Nobody can tell it from a form of the shop's own; but it is kept in the history."""
    ann = pair({"job_title": "1"}, {}, shop_is={"answers": False, "can_lookup": False})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    with ann.hub.store.read() as tx:
        assert tx.execute(text("SELECT field, value FROM history")).all() == [("job_title", "2")]


@pytest.mark.parametrize("can_lookup", [True, False])
def test_a_system_that_ignores_a_value(pair: NewPair, can_lookup: bool) -> None:
    """The shop takes a job title, and keeps none: it stays in the CRM, and is not sent for ever."""
    nothing: dict[str, Any] = {"stores": {"job_title": lambda _text: None}, "answers": False, "can_lookup": can_lookup}
    ann = pair({"job_title": "CEO"}, {}, shop_is=nothing)
    reports = [ann.hub.sync(at) for at in (10, 20, 30)]
    assert ann.both("job_title") == ("CEO", None)
    assert written(reports[-1]) == 0


def test_an_edit_where_a_value_was_cut_is_put_back(pair: NewPair) -> None:
    """The CRM is preferred and the shop cuts its names: who edits the cut name sees it put back once. They never saw the
    whole name, so it is a conflict."""
    ann = pair({"first_name": "Alexandra"}, {"first_name": "Al"}, shop_is=CUTS, rules={"first_name": "prefer crm"})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, first_name="Bob")
    assert [conflict.field for conflict in ann.hub.sync(20).conflicts] == ["first_name"]
    assert ann.both("first_name") == ("Alexandra", "Alex")
    assert written(ann.hub.sync(30)) == 0


def test_a_refused_value_stops_neither_the_record_nor_the_run(pair: NewPair) -> None:
    """The shop refuses a job title: everybody else is written, and a person hears of it."""

    def refuse(text: str) -> str:
        if text == "CEO":
            raise RecordRejected("There is no such job.")
        return text

    ann = pair({"job_title": "CEO"}, {}, shop_is={"stores": {"job_title": refuse}})
    ann.crm.create(at=2, email="bob@example.org", job_title="Clerk")
    ann.hub.sync(10)
    assert {row["email"]: row["job_title"] for row in ann.shop.rows.values()} == {
        "ann@example.org": None,
        "bob@example.org": "Clerk",
    }
    assert [question["kind"] for question in ann.hub.review()] == ["refused"]
    assert written(ann.hub.sync(20)) == 0


def test_an_amount_in_another_currency_stays_as_it_was_sent(pair: NewPair) -> None:
    """The shop counts in dollars: when the rate changes, neither side does."""
    fields = {"fields": {"email": "email", "revenue": "number"}}
    dollars = {"shop": {"mapping": {"revenue": FieldMapping(native="revenue", currency="USD")}}}
    ann = pair({"revenue": 100}, {"revenue": 1}, crm_is=fields, shop_is=fields, members=dollars)
    ann.hub.sync(DAY)
    sent = ann.in_shop("revenue")
    assert 100 < sent < 120
    assert [written(ann.hub.sync(day * DAY)) for day in (2, 3, 4)] == [0, 0, 0]
    assert ann.both("revenue") == (100, sent)


def claims(ann: Pair, system: str) -> list[tuple[str, str]]:
    """What a system has claimed since its first contact: field and value."""
    query = (
        "SELECT field, value FROM claim JOIN link ON link.id = claim.link JOIN member ON member.id = link.member "
        "WHERE member.system = :system AND kind = 'claim' ORDER BY seq"
    )
    with ann.hub.store.read() as tx:
        return [(field, value) for field, value in tx.execute(text(query), {"system": system})]


def sent_again_and_taken_back(pair: NewPair) -> Pair:
    """The first write never left, the second was answered, and an undo took it back."""
    ann = pair({"job_title": "1"}, {}, shop_is={"can_lookup": False})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, job_title="2")
    ann.hub.crash_at("journaled")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    report = ann.hub.sync(20)
    assert ann.in_shop("job_title") == "2"
    ann.hub.undo(report.run, at=25)
    assert ann.in_shop("job_title") == "1"
    return ann


def test_an_older_copy_does_not_settle_what_was_sent_again_and_taken_back(pair: NewPair) -> None:
    """The shop shows once more what stood there before the undo: nobody has said anything."""
    ann = sent_again_and_taken_back(pair)
    ann.shop.serve_stale("1")
    for at in (30, 40):
        ann.hub.sync(at)
    assert claims(ann, "shop") == []


def test_what_is_entered_after_a_second_write_is_no_answer_to_the_first(pair: NewPair) -> None:
    """Somebody enters there what the first write would have put."""
    ann = sent_again_and_taken_back(pair)
    ann.shop.edit("1", at=28, job_title="2")
    ann.hub.sync(30)
    assert claims(ann, "shop") == [("job_title", "2")]


def test_a_lost_answer_of_a_system_that_cuts_names_and_has_versions(pair: NewPair) -> None:
    """Nobody has touched the row since: that it has another version is our own doing, and what is short of the name too."""
    traits = {**CUTS, "versions": True}
    ann = pair({"first_name": "Alexandra"}, {"first_name": "Al"}, shop_is=traits)
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("first_name") == ("Alexandra", "Alex")
    assert claims(ann, "shop") == []


def test_a_system_that_keeps_only_the_day(pair: NewPair) -> None:
    """The shop keeps days, the CRM times: the time of day is not lost, and nothing goes back and forth."""
    ann = pair(
        {"visit": "2024-04-01T10:23:00+00:00"},
        {},
        crm_is={"fields": {"email": "email", "visit": "datetime"}},
        shop_is={"fields": {"email": "email", "visit": "text"}},
        members={"shop": {"mapping": {"visit": FieldMapping(native="visit", format="%Y-%m-%d")}}},
        fields={"visit": "datetime"},
    )
    ann.hub.sync(10)
    assert ann.both("visit") == ("2024-04-01T10:23:00+00:00", "2024-04-01")
    assert [written(ann.hub.sync(at)) for at in (20, 30)] == [0, 0]
    assert ann.hub.golden("ann@example.org")["visit"] == "2024-04-01T10:23:00Z"


def insist(ann: Pair, until: int) -> list[int]:
    """The CRM writes titles in capitals, the shop in small letters, each time anew. How much each run wrote."""
    counts = []
    for at in range(20, until, 10):
        if ann.in_crm("job_title") != ann.in_crm("job_title").upper():
            ann.crm.edit("1", at=at - 3, job_title=ann.in_crm("job_title").upper())
        if ann.in_shop("job_title") != ann.in_shop("job_title").lower():
            ann.shop.edit("1", at=at - 2, job_title=ann.in_shop("job_title").lower())
        counts.append(written(ann.hub.sync(at)))
    return counts


def test_two_systems_that_each_insist_on_a_form_of_their_own(pair: NewPair) -> None:
    """After three rounds a person is asked."""
    ann = pair({"job_title": "Ceo"})
    ann.hub.sync(10)
    counts = insist(ann, 100)
    assert counts[0] > 0
    assert counts[-3:] == [0, 0, 0]
    assert "alternating" in {question["kind"] for question in ann.hub.review()}


def test_who_no_longer_insists_is_written_again_also_after_a_split(pair: NewPair) -> None:
    """The two rows became a record of their own after the question was asked; its answer still counts at once."""
    fair = MemorySystem("fair", FIELDS)
    ann = pair({"job_title": "Ceo"}, more=[fair])
    ann.hub.sync(10)
    insist(ann, 100)
    ann.hub.split(ANN, ("crm", "1"), ("shop", "1"), at=105)
    counts = [written(ann.hub.sync(at)) for at in range(110, 150, 10)]
    assert counts[-1] == 0
    assert ann.in_crm("job_title") != ann.in_shop("job_title")
    ann.hub.answer("alternating", "release", at=155)
    ann.hub.sync(160)
    assert ann.in_crm("job_title") == ann.in_shop("job_title")


def test_two_edits_around_a_settled_write_are_one_round(pair: NewPair) -> None:
    """The shop took the CRM's value and nobody heard of it; somebody changed it there before it was settled, and again
    before it was read."""
    ann = pair({"job_title": "1"}, shop_is={"tells_time": False})
    ann.hub.sync(5)
    ann.crm.edit("1", at=6, job_title="2")
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.shop.edit("1", at=15, job_title="3")

    def meanwhile(point: str) -> None:
        if point == "written":
            ann.shop.interrupt = lambda _point: None
            ann.shop.edit("1", at=20, job_title="4")

    ann.shop.interrupt = meanwhile
    assert ann.hub.sync(20).problem == ""
    assert ann.both("job_title") == ("4", "4")
    assert written(ann.hub.sync(30)) == 0
