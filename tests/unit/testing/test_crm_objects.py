from __future__ import annotations

from typing import Any

import pytest

from synchub.testing.crm import StandInCrm
from synchub.testing.crm.properties import Property

CONTACTS = "objects/contacts"


def codes(body: dict[str, Any]) -> list[str]:
    return [error["code"] for error in body["errors"]]


def test_without_the_token_nothing_is_told(crm: StandInCrm, ask: Any) -> None:
    crm.revoke_token()
    answer = ask("GET", CONTACTS)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    crm.accept_token(crm.token)
    assert ask("GET", CONTACTS).status_code == 200


@pytest.mark.parametrize("path", ["/", "/crm/v3/objects/deals", "/crm/v3/objects/contacts/batch/explode", "/crm"])
def test_unknown_addresses(ask: Any, path: str) -> None:
    assert ask("GET", path).status_code == 404


def test_a_list_has_ten_a_page_and_a_hundred_at_most(crm: StandInCrm, ask: Any) -> None:
    ids = [crm.create_contact(email=f"p{number}@example.com") for number in range(12)]
    first = ask("GET", CONTACTS).json()
    assert [one["id"] for one in first["results"]] == ids[:10]
    second = ask("GET", CONTACTS, after=first["paging"]["next"]["after"]).json()
    assert [one["id"] for one in second["results"]] == ids[10:]
    assert "paging" not in second
    assert ask("GET", CONTACTS, limit=100).status_code == 200
    assert ask("GET", CONTACTS, limit=101).json()["category"] == "VALIDATION_ERROR"
    assert ask("GET", CONTACTS, limit="many").status_code == 400


def test_pages_are_not_shifted_by_what_vanishes_meanwhile(crm: StandInCrm, ask: Any) -> None:
    ids = [crm.create_contact(email=f"p{number}@example.com") for number in range(6)]
    first = ask("GET", CONTACTS, limit=3).json()
    crm.archive(ids[0])
    second = ask("GET", CONTACTS, limit=3, after=first["paging"]["next"]["after"]).json()
    assert [one["id"] for one in second["results"]] == ids[3:]


