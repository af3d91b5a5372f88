"""`why`: who said what about a record, what won and why, and who holds something else."""

from __future__ import annotations

from datetime import datetime

import pytest
from unit.run.conftest import HUB, SYNC, Office

from synchub.errors import ConfigurationError
from synchub.run.hub import Hub
from synchub.run.told.explaining import explain
from synchub.spec.reports import ClaimLine

ANN = "ann@acme.com"


def said(*lines: ClaimLine) -> list[tuple[str, str | None, str]]:
    return [(line.system, line.value, line.reason) for line in lines]


def test_a_dated_claim_wins_over_an_undated_one(office: Office):
    office.sync(at=0)
    city = office.why_field(ANN, "city")

    assert (city.value, city.rule, said(city.winner)) == ("Berlin", "newest", [("shop", "Berlin", "")])
    assert city.winner.at == datetime.fromisoformat("2026-04-01T12:00:00+02:00")
    assert (city.winner.stream, city.winner.run, city.winner.weak) == ("customers", "1", False)
    assert said(*city.losers) == [("fair", "Bonn", "undated, so older than every date")]
    assert city.losers[0].at is None


def test_what_agrees_is_told_and_does_not_lose(office: Office):
    office.sync(at=0)
    name = office.why_field(ANN, "first_name")

    assert (name.losers, name.history, name.held) == ((), (), ())
    assert name.note == "fair says the same."


def test_a_later_edit_wins_and_what_it_replaced_is_history(office: Office):
    office.sync(at=0)
    office.edit("leads.csv", 0, City="Ulm")
    office.sync(at=10)
    city = office.why_field(ANN, "city")

    assert (city.value, said(city.winner), city.winner.run) == ("Ulm", [("fair", "Ulm", "")], "2")
    assert said(*city.losers) == [("shop", "Berlin", "older")]
    assert said(*city.history) == [("fair", "Bonn", "")]


def test_a_tie_is_told(office: Office):
    office.edit("customers.csv", 0, changed="")
    office.sync(at=0)
    city = office.why_field(ANN, "city")

    assert city.value == "Berlin"
    assert said(*city.losers) == [("fair", "Bonn", "as old, and shop stands before fair in hub.toml")]


def test_a_standing_order_of_systems_is_told(office: Office):
    office.write("hub.toml", HUB + 'rules = { first_name = ["prefer fair", "newest"] }\n' + SYNC)
    office.edit("leads.csv", 0, First="Anna")
    office.sync(at=0)
    name = office.why_field(ANN, "first_name")

    assert (name.value, name.rule) == ("Anna", "prefer fair, newest")
    assert said(*name.losers) == [("shop", "Ann", "fair comes first")]


def test_a_decision_names_the_person_and_the_reason_and_ends_what_was_said(office: Office):
    office.sync(at=0)
    office.set(ANN, at=5, first_name="Anne")
    before = office.why_field(ANN, "first_name")
    office.sync(at=10)
    after = office.why_field(ANN, "first_name")

    assert before.note == "The next run puts it into effect."
    assert [(held.system, held.value, held.note) for held in before.held] == [
        ("shop", "Ann", "the next run writes it"),
        ("fair", "Ann", "the next run writes it"),
    ]
    assert (after.value, after.winner.system, after.note, after.held) == ("Anne", "hub", "", ())
    assert after.winner.reason.endswith(": she called")
    assert after.losers == ()
    assert said(*after.history) == [
        ("shop", "Ann", "a person decided afterwards"),
        ("fair", "Ann", "a person decided afterwards"),
    ]


def test_a_set_is_put_together_from_all(office: Office):
    office.edit("customers.csv", 0, labels="vip;news")
    office.edit("leads.csv", 0, Interests="sport")
    office.sync(at=0)
    tags = office.why_field(ANN, "tags")

    assert (tags.value, tags.winner, tags.losers) == ('["news","sport","vip"]', None, ())
    assert {(line.system, line.value) for line in tags.counted} == {
        ("shop", '["news","vip"]'),
        ("fair", '["sport"]'),
    }


def test_one_voice_needs_no_verdict(office: Office):
    office.sync(at=0)
    phone = office.why_field("bob@acme.com", "phone")

    assert (phone.value, phone.rule, said(phone.winner)) == (
        "+492217654321",
        "newest",
        [("fair", "+492217654321", "")],
    )


