"""The HubSpot connector writes, over real HTTP, to the stand-in CRM."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from synchub.api import AuthenticationError, CanLookup, CanWrite, Operation
from synchub.testing.crm import StandInCrm
from synchub.testing.host import LocalHost
from synchub_connectors.hubspot.connector import HubSpot


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    host = LocalHost("crm", tmp_path, timezone="Europe/Berlin")
    yield host
    host.close()


@pytest.fixture
def crm(host: LocalHost) -> Iterator[StandInCrm]:
    with StandInCrm(clock=host.now) as crm:
        yield crm


@pytest.fixture
def hubspot(host: LocalHost, crm: StandInCrm) -> HubSpot:
    return HubSpot(HubSpot.Config(token=crm.token, url=crm.url, requests_per_10_seconds=1000), host)


def create(**values: Any) -> Operation:
    return Operation("create", None, values, idempotency_key=f"create {values}")


def update(record: str, **values: Any) -> Operation:
    return Operation("update", record, values, idempotency_key=f"update {record} {values}")


def archive(record: str) -> Operation:
    return Operation("archive", record, {}, idempotency_key=f"archive {record}")


def writes(crm: StandInCrm, what: str) -> int:
    return sum(request.path.endswith(f"batch/{what}") for request in crm.requests)


def emails(crm: StandInCrm) -> list[str]:
    return sorted(contact["email"] for contact in crm.contacts().values())


def test_it_has_the_capabilities(hubspot: HubSpot) -> None:
    assert isinstance(hubspot, CanLookup)
    assert isinstance(hubspot, CanWrite)


# Values.


def test_values_on_the_wire(hubspot: HubSpot, crm: StandInCrm) -> None:
    (result,) = hubspot.write(
        "contacts",
        [
            create(
                email="ann@example.com",
                lead_score=Decimal("12.50"),
                opted_out=True,
                birthday=date(1980, 2, 29),
                consent_at=datetime(2024, 5, 1, 10, 23, 0, 5000, tzinfo=UTC),
                interests=["news", "events"],
                city="A <b> & C",
            )
        ],
    )
    assert (result.status, result.remote_id) == ("ok", next(iter(crm.contacts())))
    kept = crm.contacts()[str(result.remote_id)]
    assert kept["lead_score"] == "12.50"
    assert kept["opted_out"] == "true"
    assert kept["birthday"] == "1980-02-29"
    assert kept["consent_at"] == "2024-05-01T10:23:00.005Z"
    assert kept["interests"] == "news;events"
    assert kept["city"] == "A <b> & C"


def test_a_large_number_travels_without_an_exponent(hubspot: HubSpot, crm: StandInCrm) -> None:
    (result,) = hubspot.write("contacts", [create(email="ann@example.com", lead_score=Decimal("1E+3"))])
    assert crm.contacts()[str(result.remote_id)]["lead_score"] == "1000"


def test_a_time_without_a_zone_is_in_the_hubs(hubspot: HubSpot, crm: StandInCrm) -> None:
    (result,) = hubspot.write("contacts", [create(email="a@x.de", consent_at=datetime(2024, 5, 1, 12, 0))])
    assert crm.contacts()[str(result.remote_id)]["consent_at"] == "2024-05-01T10:00:00.000Z"


def test_none_clears(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com", firstname="Ann", interests="news", lead_score="5")
    values = {"firstname": None, "interests": [], "lead_score": None}
    (result,) = hubspot.write("contacts", [update(ann, **values)])
    assert [crm.contacts()[ann][name] for name in values] == ["", "", ""]
    assert result.stored == {"firstname": None, "interests": None, "lead_score": None}


# Results.


def test_a_create_tells_the_whole_record(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    crm.own_form("city", str.upper)
    (result,) = hubspot.write("contacts", [create(email="Ann@Example.com", city="Berlin")])
    assert result.stored is not None
    assert result.stored["email"] == "ann@example.com"
    assert result.stored["city"] == "BERLIN"
    assert result.stored["phone"] is None
    assert result.stored["createdate"] == host.now()
    assert result.updated_at == host.now()


def test_an_update_tells_what_is_now_in_the_fields_sent(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.own_form("city", str.upper)
    ann = crm.create_contact(email="ann@example.com", lifecyclestage="customer")
    (result,) = hubspot.write("contacts", [update(ann, city="Bonn", lifecyclestage="lead")])
    assert result.status == "ok"
    assert result.stored == {"city": "BONN", "lifecyclestage": "customer"}
    # The answer itself says so; nothing is read again.
    assert writes(crm, "read") == 0


def test_an_answer_that_does_not_tell_is_looked_up(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.own_form("city", str.upper)
    crm.be_terse()
    ann = crm.create_contact(email="ann@example.com")
    (result,) = hubspot.write("contacts", [update(ann, city="Bonn")])
    assert (result.status, result.stored) == ("ok", {"city": "BONN"})


def test_results_come_in_the_order_of_operations(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann, bob = crm.create_contact(email="ann@example.com"), crm.create_contact(email="bob@example.com")
    results = hubspot.write(
        "contacts",
        [
            create(email="bad@"),
            update(ann, firstname="Ann"),
            create(email="new@example.com"),
            archive(bob),
            update("77", firstname="X"),
            create(email="ann@example.com"),
        ],
    )
    assert [result.status for result in results] == ["rejected", "ok", "ok", "ok", "conflict", "conflict"]
    assert [result.remote_id for result in results][1] == ann
    assert list(crm.contacts(archived=True)) == [bob]
    assert emails(crm) == ["ann@example.com", "new@example.com"]


def test_a_refused_value_is_named(hubspot: HubSpot) -> None:
    (result,) = hubspot.write("contacts", [create(email="ann@example.com", lifecyclestage="friend")])
    assert (result.status, result.field) == ("rejected", "lifecyclestage")
    assert "friend" in result.reason


def test_one_refused_create_stops_no_other(hubspot: HubSpot, crm: StandInCrm) -> None:
    operations = [create(email=f"p{number}@example.com" if number % 10 else "bad@") for number in range(250)]
    results = hubspot.write("contacts", operations)
    assert [result.status for result in results].count("ok") == 225
    assert all((result.status == "rejected") == (number % 10 == 0) for number, result in enumerate(results))
    for operation, result in zip(operations, results, strict=True):
        if result.status == "ok":
            assert crm.contacts()[str(result.remote_id)]["email"] == operation.values["email"]
    assert writes(crm, "create") == 3


def test_a_create_of_what_exists_names_it(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com", firstname="Ann", synchub_id="c-1")
    for operation in (create(email="ann@example.com"), create(email="lee@example.com", synchub_id="c-1")):
        (result,) = hubspot.write("contacts", [operation])
        assert (result.status, result.remote_id) == ("conflict", ann)
        assert result.stored is not None
        assert result.stored["firstname"] == "Ann"


def test_two_creates_of_one_address_make_one_contact(hubspot: HubSpot, crm: StandInCrm) -> None:
    first, second = hubspot.write("contacts", [create(email="a@x.de"), create(email="A@x.de")])
    assert (first.status, second.status) == ("ok", "conflict")
    assert first.remote_id == second.remote_id
    assert len(crm.contacts()) == 1


def test_an_address_of_another_contact_is_rejected(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.create_contact(email="ann@example.com", synchub_id="c-1")
    bob = crm.create_contact(email="bob@example.com")
    one, two = hubspot.write("contacts", [update(bob, email="ann@example.com"), update(bob, synchub_id="c-1")])
    assert (one.status, one.field) == ("rejected", "email")
    assert (two.status, two.field) == ("rejected", "synchub_id")


def test_an_update_of_what_is_gone_is_a_conflict(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.archive(ann)
    (result,) = hubspot.write("contacts", [update(ann, firstname="Ann")])
    assert (result.status, result.stored) == ("conflict", None)


def test_an_update_by_a_merged_id_tells_the_heirs(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
    crm.merge(ann, lee)
    (result,) = hubspot.write("contacts", [update(lee, firstname="Lee")])
    assert (result.status, result.remote_id) == ("ok", ann)


def test_archiving_what_is_gone_is_done(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.archive(ann)
    assert [result.status for result in hubspot.write("contacts", [archive(ann)])] == ["ok"]


def test_two_updates_of_one_record_both_arrive_in_order(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    results = hubspot.write("contacts", [update(ann, city="A", firstname="Ann"), update(ann, city="B")])
    assert [result.status for result in results] == ["ok", "ok"]
    assert (crm.contacts()[ann]["city"], crm.contacts()[ann]["firstname"]) == ("B", "Ann")
    assert writes(crm, "update") == 2


@pytest.mark.parametrize(
    "operation",
    [Operation("delete", "1001", {}, "k"), Operation("update", None, {"city": "x"}, "k")],
)
def test_what_is_not_offered_is_rejected(hubspot: HubSpot, operation: Operation) -> None:
    results = hubspot.write("contacts", [operation, create(email="ann@example.com")])
    assert [result.status for result in results] == ["rejected", "ok"]


def test_nothing_to_write(hubspot: HubSpot) -> None:
    assert hubspot.write("contacts", []) == []


# When it goes wrong.


@pytest.mark.parametrize("lose", [StandInCrm.drop_answer, StandInCrm.truncate_answer])
def test_a_create_without_an_answer_is_not_sent_again(hubspot: HubSpot, crm: StandInCrm, lose: Any) -> None:
    hubspot.streams()
    lose(crm, "batch/create")
    results = hubspot.write("contacts", [create(email="ann@example.com"), create(email="bob@example.com")])
    assert [result.status for result in results] == ["retry", "retry"]
    assert all(result.reason for result in results)
    assert writes(crm, "create") == 1
    assert emails(crm) == ["ann@example.com", "bob@example.com"]


def test_an_update_without_an_answer_is_sent_again(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.drop_answer("batch/update")
    (result,) = hubspot.write("contacts", [update(ann, firstname="Ann")])
    assert (result.status, result.stored) == ("ok", {"firstname": "Ann"})


def test_an_archive_without_an_answer_is_sent_again(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.drop_answer("batch/archive")
    assert [result.status for result in hubspot.write("contacts", [archive(ann)])] == ["ok"]


def test_when_it_stops_answering_the_rest_is_not_sent(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.meanwhile("batch/read", lambda: crm.fail(next=99, status=503, retry_after=200))
    results = hubspot.write("contacts", [create(email=f"p{number}@example.com") for number in range(350)])
    assert [result.status for result in results] == ["ok"] * 100 + ["retry"] * 250
    assert {result.retry_after for result in results[100:]} == {200.0}
    assert writes(crm, "create") == 2
    assert len(crm.contacts()) == 100


def test_what_was_made_is_told_even_if_it_cannot_be_read_back(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.fail(next=99, status=503, path="batch/read")
    (result,) = hubspot.write("contacts", [create(email="ann@example.com")])
    assert (result.status, result.stored) == ("ok", None)
    assert result.remote_id in crm.contacts()


def test_a_token_revoked_before_anything_was_done(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.revoke_token()
    with pytest.raises(AuthenticationError):
        hubspot.write("contacts", [create(email="ann@example.com")])


def test_a_token_revoked_in_the_middle_loses_no_result(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.meanwhile("batch/read", crm.revoke_token)
    results = hubspot.write("contacts", [create(email=f"p{number}@example.com") for number in range(150)])
    assert [result.status for result in results] == ["ok"] * 100 + ["retry"] * 50


def test_a_batch_refused_as_a_whole_is_sent_one_by_one(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.create_contact(email="ann@example.com")
    crm.fail(status=400, path="batch/create")
    results = hubspot.write("contacts", [create(email="bob@example.com"), create(email="ann@example.com")])
    assert [result.status for result in results] == ["ok", "conflict"]
    assert emails(crm) == ["ann@example.com", "bob@example.com"]


def test_what_is_done_one_by_one_is_told_even_if_it_then_breaks_off(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.fail(status=400, path="batch/create")
    crm.meanwhile("batch/read", lambda: crm.fail(next=99, status=503, retry_after=200))
    results = hubspot.write("contacts", [create(email=f"p{number}@example.com") for number in range(3)])
    assert [result.status for result in results] == ["ok", "retry", "retry"]
    assert len(crm.contacts()) == 1


# Notes.


def note(contact: str | None, **values: Any) -> Operation:
    at = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
    return create(**{"hs_timestamp": at, "hs_note_body": "Called", "contact": contact, **values})


def test_a_note_is_written_on_its_contact(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    (result,) = hubspot.write("notes", [note(ann, synchub_id="e-1")])
    (kept,) = crm.notes_of(ann)
    assert kept["synchub_id"] == "e-1"
    assert result.remote_id == kept["hs_object_id"]
    assert result.stored is not None
    assert result.stored["contact"] == ann


def test_text_cannot_become_html(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    text = "<img src=x onerror=alert(1)> & \"quoted\"\nsecond 'line'"
    (result,) = hubspot.write("notes", [note(ann, hs_note_body=text)])
    (kept,) = crm.notes_of(ann)
    assert "<img" not in kept["hs_note_body"]
    assert "<br>" in kept["hs_note_body"]
    assert result.stored is not None
    assert result.stored["hs_note_body"] == text


def test_a_note_of_nobody(hubspot: HubSpot, crm: StandInCrm) -> None:
    (result,) = hubspot.write("notes", [note(None)])
    assert result.status == "ok"


def test_a_note_on_a_contact_that_there_is_not(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    results = hubspot.write("notes", [note("77"), note(ann)])
    assert [result.status for result in results] == ["rejected", "ok"]
    assert "77" in results[0].reason


def test_a_note_that_was_written_already_is_named(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    (first,) = hubspot.write("notes", [note(ann, synchub_id="e-1")])
    (again,) = hubspot.write("notes", [note(ann, synchub_id="e-1")])
    assert (again.status, again.remote_id) == ("conflict", first.remote_id)
    assert len(crm.notes_of(ann)) == 1


def test_notes_are_never_changed(hubspot: HubSpot, crm: StandInCrm) -> None:
    made = crm.create_note(crm.create_contact(email="ann@example.com"), "Called")
    (result,) = hubspot.write("notes", [update(made, hs_note_body="Never called")])
    assert result.status == "rejected"
