"""The rest connector writes, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from servers.people_api import Answer, PeopleApi, people_api
from unit.connectors.described import description, rest

from synchub.api import AuthenticationError, CanLookup, CanWrite, Operation, Result
from synchub.testing.host import LocalHost

PEOPLE = "/v1/people"


@pytest.fixture
def host() -> Iterator[LocalHost]:
    host = LocalHost("people", timezone="Europe/Berlin")
    yield host
    host.close()


@pytest.fixture
def api(host: LocalHost) -> Iterator[PeopleApi]:
    with people_api(host.now) as api:
        api.add(name="Ann", email="ann@example.com", address={"city": "Rome", "zip": "1"}, score=3)
        yield api


def create(**values: Any) -> Operation:
    return Operation("create", None, values, idempotency_key=f"create {values}")


def update(record: str = "1", version: str | None = None, **values: Any) -> Operation:
    told = {name.replace("__", "."): value for name, value in values.items()}
    return Operation("update", record, told, idempotency_key=f"update {record} {values}", version=version)


def delete(record: str = "1") -> Operation:
    return Operation("delete", record, {}, idempotency_key=f"delete {record}")


def write(host: LocalHost, api: PeopleApi, *operations: Operation, **changed: Any) -> list[Result]:
    connector = rest(host, api, description(**changed))
    assert isinstance(connector, CanWrite)
    assert isinstance(connector, CanLookup)
    return list(connector.write("people", operations))


# One by one.


def test_values_on_the_wire(host: LocalHost, api: PeopleApi) -> None:
    (result,) = write(
        host,
        api,
        create(
            name="Bob",
            score=Decimal("12.50"),
            born=date(1980, 1, 1),
            tags=["a", "b"],
            email=None,
            **{"address.city": "Paris"},
        ),
    )
    assert (result.status, result.remote_id) == ("ok", "2")
    assert api.seen[-1].body == {
        "person": {
            "name": "Bob",
            "score": 12.5,
            "born": 315532800,
            "tags": ["a", "b"],
            "email": None,
            "address": {"city": "Paris"},
        }
    }
    assert result.stored is not None
    assert result.stored["address"] == {"city": "Paris"}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (Decimal("3"), 3),
        (Decimal("0.1"), 0.1),
        (Decimal("12345678901234567890.5"), "12345678901234567890.5"),
        (datetime(2024, 5, 1, 10, 23, tzinfo=UTC), "2024-05-01T10:23:00Z"),
        (datetime(2024, 5, 1, 10, 23), "2024-05-01T08:23:00Z"),
        (date(2024, 5, 1), "2024-05-01"),
        (True, True),
        (None, ""),
    ],
)
def test_forms_of_values(host: LocalHost, api: PeopleApi, value: Any, sent: Any) -> None:
    write(host, api, update(score=value), streams__people__update__clear="empty")
    assert api.seen[-1].body == {"score": sent}


def test_a_field_that_the_description_does_not_have_refuses_its_own_record(host: LocalHost, api: PeopleApi) -> None:
    first, bad, last = write(host, api, create(name="Bob"), create(name="Cem", nickname="C"), create(name="Dee"))
    assert (first.status, last.status) == ("ok", "ok")
    assert (bad.status, bad.field, bad.reason) == ("rejected", "nickname", "the description has no field nickname")
    assert sorted(person["name"] for person in api.people.values()) == ["Ann", "Bob", "Dee"]


def test_update_and_delete(host: LocalHost, api: PeopleApi) -> None:
    (result,) = write(host, api, update(name="Anna"))
    assert (result.status, result.stored and result.stored["name"], api.people[1]["name"]) == ("ok", "Anna", "Anna")
    (result,) = write(host, api, delete())
    assert (result.status, api.people) == ("ok", {})
    assert [one.status for one in write(host, api, delete(), update(name="x"))] == ["unchanged", "conflict"]


@pytest.mark.parametrize(
    ("create_call", "headers"),
    [({"path": "people", "wrap": "person", "id": "person.id"}, {}), ({"path": "people", "id_header": "Location"}, {})],
)
def test_where_the_new_id_is(host: LocalHost, api: PeopleApi, create_call: dict[str, Any], headers: Any) -> None:
    (result,) = write(host, api, create(name="Bob"), streams__people__create=create_call)
    assert (result.status, result.remote_id, result.stored) == ("ok", "2", None)


def test_an_answer_that_does_not_say_the_id_is_settled_later(host: LocalHost, api: PeopleApi) -> None:
    (result,) = write(host, api, create(name="Bob"), streams__people__create={"path": "people", "id": "nothing"})
    assert (result.status, len(api.people)) == ("retry", 2)


def test_refusals(host: LocalHost, api: PeopleApi) -> None:
    there, wrong = write(host, api, create(name="X", email="ann@example.com"), update(name=None))
    assert (there.status, there.remote_id, there.reason) == ("conflict", "1", "is there already")
    assert (wrong.status, wrong.field, wrong.reason) == ("rejected", "name", "name must not be empty")


def test_the_id_of_what_is_there_may_stand_in_words(host: LocalHost, api: PeopleApi) -> None:
    words = {"error": {"message": "Existing ID: 77."}}
    api.faults.instead["POST", PEOPLE] = [Answer(400, words)]
    (result,) = write(
        host, api, create(name="X"), errors__existing="error.message", errors__existing_pattern=r"ID: (\d+)"
    )
    assert (result.status, result.remote_id) == ("conflict", "77")


@pytest.mark.parametrize(
    ("status", "meaning", "result"),
    [
        (422, "retry", "retry"),
        (422, "conflict", "conflict"),
        (418, None, "rejected"),
        (404, "rejected", "rejected"),
        (403, "rejected", "rejected"),
        (304, "ok", "ok"),
    ],
)
def test_what_statuses_mean(host: LocalHost, api: PeopleApi, status: int, meaning: str | None, result: str) -> None:
    api.faults.instead["PATCH", f"{PEOPLE}/1"] = [Answer(status, {"error": {"message": "no"}})]
    statuses = {} if meaning is None else {str(status): meaning}
    (told,) = write(host, api, update(name="x"), errors__statuses=statuses, streams__people__update__record=None)
    assert told.status == result


def test_a_refusal_inside_a_good_status(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["PATCH", f"{PEOPLE}/1"] = [Answer(200, {"error": {"message": "too long"}})]
    (told,) = write(host, api, update(name="x"), errors__failed="error")
    assert (told.status, told.reason) == ("rejected", "too long")


def test_ids_that_would_lead_elsewhere_are_not_asked(host: LocalHost, api: PeopleApi) -> None:
    results = write(host, api, update("..", name="x"), delete("../people/1"), delete("1?x=1"))
    assert [one.status for one in results] == ["rejected", "unchanged", "unchanged"]
    assert {one.path for one in api.seen} == {"/v1/people/../people/1", "/v1/people/1?x=1"}  # escaped: one part each
    assert 1 in api.people


# Lost answers.


def test_a_create_whose_answer_is_lost_is_not_sent_again(host: LocalHost, api: PeopleApi) -> None:
    api.faults.lost["POST", PEOPLE] = 1
    results = write(host, api, create(name="Bob"), create(name="Cid"), rate__at_once=1)
    assert [one.status for one in results] == ["retry", "retry"]
    assert [person["name"] for person in api.people.values()] == ["Ann", "Bob"]


def test_a_create_with_an_idempotency_key_is(host: LocalHost, api: PeopleApi) -> None:
    api.faults.lost["POST", PEOPLE] = 1
    (result,) = write(host, api, create(name="Bob"), streams__people__create__idempotency_header="Idempotency-Key")
    assert (result.status, result.remote_id) == ("ok", "2")
    assert len(api.people) == 2
    first, second = api.asked("POST", PEOPLE)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_changes_are_sent_again(host: LocalHost, api: PeopleApi) -> None:
    api.faults.lost["PATCH", f"{PEOPLE}/1"] = 1
    (result,) = write(host, api, update(name="Anna"))
    assert (result.status, len(api.asked("PATCH", f"{PEOPLE}/1"))) == ("ok", 2)


def test_a_system_that_asks_for_a_long_pause_gets_it(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["PATCH", f"{PEOPLE}/1"] = [Answer(429, None, {"Retry-After": "600"})]
    asked, unsent = write(host, api, update(name="Anna"), create(name="Bob"), rate__at_once=1)
    assert (asked.status, asked.retry_after, unsent.status, len(api.people)) == ("retry", 600, "retry", 1)


def test_a_delete_says_nothing_besides(host: LocalHost, api: PeopleApi) -> None:
    write(host, api, delete())
    assert not {"Content-Type", "If-Match"} & api.seen[-1].headers.keys()
    assert api.seen[-1].headers.get("Content-Length", "0") == "0"
    api.add(name="Bob")
    write(host, api, delete("2"), streams__people__delete__body={"reason": "merged"})
    assert api.seen[-1].body == {"reason": "merged"}


def test_credentials_that_are_refused_end_the_call(host: LocalHost, api: PeopleApi) -> None:
    api.tokens.clear()
    with pytest.raises(AuthenticationError):
        write(host, api, update(name="x"), update("2", name="y"))


# What travels.


def test_nested_values_with_the_object_that_they_lie_in(host: LocalHost, api: PeopleApi) -> None:
    write(host, api, update(address__city="Paris"), streams__people__update__sends="objects")
    assert api.seen[-1].body == {"address": {"city": "Paris", "zip": "1"}}


def test_the_whole_record_with_its_etag(host: LocalHost, api: PeopleApi) -> None:
    api.needs_etag = True
    call = {"method": "PUT", "path": "people/{id}", "sends": "record", "etag": True, "record": ""}
    (result,) = write(host, api, update(name="Anna"), streams__people__update=call)
    assert result.status == "ok"
    sent = api.asked("PUT", f"{PEOPLE}/1")[0]
    assert sent.headers["If-Match"] == '"1"'
    assert sent.body == {
        "name": "Anna",
        "email": "ann@example.com",
        "score": 3,
        "address": {"city": "Rome", "zip": "1"},
    }
    api.faults.instead["PUT", f"{PEOPLE}/1"] = [Answer(412, {"error": {"message": "changed"}})]
    (result,) = write(host, api, update(name="Zoe"), streams__people__update=call)
    assert result.status == "conflict"
    (result,) = write(host, api, update("9", name="Zoe"), streams__people__update=call)
    assert (result.status, len(api.asked("PUT", f"{PEOPLE}/9"))) == ("conflict", 0)


def test_times_that_are_numbers_stay_numbers_in_the_whole_record(host: LocalHost, api: PeopleApi) -> None:
    api.edit(1, born=315532800)
    call = {"method": "PUT", "path": "people/{id}", "sends": "record", "record": ""}
    (result,) = write(host, api, update(name="Anna"), streams__people__update=call)
    assert api.asked("PUT", f"{PEOPLE}/1")[0].body["born"] == 315532800
    assert result.stored is not None
    assert result.stored["born"] == datetime(1980, 1, 1, tzinfo=UTC)


def test_the_version_that_was_planned_against(host: LocalHost, api: PeopleApi) -> None:
    told = {"streams__people__version": "version"}
    told |= {f"streams__people__{kind}__version_header": "If-Match" for kind in ("update", "delete")}
    fresh, stale = write(
        host, api, update(version='"1"', name="A"), update(version='"1"', name="B"), rate__at_once=1, **told
    )
    assert (fresh.status, fresh.version, stale.status) == ("ok", "2", "conflict")
    told = {"streams__people__version": "version"}
    told |= {f"streams__people__{kind}__version_field": "version" for kind in ("update", "delete")}
    write(host, api, update(version="2", name="C"), **told)
    assert api.seen[-1].body == {"name": "C", "version": 2}


# Batches.

RESULTS = {"items": "people", "results": "results", "status": "status", "size": 2, "reason": "error.message"}


def batch(**more: Any) -> dict[str, Any]:
    batch = {**RESULTS, **more}
    return {
        "streams__people__create": {"path": "people/bulk", "batch": batch, "record": "person"},
        "streams__people__update": {"method": "PATCH", "path": "people/bulk", "batch": batch},
        "streams__people__delete": {"method": "DELETE", "path": "people/bulk", "batch": batch},
    }


@pytest.mark.parametrize("more", [{}, {"trace": "ref"}])
def test_many_by_one_request(host: LocalHost, api: PeopleApi, more: dict[str, Any]) -> None:
    for name in "BCD":
        api.add(name=name)
    results = write(
        host,
        api,
        create(name="Eve"),
        update("1", name="Anna"),
        create(name="", email="x@example.com"),
        create(name="X", email="ann@example.com"),
        update("2", name=""),
        delete("3"),
        delete("99"),
        **batch(**more),
    )
    assert [one.status for one in results] == ["ok", "ok", "rejected", "conflict", "rejected", "ok", "unchanged"]
    assert (results[0].remote_id, results[3].remote_id, results[4].reason) == ("5", "1", "name must not be empty")
    assert sorted(person["name"] for person in api.people.values()) == ["Anna", "B", "D", "Eve"]
    assert [len(one.body["people"]) for one in api.asked("POST", f"{PEOPLE}/bulk")] == [2, 1]


def test_a_batch_that_is_refused_as_a_whole_goes_apart(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["POST", f"{PEOPLE}/bulk"] = [Answer(400, {"error": {"message": "one is wrong"}})]
    results = write(host, api, create(name="B"), create(name="C"), **batch())
    assert [one.status for one in results] == ["ok", "ok"]
    assert len(api.asked("POST", f"{PEOPLE}/bulk")) == 3


def test_a_batch_whose_answer_does_not_mention_all_is_settled_later(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["POST", f"{PEOPLE}/bulk"] = [Answer(200, {"results": [{"status": 201, "person": {"id": 7}}]})]
    results = write(host, api, create(name="B"), create(name="C"), **batch())
    assert [one.status for one in results] == ["retry", "retry"]


def test_a_batch_whose_answer_is_lost(host: LocalHost, api: PeopleApi) -> None:
    api.faults.lost["POST", f"{PEOPLE}/bulk"] = 1
    results = write(host, api, *(create(name=name) for name in "BCD"), **batch())
    assert [one.status for one in results] == ["retry", "retry", "retry"]
    assert len(api.asked("POST", f"{PEOPLE}/bulk")) == 1


def test_one_record_twice_travels_in_two_batches(host: LocalHost, api: PeopleApi) -> None:
    write(host, api, update(name="B"), update(name="C"), **batch())
    assert len(api.asked("PATCH", f"{PEOPLE}/bulk")) == 2


@pytest.mark.parametrize("changed", [{}, batch()], ids=["one by one", "in batches"])
def test_what_can_not_be_written(host: LocalHost, api: PeopleApi, changed: dict[str, Any]) -> None:
    operations = [
        Operation("archive", "1", {}, "k"),
        update(nickname="Annie"),
        update(changed="now"),
        delete(""),
        create(name="B"),
    ]
    results = write(host, api, *operations, **changed)
    assert [(one.status, one.field) for one in results] == [
        ("rejected", None),
        ("rejected", "nickname"),
        ("rejected", "changed"),
        ("rejected", None),
        ("ok", None),
    ]
    assert "nickname" not in api.people[1]


BULK = f"{PEOPLE}/bulk"


def answered(
    host: LocalHost, api: PeopleApi, method: str, body: Any, *operations: Operation, **batch: Any
) -> list[Result]:
    """Write operations in a batch that is answered with this body."""
    api.faults.instead[method, BULK] = [Answer(200 if body is not None else 204, body)]
    kind = operations[0].kind
    call = {
        "method": method,
        "path": "people/bulk",
        "batch": {"size": 9, **batch},
        "record": "person" if kind == "create" else None,
    }
    return write(host, api, *operations, **{f"streams__people__{kind}": call})


def test_a_batch_that_is_a_bare_list_of_ids(host: LocalHost, api: PeopleApi) -> None:
    results = answered(host, api, "POST", None, delete("1"), delete("2"), ids_only=True)
    assert api.seen[-1].body == ["1", "2"]
    assert [(one.status, one.remote_id) for one in results] == [("ok", "1"), ("ok", "2")]


def test_a_batch_that_is_a_bare_list_of_records(host: LocalHost, api: PeopleApi) -> None:
    answered(host, api, "PATCH", {"results": []}, update("1", name="A"), id="key")
    assert api.seen[-1].body == [{"name": "A", "key": "1"}]


def test_results_that_say_whether_they_succeeded(host: LocalHost, api: PeopleApi) -> None:
    told = {"done": [{"id": "1", "ok": True}, {"id": "2", "ok": False, "why": "too long"}, {"id": "3"}]}
    operations = [update(record, name="A") for record in "123"]
    results = answered(host, api, "PATCH", told, *operations, results="done", ok="ok", reason="why")
    assert [(one.status, one.reason) for one in results[:2]] == [("ok", ""), ("rejected", "too long")]
    assert results[2].status == "rejected"
    results = answered(host, api, "DELETE", {"done": [{"id": "1", "ok": True}]}, delete("1"), results="done", ok="ok")
    assert results[0].status == "ok"
    results = answered(host, api, "DELETE", None, delete("1"), results="done", ok="ok")
    assert results[0].status == "retry"  # it should have said whether, and did not


def test_results_in_another_order_are_told_by_id(host: LocalHost, api: PeopleApi) -> None:
    told = {"done": [{"id": "2", "ok": False}, {"id": "1", "ok": True}]}
    results = answered(host, api, "PATCH", told, update("1", name="A"), update("2", name="B"), results="done", ok="ok")
    assert [one.status for one in results] == ["ok", "rejected"]


def test_fewer_results_than_records_are_told_by_id(host: LocalHost, api: PeopleApi) -> None:
    told = {"done": [{"id": "2", "ok": True}, {"id": "7", "ok": True}, {"id": "8", "ok": True}]}
    results = answered(host, api, "PATCH", told, update("1", name="A"), update("2", name="B"), results="done", ok="ok")
    assert [one.status for one in results] == ["retry", "ok"]


def test_a_list_of_errors_beside_the_results(host: LocalHost, api: PeopleApi) -> None:
    told = {"done": [{"ref": "1", "person": {"id": 7}}], "bad": [{"ref": "0", "why": "no"}, {"ref": "x"}, {"ref": "9"}]}
    places = {"trace": "ref", "results": "done", "errors": "bad", "error_trace": "ref", "reason": "why"}
    results = answered(host, api, "POST", told, create(name="A"), create(name="B"), **places)
    assert [(one.status, one.remote_id, one.reason) for one in results] == [("rejected", None, "no"), ("ok", "7", "")]
    assert [item["ref"] for item in api.seen[-1].body] == ["0", "1"]


def test_a_result_without_an_id_is_settled_later(host: LocalHost, api: PeopleApi) -> None:
    told = {"done": [{"person": {"name": "A"}}]}
    assert answered(host, api, "POST", told, create(name="A"), results="done")[0].status == "retry"


def test_a_batch_that_the_system_has_no_time_for_stays_together(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["POST", BULK] = [Answer(402, {"error": {"message": "quota"}})]
    results = write(host, api, create(name="A"), create(name="B"), errors__statuses={"402": "retry"}, **batch())
    assert [(one.status, one.reason) for one in results] == [("retry", "quota")] * 2
    assert len(api.asked("POST", BULK)) == 1


def test_the_version_of_each_record_in_a_batch(host: LocalHost, api: PeopleApi) -> None:
    calls = batch()
    calls["streams__people__update"]["version_field"] = calls["streams__people__delete"]["version_field"] = "rev"
    write(host, api, update("1", "7", name="A"), streams__people__version="version", **calls)
    assert api.seen[-1].body == {"people": [{"name": "A", "id": "1", "rev": "7"}]}


def test_deletes_that_fetch_first(host: LocalHost, api: PeopleApi) -> None:
    """With an ETag that has to be fetched: who is gone by then is deleted already. A system that gives no ETag gets none."""
    call = {"method": "DELETE", "path": "people/{id}", "etag": True}
    assert [one.status for one in write(host, api, delete("1"), delete("9"), streams__people__delete=call)] == [
        "ok",
        "unchanged",
    ]
    assert api.asked("DELETE", f"{PEOPLE}/1")[0].headers["If-Match"] == '"1"'
    assert not api.asked("DELETE", f"{PEOPLE}/9")
    number = api.add(name="Bob")
    api.faults.instead["GET", f"{PEOPLE}/{number}"] = [Answer(200, {"id": number})]
    write(host, api, delete(str(number)), streams__people__delete=call)
    assert "If-Match" not in api.asked("DELETE", f"{PEOPLE}/{number}")[0].headers


def test_a_version_that_is_no_number(host: LocalHost, api: PeopleApi) -> None:
    told = {"streams__people__version": "version"}
    told |= {f"streams__people__{kind}__version_field": "rev" for kind in ("update", "delete")}
    write(host, api, update(version="a7", name="C"), **told)
    assert api.seen[-1].body == {"name": "C", "rev": "a7"}