def test_a_member_that_only_fills_gaps_is_marked(office: Office):
    office.write("hub.toml", HUB + SYNC + "fill_only = true\n")
    office.edit("customers.csv", 0, changed="")
    office.sync(at=0)
    city, phone = office.why_field(ANN, "city"), office.why_field("bob@acme.com", "phone")

    assert [(line.system, line.weak, line.reason) for line in city.losers] == [("fair", True, "")]
    assert (phone.winner.system, phone.winner.weak) == ("fair", True)


def test_an_open_question_keeps_the_old_value_and_is_asked(office: Office):
    office.sync(at=0)
    office.write("hub.toml", HUB + 'rules = { first_name = "ask" }\n' + SYNC)
    office.edit("customers.csv", 0, forename="Anne", changed="2026-05-01T08:20:00Z")
    office.edit("leads.csv", 0, First="Anni")
    office.sync(at=30)
    told = office.why(ANN)
    name = next(found for found in told.fields if found.field == "first_name")

    assert (name.value, name.winner) == ("Ann", None)
    assert set(said(*name.losers)) == {
        ("shop", "Anne", "a person has to decide"),
        ("fair", "Anni", "a person has to decide"),
    }
    assert {held.note for held in name.held} == {"a question is open"}
    assert name.note.startswith("A question is open")
    assert len(told.questions) == 1
    assert "synchub review show" in told.questions[0]


@pytest.mark.parametrize(
    ("setting", "note"),
    [
        ('direction = "in"', "this system is only read"),
        ("where = \"last_name = 'Nobody'\"", "outside `where`"),
    ],
)
def test_who_holds_something_else_and_why(office: Office, setting: str, note: str):
    office.write("hub.toml", HUB + SYNC + setting + "\n")
    office.sync(at=0)
    city = office.why_field(ANN, "city")

    assert [(held.system, held.native, held.value, held.note) for held in city.held] == [("fair", "City", "Bonn", note)]


def test_links_tell_how_they_came_and_whether_they_live(office: Office):
    office.sync(at=0)
    office.leads({"No": 8, "Email": "bob@acme.com", "First": "Bob", "Last": "Ray"})
    office.sync(at=10)
    ann, bob = office.why(ANN), office.why("bob@acme.com")

    assert [(link.name, link.state, link.by) for link in ann.links] == [
        ("shop:customers:1", "live", "first seen there"),
        ("fair:leads:7", "tombstoned", "matched on email"),
    ]
    assert [(link.system, link.state, link.by) for link in bob.links] == [
        ("fair", "live", "first seen there"),
        ("shop", "live", "created by the hub"),
    ]
    assert (ann.label, ann.entity, ann.known_since.isoformat()) == (
        "Ann Lee <ann@acme.com>",
        "contact",
        "2026-05-01T10:00:00+02:00",
    )
    assert ann.notes == ("It was deleted in fair (run 2).",)


def test_a_link_outside_the_filter_is_marked(office: Office):
    office.write("hub.toml", HUB + SYNC + "where = \"last_name = 'Ray'\"\n")
    office.sync(at=0)

    assert [link.state for link in office.why(ANN).links] == ["live", "outside"]


def test_a_changed_rule_is_told_where_it_would_decide_otherwise_now(office: Office):
    office.sync(at=0)
    office.write("hub.toml", HUB + 'rules = { first_name = "longest" }\n' + SYNC)
    name = office.why_field(ANN, "first_name")

    assert name.rule == "newest"
    assert "hub.toml says longest by now" in name.note


def test_records_joined_by_hand_tell_so(office: Office):
    office.sync(at=0)
    with office.opened() as hub:
        gone = explain(hub, "contact", "bob@acme.com").hub_id
        Hub(hub).merge("contact", ANN, "bob@acme.com")
        told = explain(hub, "contact", gone)

    assert told.hub_id != gone
    assert f"{gone} was joined into this record." in told.notes
    assert {link.by for link in told.links if link.remote_id == "8"} == {"by a merge"}


def test_a_removed_member_keeps_counting(office: Office):
    office.sync(at=0)
    office.write("hub.toml", HUB + SYNC[: SYNC.index("[syncs.contacts.members.fair]")])
    office.sync(at=10)
    told = office.why("bob@acme.com")

    assert told.fields[0].winner.system == "fair"
    assert "Not in hub.toml any more, but what was said there keeps counting: fair." in told.notes


def test_events_are_not_explained(office: Office):
    with office.opened() as hub, pytest.raises(ConfigurationError, match="Events are passed on"):
        explain(hub, "event", "anything")


def test_no_system_is_asked(office: Office):
    office.sync(at=0)
    (office.folder / "customers.csv").unlink()
    (office.folder / "leads.csv").unlink()

    assert office.why_field(ANN, "city").value == "Berlin"
