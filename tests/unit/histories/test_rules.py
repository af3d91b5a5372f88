"""What rules come to over time."""

from __future__ import annotations

from sqlalchemy import text
from unit.histories.pairs import ANN, NewPair, written

from synchub.testing.memory import MemorySystem


def test_a_tag_that_is_removed_in_one_system_goes_everywhere(pair: NewPair) -> None:
    """Union works by differences: taking a tag off in the shop takes it off in the CRM."""
    ann = pair({"tags": ["x", "y"]})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, tags=["x"])
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("tags") == (["x"], ["x"])


def test_tags_of_both_systems_are_kept(pair: NewPair) -> None:
    """Each side adds a tag and takes one off: all four are done."""
    ann = pair({"tags": ["a", "b", "c"]})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, tags=["b", "c", "d"])
    ann.shop.edit("1", at=12, tags=["a", "c", "e"])
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("tags") == (["c", "d", "e"], ["c", "d", "e"])


def test_points_are_added_up_once(pair: NewPair) -> None:
    """The shop's copy of the CRM's points is an echo, not more points."""
    ann = pair({"lead_score": 10}, {"lead_score": 5}, rules={"lead_score": "add"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, lead_score=12)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("lead_score") == (12, 12)


def test_points_added_on_both_sides_are_all_counted(pair: NewPair) -> None:
    """Two more in the CRM and three more in the shop make five more."""
    ann = pair({"lead_score": 10}, rules={"lead_score": "add"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, lead_score=12)
    ann.shop.edit("1", at=12, lead_score=13)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.both("lead_score") == (15, 15)


def test_the_same_points_on_both_sides_are_one_counter(pair: NewPair) -> None:
    """At first contact both have ten: that is ten, not twenty."""
    ann = pair({"lead_score": 10}, {"lead_score": 10}, rules={"lead_score": "add"})
    assert written(ann.hub.sync(10)) == 0
    assert ann.both("lead_score") == (10, 10)


def test_points_that_are_cleared_are_taken_away(pair: NewPair) -> None:
    """Somebody clears a counter: that takes away what was in it."""
    ann = pair({"lead_score": 10}, rules={"lead_score": "add"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, lead_score=None)
    ann.hub.sync(20)
    assert written(ann.hub.sync(30)) == 0
    assert ann.hub.golden(ANN)["lead_score"] == "0"


def test_an_open_question_is_sent_nowhere(pair: NewPair) -> None:
    """Both sides rewrite a note that a person decides about: each keeps its own, and a person is asked."""
    ann = pair({"notes": "x"}, {"notes": "x"}, rules={"notes": "ask"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, notes="a")
    ann.shop.edit("1", at=12, notes="b")
    ann.hub.sync(20)
    assert ann.both("notes") == ("a", "b")
    assert [question["kind"] for question in ann.hub.review()] == ["ask"]


def test_a_question_closes_when_the_sides_agree(pair: NewPair) -> None:
    """Somebody carries the CRM's note over to the shop: nothing is left to ask."""
    ann = pair({"notes": "x"}, {"notes": "x"}, rules={"notes": "ask"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, notes="a")
    ann.shop.edit("1", at=12, notes="b")
    ann.hub.sync(20)
    ann.shop.edit("1", at=21, notes="a")
    ann.hub.sync(30)
    assert ann.both("notes") == ("a", "a")
    assert ann.hub.review() == []
    ann.crm.edit("1", at=31, notes="c")
    ann.hub.sync(40)
    assert ann.both("notes") == ("c", "c")


def test_a_lone_edit_under_ask_needs_no_answer(pair: NewPair) -> None:
    """Only one side changes a note: there is nothing to ask."""
    ann = pair({"notes": "x"}, rules={"notes": "ask"})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, notes="y")
    ann.hub.sync(20)
    assert ann.both("notes") == ("y", "y")


def test_an_answer_ends_a_question(pair: NewPair) -> None:
    """A person decides: both sides get it, and nobody asks again."""
    ann = pair({"notes": "a"}, {"notes": "b"}, rules={"notes": "ask"})
    ann.hub.sync(10)
    assert ann.both("notes") == ("a", "b")
    ann.hub.set(ANN, at=15, notes="c")
    ann.hub.sync(20)
    assert ann.both("notes") == ("c", "c")
    assert ann.hub.review() == []
    assert written(ann.hub.sync(30)) == 0


def test_a_changed_rule_applies_from_then_on(pair: NewPair) -> None:
    """The rule now prefers the shop: what lost years ago does not come back, unless that is asked for."""
    ann = pair({"job_title": "of 2024"}, {"job_title": "of 2019"})
    ann.hub.sync(10)
    ann.hub.change(rules={"job_title": "prefer shop"})
    assert written(ann.hub.sync(20)) == 0
    assert ann.both("job_title") == ("of 2024", "of 2024")
    shown = ann.hub.plan(25, recompute=True)
    assert (shown.changes, shown.recomputed) == (2, 2)
    assert written(ann.hub.sync(26)) == 0
    ann.crm.create(at=27, email="bob@example.org", job_title="new")
    shown = ann.hub.plan(28, recompute=True)
    assert (shown.changes, shown.recomputed) == (3, 2)
    ann.hub.sync(30, recompute=True)
    assert ann.both("job_title") == ("of 2019", "of 2019")


def test_a_changed_rule_decides_the_next_edit(pair: NewPair) -> None:
    """After the rule was changed to prefer the shop, its next edit counts and one in the CRM is put back."""
    ann = pair({"job_title": "of 2024"}, {"job_title": "of 2019"})
    ann.hub.sync(10)
    ann.hub.change(rules={"job_title": "prefer shop"})
    ann.shop.edit("1", at=11, job_title="shop's")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("shop's", "shop's")
    ann.crm.edit("1", at=21, job_title="crm's")
    report = ann.hub.sync(30)
    assert ann.both("job_title") == ("shop's", "shop's")
    assert report.put_back == 1


def test_a_value_cleared_where_it_is_preferred_stays_cleared(pair: NewPair) -> None:
    """The preferred CRM clears a wrong job title: the shop's of 2019 does not rise from the dead."""
    ann = pair({"job_title": "wrong"}, {"job_title": "of 2019"}, rules={"job_title": "prefer crm"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, job_title=None)
    ann.hub.sync(20)
    assert ann.both("job_title") == (None, None)
    ann.shop.edit("1", at=21, job_title="of today")
    ann.hub.sync(30)
    assert ann.both("job_title") == ("of today", "of today")


def test_a_lone_edit_in_a_less_preferred_system_is_put_back_and_reported(pair: NewPair) -> None:
    """The CRM is preferred as a standing order: an edit in the shop is put back, and the report says so."""
    ann = pair({"job_title": "1"}, rules={"job_title": "prefer crm"})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, job_title="2")
    report = ann.hub.sync(20)
    assert ann.both("job_title") == ("1", "1")
    assert report.put_back == 1


def test_a_step_back_is_reported_and_not_taken(pair: NewPair) -> None:
    """A customer that is made a lead in the CRM stays a customer; only a person takes a stage back."""
    ann = pair({"lifecycle_stage": "customer"})
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, lifecycle_stage="lead")
    assert ann.hub.sync(20).put_back == 1
    assert ann.both("lifecycle_stage") == ("customer", "customer")
    ann.hub.set(ANN, at=25, lifecycle_stage="lead")
    ann.hub.sync(30)
    assert ann.both("lifecycle_stage") == ("lead", "lead")
    ann.shop.edit("1", at=31, lifecycle_stage="opportunity")
    ann.hub.sync(40)
    assert ann.both("lifecycle_stage") == ("opportunity", "opportunity")


def test_a_persons_decision_holds_until_somebody_edits(pair: NewPair) -> None:
    """`set` voids what was claimed before, under every rule; a newer edit competes."""
    ann = pair({"job_title": "1"}, {"job_title": "2"}, rules={"job_title": "prefer crm"})
    ann.hub.sync(10)
    ann.hub.set(ANN, at=11, job_title="3")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("3", "3")
    ann.crm.edit("1", at=21, job_title="4")
    ann.hub.sync(30)
    assert ann.both("job_title") == ("3", "3")


def test_claims_of_a_member_that_was_removed_keep_counting(pair: NewPair) -> None:
    """The CRM is taken out of the sync: what it said stays, and the shop's old value does not come back."""
    fair = MemorySystem("fair", ["email", "job_title"])
    ann = pair({"job_title": "of 2024"}, {"job_title": "of 2019"}, more=[fair])
    ann.hub.sync(10)
    ann.hub.change(systems=[ann.shop, fair])
    assert written(ann.hub.sync(20)) == 0
    assert (ann.in_shop("job_title"), fair.rows["1"]["job_title"]) == ("of 2024", "of 2024")


def test_an_address_is_never_mixed(pair: NewPair) -> None:
    """Street and city come from the same system, though each system changed only one of them."""
    fields = {"fields": ("email", "street", "city", "postal_code")}
    ann = pair({"street": "Old 1", "city": "Ulm", "postal_code": "89073"}, crm_is=fields, shop_is=fields)
    ann.hub.sync(10)
    ann.crm.edit("1", at=11, street="New 2", postal_code="89075")
    ann.shop.edit("1", at=12, street="Far 3", city="Bonn", postal_code=None)
    ann.hub.sync(20)
    assert (ann.in_crm("street"), ann.in_crm("city")) == ("Far 3", "Bonn")
    assert written(ann.hub.sync(30)) == 0


def test_what_a_system_fills_in_by_itself_decides_nothing(pair: NewPair) -> None:
    """The shop fills in `source` in the rows that the hub makes there: that is nobody's word."""
    ann = pair(
        {"source": "fair"},
        shop_is={"defaults": {"source": "shop"}},
        members={"shop": {"mapping": {"source": {"native": "source", "direction": "in"}}}},
    )
    for at in (10, 20, 30):
        ann.hub.sync(at)
    assert ann.in_crm("source") == "fair"


def test_what_a_system_fills_in_counts_where_nobody_says_anything(pair: NewPair) -> None:
    """Nobody knows a source but the shop, which fills one in: better than nothing."""
    ann = pair({}, shop_is={"defaults": {"source": "shop"}})
    ann.hub.sync(10)
    ann.hub.sync(20)
    assert ann.both("source") == ("shop", "shop")
    assert written(ann.hub.sync(30)) == 0


def test_an_edit_where_it_is_only_written_is_overwritten(pair: NewPair) -> None:
    """The shop is only written: what somebody enters there goes to history, and golden is sent again."""
    ann = pair({"job_title": "1"}, members={"shop": {"direction": "out"}})
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, job_title="2")
    ann.hub.sync(20)
    assert ann.both("job_title") == ("1", "1")
    with ann.hub.store.read() as tx:
        assert tx.execute(text("SELECT field, value FROM history")).all() == [("job_title", "2")]


def test_a_member_that_only_fills_gaps(pair: NewPair) -> None:
    """Mail may be forged: its names count only where nobody else has one."""
    mail = {"weak": True}
    ann = pair({"first_name": "Ann"}, {"first_name": "Annabella", "job_title": "CEO"}, shop_is=mail)
    ann.hub.sync(10)
    ann.shop.edit("1", at=11, first_name="Eve")
    ann.hub.sync(20)
    assert ann.both("first_name") == ("Ann", "Ann")
    assert ann.both("job_title") == ("CEO", "CEO")