def test_only_what_is_asked_for_is_shown_and_as_text(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com", lead_score="7", opted_out="true")
    plain = ask("GET", f"{CONTACTS}/{ann}").json()["properties"]
    assert plain["email"] == "ann@example.com"
    assert "lead_score" not in plain
    asked = ask("GET", f"{CONTACTS}/{ann}", properties="lead_score,opted_out,phone,nonsense").json()["properties"]
    assert asked["lead_score"] == "7"
    assert asked["opted_out"] == "true"
    assert asked["phone"] is None
    assert "nonsense" not in asked
    assert asked["hs_object_id"] == ann


def test_a_contact_is_found_by_any_of_its_unique_values(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="Ann@Example.com", synchub_id="c-1")
    assert ask("GET", f"{CONTACTS}/ann@example.COM", idProperty="email").json()["id"] == ann
    assert ask("GET", f"{CONTACTS}/c-1", idProperty="synchub_id").json()["id"] == ann
    assert ask("GET", f"{CONTACTS}/Ann", idProperty="firstname").status_code == 400
    assert ask("GET", f"{CONTACTS}/77").json()["category"] == "OBJECT_NOT_FOUND"


def test_the_crm_keeps_the_times(crm: StandInCrm, ask: Any, clock: Any) -> None:
    made = ask("POST", CONTACTS, {"properties": {"email": "Ann@Example.com"}}).json()
    assert made["properties"]["email"] == "ann@example.com"
    assert made["properties"]["createdate"] == "2024-05-01T09:00:00.000Z"
    clock.forward(90)
    changed = ask("PATCH", f"{CONTACTS}/{made['id']}", {"properties": {"firstname": "Ann"}}).json()
    assert changed["properties"]["createdate"] == "2024-05-01T09:00:00.000Z"
    assert changed["properties"]["lastmodifieddate"] == changed["updatedAt"] == "2024-05-01T09:01:30.000Z"


def test_an_address_belongs_to_one_contact(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    bob = crm.create_contact(email="bob@example.com")
    for answer in (
        ask("POST", CONTACTS, {"properties": {"email": "ANN@example.com"}}),
        ask("PATCH", f"{CONTACTS}/{bob}", {"properties": {"email": "ann@example.com"}}),
    ):
        assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
        assert answer.json()["message"] == f"Contact already exists. Existing ID: {ann}"
    assert len(crm.contacts()) == 2


def test_an_address_is_free_again_once_its_contact_has_another(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.edit(ann, email="lee@example.com")
    assert ask("POST", CONTACTS, {"properties": {"email": "ann@example.com"}}).status_code == 201


def test_a_unique_property_refuses_a_second_holder(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com", synchub_id="c-1")
    answer = ask("POST", CONTACTS, {"properties": {"email": "bob@example.com", "synchub_id": "c-1"}})
    assert (answer.status_code, codes(answer.json())) == (400, ["CONFLICTING_UNIQUE_VALUE"])
    assert f"{ann} already has that value" in answer.json()["message"]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nonsense", "x", "PROPERTY_DOESNT_EXIST"),
        ("hs_object_id", "5", "READ_ONLY_VALUE"),
        ("email", "ann@", "INVALID_EMAIL"),
        ("lifecyclestage", "friend", "INVALID_OPTION"),
        ("interests", "news;gossip", "INVALID_OPTION"),
        ("lead_score", "many", "INVALID_NUMBER"),
        ("lead_score", "NaN", "INVALID_NUMBER"),
        ("opted_out", "yes", "INVALID_OPTION"),
        ("birthday", "1.5.2024", "INVALID_DATE"),
        ("consent_at", "yesterday", "INVALID_LONG"),
        ("firstname", "x" * 70_000, "INVALID_LENGTH"),
    ],
)
def test_refused_values(crm: StandInCrm, ask: Any, name: str, value: str, code: str) -> None:
    answer = ask("POST", CONTACTS, {"properties": {"company": "Acme", name: value}})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert codes(answer.json()) == [code]
    assert answer.json()["errors"][0]["context"] == {"propertyName": [name]}
    assert crm.contacts() == {}


def test_all_problems_are_told_at_once(ask: Any) -> None:
    answer = ask("POST", CONTACTS, {"properties": {"email": "ann@", "nonsense": "x"}})
    assert codes(answer.json()) == ["INVALID_EMAIL", "PROPERTY_DOESNT_EXIST"]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("interests", "news;events", "news;events"),
        ("birthday", "1980-02-29", "1980-02-29"),
        ("birthday", "320630400000", "1980-02-29"),
        ("consent_at", "2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00.000Z"),
        ("consent_at", "1714557600000", "2024-05-01T10:00:00.000Z"),
        ("firstname", "", ""),
    ],
)
def test_kept_values(crm: StandInCrm, ask: Any, name: str, value: str, kept: str) -> None:
    made = ask("POST", CONTACTS, {"properties": {"company": "Acme", name: value}}).json()
    assert crm.contacts()[made["id"]][name] == kept


def test_a_contact_needs_at_least_one_value(ask: Any) -> None:
    assert ask("POST", CONTACTS, {"properties": {}}).status_code == 400


