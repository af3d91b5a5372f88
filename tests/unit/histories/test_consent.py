"""Consent: a machine never loosens it."""

from __future__ import annotations

import pytest
from unit.histories.pairs import ANN, FIELDS, NewHub, NewPair, written

from synchub.testing.memory import MemorySystem
from synchub.testing.memory_seams import Killed

CONSENT = {"fields": ("email", "opted_out", "consent_at", "lead_score")}


def test_an_opt_out_reaches_who_left_the_filter(pair: NewPair) -> None:
    """Ann has too few points for the shop to be updated; her opt-out reaches it all the same."""
    ann = pair({"lead_score": 60, "opted_out": False}, members={"shop": {"where": "lead_score >= 50"}})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, lead_score=10)
    ann.hub.sync(20)
    ann.crm.edit("1", at=21, opted_out=True)
    ann.hub.sync(30)
    assert ann.in_shop("opted_out") is True


def test_an_opt_out_survives_an_import(pair: NewPair) -> None:
    """An import into the CRM sets everybody to subscribed: who opted out stays out, and the CRM is put right."""
    ann = pair({"opted_out": True})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, opted_out=False)
    ann.hub.sync(20)
    assert ann.both("opted_out") == (True, True)


def test_an_opt_out_survives_a_restored_backup(pair: NewPair) -> None:
    """The shop goes back to the backup from before the opt-out."""
    ann = pair({"opted_out": False}, {"opted_out": False})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, opted_out=True)
    ann.hub.sync(20)
    ann.shop.restore_copy("1")
    for at in (30, 40, 50):
        ann.hub.sync(at)
    assert ann.both("opted_out") == (True, True)


def test_an_undo_holds_back_no_opt_out_that_a_join_brings(pair: NewPair) -> None:
    """Somebody takes back that Ann wants mail, which opens a question; then it turns out that she is Bob, who does not."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"})
    ann.shop.create(at=2, email="bob@example.org", first_name="Bob", opted_out=True)
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, opted_out=False)
    ann.hub.undo(ann.hub.sync(20).run, at=21)
    ann.hub.join(ANN, "bob@example.org", at=22)
    ann.hub.sync(30)
    assert ann.both("opted_out") == (True, True)


def test_an_opt_out_outlives_a_join_that_is_taken_back(pair: NewPair) -> None:
    """Ann is joined with Bob, who wants no mail, parted from him at once, and once more: no part of them wants mail."""
    ann = pair({"first_name": "Ann"}, {"first_name": "Ann"}, more=[MemorySystem("fair", FIELDS)])
    ann.shop.create(at=2, email="bob@example.org", first_name="Bob", opted_out=True)
    ann.hub.sync(10)
    ann.hub.join(ANN, "bob@example.org", at=22)
    ann.hub.split(ANN, ("shop", "2"), at=23)
    ann.hub.split(ANN, ("fair", "1"), at=24)
    ann.hub.sync(30)
    assert {record["opted_out"] for record in ann.hub.records()} == {"true"}
    assert ann.both("opted_out") == (True, True)


@pytest.mark.parametrize("later", [False, True])
def test_an_opt_out_outlives_an_edit_of_the_configuration(pair: NewPair, later: bool) -> None:
    """Ann opted out in the shop, and from now on the shop is only written: that takes nothing back."""
    ann = pair({"job_title": "1"}, {"opted_out": not later})
    ann.hub.sync(10)
    if later:
        ann.shop.edit("1", at=11, opted_out=True)
        ann.hub.sync(20)
    ann.hub.change(members={"shop": {"direction": "out"}})
    ann.hub.sync(30)
    ann.crm.edit("1", at=31, job_title="2")
    ann.hub.sync(40, recompute=True)
    assert ann.both("opted_out") == (True, True)
    assert ann.hub.golden(ANN)["opted_out"] == "true"


@pytest.mark.parametrize("first", [False, True])
def test_an_opt_out_counts_where_it_is_only_written_too(pair: NewPair, first: bool) -> None:
    """Ann's shop is never believed. She opts out there, and that is carried everywhere and never written over; that somebody
    takes it back there is no word."""
    ann = pair({"opted_out": False}, {"opted_out": True} if first else None, members={"shop": {"direction": "out"}})
    ann.hub.sync(10)
    if not first:
        ann.shop.edit("1", at=11, opted_out=True)
        ann.hub.sync(20)
    assert ann.both("opted_out") == (True, True)
    ann.shop.edit("1", at=21, opted_out=False)
    ann.hub.sync(30)
    assert ann.both("opted_out") == (True, True)
    ann.hub.change(members={"shop": {"direction": "both"}})
    ann.hub.sync(40)
    assert ann.both("opted_out") == (True, True)


def test_both_parts_of_a_split_stay_opted_out(pair: NewPair) -> None:
    """Two people were one record while one of them opted out: it can't be told who, so neither is written to."""
    ann = pair({"opted_out": False}, {"opted_out": True})
    ann.hub.sync(10)
    ann.hub.split(ANN, ("shop", "1"), at=15)
    ann.hub.sync(20)
    assert ann.both("opted_out") == (True, True)


