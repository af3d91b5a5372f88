from __future__ import annotations

from typing import Any

import pytest

from synchub.testing.crm import StandInCrm

BATCH = "objects/contacts/batch"


def contact(email: str, trace: str | None = None, **properties: str) -> dict[str, Any]:
    told: dict[str, Any] = {"properties": {"email": email, **properties}}
    return told if trace is None else {**told, "objectWriteTraceId": trace}


@pytest.mark.parametrize("what", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_has_a_hundred_at_most(ask: Any, what: str) -> None:
    inputs = [{"id": str(number), "properties": {"company": "x"}} for number in range(101)]
    answer = ask("POST", f"{BATCH}/{what}", {"inputs": inputs, "properties": []})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert ask("POST", f"{BATCH}/{what}", {"inputs": [], "properties": []}).status_code == 400
    assert ask("POST", f"{BATCH}/{what}", {}).status_code == 400


def test_all_are_made(crm: StandInCrm, ask: Any) -> None:
    answer = ask("POST", f"{BATCH}/create", {"inputs": [contact(f"p{n}@example.com") for n in range(100)]})
    assert (answer.status_code, answer.json()["status"]) == (201, "COMPLETE")
    assert len(answer.json()["results"]) == len(crm.contacts()) == 100


def test_with_trace_ids_each_is_answered_by_itself(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    inputs = [contact("ann@example.com", "1"), contact("bob@", "2"), contact("cem@example.com", "3")]
    answer = ask("POST", f"{BATCH}/create", {"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, body["status"], body["numErrors"]) == (207, "COMPLETE", 2)
    assert [(one["objectWriteTraceId"], one["properties"]["email"]) for one in body["results"]] == [
        ("3", "cem@example.com")
    ]
    assert [(error["context"]["objectWriteTraceId"], error["category"]) for error in body["errors"]] == [
        (["1"], "CONFLICT"),
        (["2"], "VALIDATION_ERROR"),
    ]
    assert f"Existing ID: {ann}" in body["errors"][0]["message"]


@pytest.mark.parametrize("trace", [None, "same"])
def test_without_trace_ids_one_that_is_refused_refuses_all(crm: StandInCrm, ask: Any, trace: str | None) -> None:
    crm.create_contact(email="ann@example.com")
    inputs = [contact("cem@example.com", trace), contact("ann@example.com", trace)]
    assert ask("POST", f"{BATCH}/create", {"inputs": inputs}).status_code == 409
    assert len(crm.contacts()) == 1
    assert ask("POST", f"{BATCH}/create", {"inputs": inputs[:1]}).status_code == 201


def test_updates_are_answered_one_by_one(crm: StandInCrm, ask: Any) -> None:
    ann, bob = crm.create_contact(email="ann@example.com"), crm.create_contact(email="bob@example.com")
    inputs = [
        {"id": ann, "properties": {"firstname": "Ann"}},
        {"id": "77", "properties": {"firstname": "Nobody"}},
        {"id": bob, "properties": {"email": "ann@example.com"}},
    ]
    answer = ask("POST", f"{BATCH}/update", {"inputs": inputs})
    assert answer.status_code == 207
    assert [one["id"] for one in answer.json()["results"]] == [ann]
    assert [(error["context"]["ids"], error["category"]) for error in answer.json()["errors"]] == [
        (["77"], "OBJECT_NOT_FOUND"),
        ([bob], "CONFLICT"),
    ]
    assert crm.contacts()[ann]["firstname"] == "Ann"


def test_an_update_by_a_merged_id_reaches_the_heir(crm: StandInCrm, ask: Any) -> None:
    ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
    crm.merge(ann, lee)
    answer = ask("POST", f"{BATCH}/update", {"inputs": [{"id": lee, "properties": {"firstname": "Lee"}}]})
    assert [one["id"] for one in answer.json()["results"]] == [ann]


def test_no_record_twice_in_a_batch(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    inputs = [{"id": ann, "properties": {"firstname": name}} for name in ("A", "B")]
    answer = ask("POST", f"{BATCH}/update", {"inputs": inputs})
    assert answer.status_code == 400
    assert "Duplicate IDs" in answer.json()["message"]


def test_upsert_says_what_is_new(crm: StandInCrm, ask: Any) -> None:
    crm.create_contact(email="ann@example.com", synchub_id="c-1")
    inputs = [
        {"id": "c-1", "idProperty": "synchub_id", "properties": {"firstname": "Ann"}},
        {"id": "c-2", "idProperty": "synchub_id", "properties": {"email": "bob@example.com"}},
    ]
    for expected in ([False, True], [False, False]):
        answer = ask("POST", f"{BATCH}/upsert", {"inputs": inputs})
        assert [one["new"] for one in answer.json()["results"]] == expected
    assert {one.get("synchub_id") for one in crm.contacts().values()} == {"c-1", "c-2"}


def test_reading_many_by_a_unique_value(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com", firstname="Ann")
    asked = {"inputs": [{"id": "ann@example.com"}, {"id": "bob@example.com"}], "properties": ["firstname"]}
    answer = ask("POST", f"{BATCH}/read", {**asked, "idProperty": "email"})
    assert answer.status_code == 207
    assert [(one["id"], one["properties"]["firstname"]) for one in answer.json()["results"]] == [(ann, "Ann")]
    assert answer.json()["errors"][0]["context"]["ids"] == ["bob@example.com"]
    asked["inputs"].pop()
    assert ask("POST", f"{BATCH}/read", {**asked, "idProperty": "email"}).status_code == 200


def test_archiving_many_passes_over_the_unknown(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    assert ask("POST", f"{BATCH}/archive", {"inputs": [{"id": ann}, {"id": "77"}]}).status_code == 204
    assert (crm.contacts(), list(crm.contacts(archived=True))) == ({}, [ann])


def test_what_is_no_json_is_refused(crm: StandInCrm) -> None:
    import requests

    answer = requests.post(
        f"{crm.url}/crm/v3/{BATCH}/create",
        data=b"{",
        headers={"Authorization": f"Bearer {crm.token}"},
        timeout=10,
    )
    assert answer.status_code == 400