def test_a_program_cannot_move_a_stage_back_but_a_person_can(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com", lifecyclestage="customer")
    answer = ask("PATCH", f"{CONTACTS}/{ann}", {"properties": {"lifecyclestage": "lead", "firstname": "Ann"}})
    assert answer.status_code == 200
    assert crm.contacts()[ann]["lifecyclestage"] == "customer"
    assert crm.contacts()[ann]["firstname"] == "Ann"
    crm.edit(ann, lifecyclestage="lead")
    assert crm.contacts()[ann]["lifecyclestage"] == "lead"


def test_archived_contacts_stand_in_a_list_of_their_own(crm: StandInCrm, ask: Any, clock: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    clock.forward(60)
    assert ask("DELETE", f"{CONTACTS}/{ann}").status_code == 204
    assert ask("DELETE", f"{CONTACTS}/{ann}").status_code == 204
    assert ask("DELETE", f"{CONTACTS}/77").status_code == 404
    assert ask("GET", CONTACTS).json()["results"] == []
    # The interface takes the lower-case spelling only.
    assert ask("GET", CONTACTS, archived="True").json()["results"] == []
    (told,) = ask("GET", CONTACTS, archived="true").json()["results"]
    assert (told["id"], told["archived"], told["archivedAt"]) == (ann, True, "2024-05-01T09:01:00.000Z")
    assert ask("GET", f"{CONTACTS}/{ann}").status_code == 404
    assert ask("GET", f"{CONTACTS}/{ann}", archived="true").status_code == 200
    again = ask("POST", CONTACTS, {"properties": {"email": "ann@example.com"}})
    assert again.status_code == 201
    assert again.json()["id"] != ann


def test_a_restored_contact_is_back_with_its_id(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.archive(ann)
    crm.restore(ann)
    assert ask("GET", f"{CONTACTS}/ann@example.com", idProperty="email").json()["id"] == ann


def test_an_erased_contact_is_in_no_list_and_never_taken_again(crm: StandInCrm, ask: Any) -> None:
    crm.create_contact(email="ann@example.com")
    asked = {"objectId": "ann@example.com", "idProperty": "email"}
    assert ask("POST", f"{CONTACTS}/gdpr-delete", asked).status_code == 204
    assert ask("GET", CONTACTS, archived="true").json()["results"] == []
    assert ask("POST", CONTACTS, {"properties": {"email": "ann@example.com"}}).status_code == 400


def test_an_unknown_address_is_blocked_by_erasing_it(ask: Any) -> None:
    asked = {"objectId": "ann@example.com", "idProperty": "email"}
    assert ask("POST", f"{CONTACTS}/gdpr-delete", asked).status_code == 204
    assert ask("POST", CONTACTS, {"properties": {"email": "ann@example.com"}}).status_code == 400


@pytest.mark.parametrize("by_person", [True, False])
def test_a_merge_keeps_the_primary_and_what_the_other_had_more(crm: StandInCrm, ask: Any, by_person: bool) -> None:
    ann = crm.create_contact(email="ann@example.com", firstname="Ann")
    lee = crm.create_contact(email="lee@example.com", firstname="Anna", phone="1", synchub_id="c-2")
    if by_person:
        assert crm.merge(ann, lee) == ann
    else:
        told = {"primaryObjectId": ann, "objectIdToMerge": lee}
        assert ask("POST", f"{CONTACTS}/merge", told).json()["id"] == ann
    properties = crm.contacts()[ann]
    assert (properties["firstname"], properties["phone"]) == ("Ann", "1")
    assert properties["hs_merged_object_ids"] == lee
    assert properties["hs_additional_emails"] == "lee@example.com"
    assert ask("GET", f"{CONTACTS}/{lee}").json()["id"] == ann
    assert ask("GET", f"{CONTACTS}/lee@example.com", idProperty="email").json()["id"] == ann
    assert ask("GET", f"{CONTACTS}/c-2", idProperty="synchub_id").json()["id"] == ann
    assert ask("POST", CONTACTS, {"properties": {"email": "lee@example.com"}}).status_code == 409
    assert len(ask("GET", CONTACTS).json()["results"]) == 1
    assert ask("GET", CONTACTS, archived="true").json()["results"] == []


def test_merges_in_a_chain_lead_to_the_last(crm: StandInCrm, ask: Any) -> None:
    a, b, c = (crm.create_contact(email=f"{name}@example.com") for name in "abc")
    crm.merge(b, c)
    crm.merge(a, b)
    assert crm.contacts()[a]["hs_merged_object_ids"].split(";") == [c, b]
    assert ask("GET", f"{CONTACTS}/{c}").json()["id"] == a


def test_newer_accounts_make_a_third_contact() -> None:
    with StandInCrm(merge_makes_new=True) as crm:
        ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
        heir = crm.merge(ann, lee)
        assert heir not in (ann, lee)
        assert list(crm.contacts()) == [heir]
        assert crm.contacts()[heir]["hs_merged_object_ids"].split(";") == [ann, lee]


def test_a_contact_cannot_be_merged_with_itself(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    told = {"primaryObjectId": ann, "objectIdToMerge": ann}
    assert ask("POST", f"{CONTACTS}/merge", told).status_code == 400
    assert ask("POST", f"{CONTACTS}/merge", {**told, "objectIdToMerge": "77"}).status_code == 404


def test_properties_are_told_and_can_be_added(crm: StandInCrm, ask: Any) -> None:
    told = {one["name"]: one for one in ask("GET", "properties/contacts").json()["results"]}
    assert told["synchub_id"]["hasUniqueValue"]
    assert not told["synchub_id"]["hubspotDefined"]
    assert told["hs_object_id"]["modificationMetadata"]["readOnlyValue"]
    assert [option["value"] for option in told["interests"]["options"]][:2] == ["news", "events"]
    vip = {"name": "vip", "label": "VIP", "type": "bool", "fieldType": "booleancheckbox", "groupName": "x"}
    assert ask("POST", "properties/contacts", vip).status_code == 201
    assert ask("POST", "properties/contacts", vip).status_code == 409
    assert ask("GET", "properties/contacts/vip").json()["type"] == "bool"
    crm.add_property("contacts", Property("size", "number", "number"))
    assert ask("POST", CONTACTS, {"properties": {"vip": "true", "size": "3"}}).status_code == 201
    crm.remove_property("contacts", "size")
    assert ask("POST", CONTACTS, {"properties": {"size": "3"}}).status_code == 400


# Notes.


def link(contact: str) -> list[dict[str, Any]]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    return [{"to": {"id": contact}, "types": types}]


def test_a_note_is_of_a_contact(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    properties = {"hs_timestamp": "2024-05-01T09:00:00Z", "hs_note_body": "Called"}
    note = ask("POST", "objects/notes", {"properties": properties, "associations": link(ann)}).json()["id"]
    assert [one["hs_note_body"] for one in crm.notes_of(ann)] == ["Called"]
    (told,) = ask("GET", "objects/notes", associations="contacts").json()["results"]
    assert told["associations"]["contacts"]["results"] == [{"id": ann, "type": "note_to_contact"}]
    (linked,) = ask("GET", f"/crm/v4/objects/notes/{note}/associations/contacts").json()["results"]
    assert linked["toObjectId"] == ann
    assert linked["associationTypes"][0]["typeId"] == 202


def test_a_note_needs_a_time_and_a_contact_that_there_is(crm: StandInCrm, ask: Any) -> None:
    body = {"properties": {"hs_note_body": "Called"}}
    assert codes(ask("POST", "objects/notes", body).json()) == ["REQUIRED_FIELD"]
    body["properties"]["hs_timestamp"] = "2024-05-01T09:00:00Z"
    assert ask("POST", "objects/notes", {**body, "associations": link("77")}).status_code == 400
    assert ask("POST", "objects/notes", body).status_code == 201


def test_notes_are_linked_and_unlinked_afterwards(crm: StandInCrm, ask: Any) -> None:
    ann, bob = crm.create_contact(email="ann@example.com"), crm.create_contact(email="bob@example.com")
    note = crm.create_note(ann, "Called")
    assert ask("PUT", f"/crm/v4/objects/notes/{note}/associations/default/contacts/{bob}").status_code == 200
    assert len(crm.notes_of(bob)) == 1
    assert ask("DELETE", f"/crm/v4/objects/notes/{note}/associations/contacts/{ann}").status_code == 204
    assert crm.notes_of(ann) == []
    assert ask("PUT", f"/crm/v4/objects/notes/{note}/associations/contacts/77").status_code == 404
    assert ask("PUT", f"/crm/v4/objects/notes/{note}/associations/contacts/{ann}").status_code == 201
    assert len(crm.notes_of(ann)) == 1


def test_links_are_read_in_batches(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    note = crm.create_note(ann, "Called")
    asked = {"inputs": [{"id": note}, {"id": "77"}]}
    (told,) = ask("POST", "/crm/v4/associations/notes/contacts/batch/read", asked).json()["results"]
    assert (told["from"]["id"], [one["toObjectId"] for one in told["to"]]) == (note, [ann])


def test_notes_follow_a_merge(crm: StandInCrm) -> None:
    ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
    crm.create_note(lee, "Called")
    crm.merge(ann, lee)
    assert len(crm.notes_of(ann)) == 1


def test_people_get_a_key_error_for_a_contact_that_there_is_not(crm: StandInCrm) -> None:
    with pytest.raises(KeyError):
        crm.edit("77", firstname="Ann")