def test_a_person_can_take_an_opt_out_back_and_it_can_be_given_again(pair: NewPair) -> None:
    """Ann asks on the phone to be written to again; later she opts out once more."""
    ann = pair({"opted_out": True})
    ann.hub.sync(10)
    ann.hub.set(ANN, at=15, opted_out="false")
    ann.hub.sync(20)
    assert ann.both("opted_out") == (False, False)
    ann.shop.edit("1", at=21, opted_out=True)
    ann.hub.sync(30)
    assert ann.both("opted_out") == (True, True)


def test_a_trusted_system_takes_an_opt_out_back(pair: NewPair) -> None:
    """The shop may take back opt-outs: with a consent that was given later, and only so."""
    ann = pair({"opted_out": True}, {}, crm_is=CONSENT, shop_is=CONSENT, consent_from=("shop",))
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, opted_out=False)
    ann.hub.sync(20)
    assert ann.both("opted_out") == (True, True)
    ann.shop.edit("1", at=21, opted_out=False, consent_at="2020-01-01T00:00:00Z")
    ann.hub.sync(30)
    assert ann.both("opted_out") == (True, True)
    ann.shop.edit("1", at=31, opted_out=False, consent_at="2024-05-01T09:31:00Z")
    ann.hub.sync(40)
    assert ann.both("opted_out") == (False, False)
    ann.crm.edit("1", at=41, opted_out=True)
    ann.hub.sync(50)
    assert ann.both("opted_out") == (True, True)


def test_an_untrusted_system_takes_nothing_back(pair: NewPair) -> None:
    """The CRM is not in `consent_from`: whatever consent it shows, the opt-out stands."""
    ann = pair({"opted_out": True}, {}, crm_is=CONSENT, shop_is=CONSENT, consent_from=("shop",))
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, opted_out=False, consent_at="2024-05-01T09:11:00Z")
    ann.hub.sync(20)
    assert ann.both("opted_out") == (True, True)


def test_an_opt_out_passes_limits(pair: NewPair) -> None:
    """Not even a limit on updates keeps an opt-out from being carried out."""
    ann = pair({"opted_out": False}, {}, members={"shop": {"limits": {"updates": 0}}})
    ann.hub.sync(10, allow={"updates": 5})
    ann.crm.edit("1", at=11, opted_out=True)
    assert ann.hub.sync(20).state == "done"
    assert ann.in_shop("opted_out") is True


def test_an_opt_out_in_a_weak_member_counts(new_hub: NewHub) -> None:
    """Who writes "unsubscribe" by mail is unsubscribed, though mail decides nothing else."""
    crm, mail = MemorySystem("crm", FIELDS), MemorySystem("mail", FIELDS, weak=True)
    crm.create(at=0, email=ANN, opted_out=False)
    mail.create(at=0, email=ANN, opted_out=False)
    hub = new_hub([crm, mail], members={"mail": {"direction": "in"}})
    hub.sync(10)
    mail.edit("1", at=11, opted_out=True)
    hub.sync(20)
    assert crm.rows["1"]["opted_out"] is True
    assert written(hub.sync(30)) == 0


def test_an_opt_out_right_after_the_hub_made_the_row_is_heard(new_hub: NewHub) -> None:
    """The shop neither says what it stored nor can it be asked: what reads otherwise later may be its own form of what
    was sent. An opt-out never is."""
    crm, shop = MemorySystem("crm", FIELDS), MemorySystem("shop", FIELDS, answers=False, can_lookup=False)
    crm.create(at=0, email=ANN, first_name="Ann", opted_out=False)
    hub = new_hub([crm, shop])
    hub.sync(10)
    shop.edit("1", at=11, opted_out=True)
    hub.sync(20)
    assert [system.rows["1"]["opted_out"] for system in (crm, shop)] == [True, True]


@pytest.mark.parametrize("crm_says", [None, False])
@pytest.mark.parametrize("traits", [{}, {"incremental": True}, {"answers": False, "can_lookup": False}])
def test_an_opt_out_right_after_a_create_without_an_answer_is_heard(
    pair: NewPair, traits: dict[str, bool], crm_says: bool | None
) -> None:
    """Ann was entered in the shop, nobody heard of it, and she opts out there: that is her word, no form of the shop's."""
    ann = pair({"opted_out": crm_says}, shop_is=traits)
    ann.hub.crash_at("sent")
    with pytest.raises(Killed):
        ann.hub.sync(10)
    ann.shop.edit("1", at=12, opted_out=True)
    for at in (20, 30, 40):
        ann.hub.sync(at)
    assert ann.both("opted_out") == (True, True)
