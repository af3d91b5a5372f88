"""The rest connector reads and looks up, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from servers.people_api import Answer, PeopleApi, people_api
from unit.connectors.described import description, rest

from synchub.api import AuthenticationError, ConfigurationError, Key, Page, PluginError, RetryLater
from synchub.testing.host import LocalHost
from synchub_connectors.rest.connector import Rest
from synchub_connectors.rest.reading import AHEAD


@pytest.fixture
def host() -> Iterator[LocalHost]:
    host = LocalHost("people", timezone="Europe/Berlin", secrets=("first-token",))
    yield host
    host.close()


@pytest.fixture
def api(host: LocalHost) -> Iterator[PeopleApi]:
    with people_api(host.now) as api:
        for number in range(1, 8):
            api.add(name=f"P{number}", email=f"p{number}@example.com")
        yield api


def read(connector: Rest, cursor: Any = None) -> list[Page]:
    return list(connector.read("people", cursor, []))


def ids(pages: list[Page]) -> list[int]:
    return [row["id"] for page in pages for row in page.rows]  # type: ignore[union-attr]


PAGINGS: dict[str, dict[str, Any]] = {
    "people/page": {"kind": "page", "param": "page", "total": "total"},
    "people/offset": {"kind": "offset", "param": "offset"},
    "people/cursor": {"kind": "cursor", "param": "cursor", "next": "next"},
    "people/after": {"kind": "last_id", "param": "after", "more": "more"},
    "people/next": {"kind": "next_url", "next": "links.next"},
    "people/link": {"kind": "link"},
}


@pytest.mark.parametrize("path", PAGINGS)
def test_every_kind_of_paging_reads_all_once(host: LocalHost, api: PeopleApi, path: str) -> None:
    records = "" if path == "people/link" else "data"
    told = description(streams__people__read={"path": path, "paging": PAGINGS[path], "records": records})
    pages = read(rest(host, api, told))
    assert ids(pages) == [1, 2, 3, 4, 5, 6, 7]
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


def test_page_numbers_without_a_total_leave_open_what_is_gone(host: LocalHost, api: PeopleApi) -> None:
    paging = {"kind": "page", "param": "page"}
    pages = read(
        rest(host, api, description(streams__people__read={"path": "people/page", "paging": paging, "records": "data"}))
    )
    assert (ids(pages), any(page.complete for page in pages)) == ([1, 2, 3, 4, 5, 6, 7], False)


@pytest.mark.parametrize("path", PAGINGS)
def test_nobody_is_there(host: LocalHost, api: PeopleApi, path: str) -> None:
    api.people.clear()
    records = "" if path == "people/link" else "data"
    told = description(streams__people__read={"path": path, "paging": PAGINGS[path], "records": records})
    (page,) = read(rest(host, api, told))
    assert (list(page.rows), page.complete) == ([], True)  # type: ignore[call-overload]


@pytest.mark.parametrize("path", ["people/page", "people/offset"])
def test_pages_that_shift_meanwhile_are_no_whole_read(host: LocalHost, api: PeopleApi, path: str) -> None:
    """Somebody on the first page is deleted before the second is asked for: who moved up may never be seen."""
    told = description(streams__people__read={"path": path, "paging": PAGINGS[path], "records": "data"})
    pages = rest(host, api, told).read("people", None, [])
    first = next(pages)
    api.remove(1)
    assert not any(page.complete for page in [first, *pages])


def test_a_system_that_ignores_paging_gives_no_end(host: LocalHost, api: PeopleApi) -> None:
    told = description(streams__people__read__paging={"kind": "page", "param": "seite"})
    told["streams"]["people"]["read"]["path"] = "people/page"
    with pytest.raises(PluginError, match="the same page again and again"):
        read(rest(host, api, told))


def test_a_page_that_names_itself_as_the_next_gives_no_end(host: LocalHost, api: PeopleApi) -> None:
    pages = [Answer(200, {"data": [{"id": number}], "next": "3"}) for number in (1, 2, 3)]
    api.faults.instead["GET", "/v1/people/cursor"] = pages
    with pytest.raises(PluginError, match="the same page again and again"):
        read(rest(host, api))
    assert len(api.seen) == 2


def test_a_last_page_that_says_so_is_the_last_question(host: LocalHost, api: PeopleApi) -> None:
    told = description(
        streams__people__read={"path": "people/after", "paging": PAGINGS["people/after"], "records": "data"}
    )
    assert ids(read(rest(host, api, told))) == [1, 2, 3, 4, 5, 6, 7]
    assert [one.query.get("after") for one in api.seen] == [None, "3", "6"]


def test_a_next_page_elsewhere_is_not_asked(host: LocalHost, api: PeopleApi) -> None:
    told = description(streams__people__read__paging={"kind": "next_url", "next": "links.next"})
    for address in ("https://evil.example.com/v1/people", "/admin", f"{api.url}/../admin"):
        page = {"data": [{"id": 1}], "links": {"next": address}}
        api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, page)]
        with pytest.raises(ConfigurationError, match="outside of its own"):
            read(rest(host, api, told))


@pytest.mark.parametrize("body", [{"dat": []}, {"data": "x"}, [], "x"])
def test_an_answer_without_the_list_is_not_taken_for_an_empty_one(host: LocalHost, api: PeopleApi, body: Any) -> None:
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, body)]
    with pytest.raises(RetryLater, match="no list at 'data'"):
        read(rest(host, api))


def test_null_in_place_of_the_list_is_an_empty_one(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, {"data": None})]
    (page,) = read(rest(host, api))
    assert page.complete


def test_what_is_no_record_is_set_aside(host: LocalHost, api: PeopleApi) -> None:
    """Who it is can't be known, so nobody counts as deleted for being seen nowhere else."""
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, {"data": [7, {"id": 1}, {"name": "Ann"}]})]
    (page,) = read(rest(host, api))
    assert (ids([page]), [one.raw for one in page.broken]) == ([1], ["7", '{"name":"Ann"}'])
    assert not page.complete


# What changed.


def incremental(**more: Any) -> dict[str, Any]:
    return description(
        streams__people__changes={"params": {"since": "{since}"}, "overlap": 60, **more},
        streams__people__deleted={"path": "deleted", "params": {"since": "{since}"}, "records": "ids", "id": ""},
    )


def test_later_reads_ask_for_what_changed(host: LocalHost, api: PeopleApi) -> None:
    connector = rest(host, api, incremental())
    (stream,) = connector.streams()
    assert (stream.incremental, stream.sees_deletes) == (True, True)
    host.sleep(3600)
    cursor = read(connector)[-1].cursor
    host.sleep(3600)
    api.edit(2, name="Zoe")
    api.remove(5)
    pages = read(connector, cursor)
    assert (ids(pages), pages[-1].deleted, any(page.complete for page in pages)) == ([2], ("5",), False)
    assert api.asked("GET", "/v1/people/cursor")[-1].query["since"] == "2024-05-01T09:59:00Z"
    host.sleep(3600)
    again = read(connector, pages[-1].cursor)
    assert ids(again) == [2]  # the overlap brings it once more
    again = read(connector, again[-1].cursor)
    assert (ids(again), again[-1].deleted) == ([], ())


def test_a_cursor_from_the_far_future_starts_a_full_read(host: LocalHost, api: PeopleApi) -> None:
    connector = rest(host, api, incremental())
    ahead = host.now() + AHEAD
    assert ids(read(connector, {"since": ahead.isoformat()})) == []
    assert ids(read(connector, {"since": (ahead + timedelta(seconds=1)).isoformat()})) == [1, 2, 3, 4, 5, 6, 7]


def test_only_the_last_page_of_a_full_read_has_a_cursor(host: LocalHost, api: PeopleApi) -> None:
    cursors = [page.cursor for page in read(rest(host, api, incremental()))]
    assert len(cursors) > 1
    assert [cursor is not None for cursor in cursors] == [False] * (len(cursors) - 1) + [True]


def test_what_is_deleted_while_changes_are_read_is_told_next_time(host: LocalHost, api: PeopleApi) -> None:
    """The list of the deleted was asked for at ten, that of the changed at eleven: the next read goes on from ten."""
    answers = [{"Date": "Wed, 01 May 2024 10:00:00 GMT"}, {"Date": "Wed, 01 May 2024 11:00:00 GMT"}]
    api.faults.instead["GET", "/v1/deleted"] = [Answer(200, {"ids": []}, answers[0])]
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, {"data": []}, answers[1])]
    pages = read(rest(host, api, incremental()), {"since": "2024-05-01T09:00:00+00:00"})
    assert pages[-1].cursor == {"since": "2024-05-01T10:00:00+00:00"}


@pytest.mark.parametrize("list_of", ["changes", "deleted"])
def test_a_list_that_may_have_shifted_is_read_again(host: LocalHost, api: PeopleApi, list_of: str) -> None:
    """By page numbers without a total nobody can know whether a change slipped through."""
    told = incremental()
    by_page = {"paging": {"kind": "page", "param": "page"}}
    told["streams"]["people"][list_of] |= by_page | ({"path": "people/page"} if list_of == "changes" else {})
    told["streams"]["people"]["deleted"] |= {"path": "people/page", "records": "data", "id": "x"}
    connector = rest(host, api, told)
    cursor = {"since": "2024-05-01T08:00:00+00:00"}
    assert read(connector, cursor)[-1].cursor == cursor
    del told["streams"]["people"][list_of]["paging"]["kind"], told["streams"]["people"][list_of]["paging"]["param"]
    assert read(rest(host, api, told), cursor)[-1].cursor == {"since": "2024-05-01T09:00:00+00:00"}


def test_a_cursor_that_reaches_too_far_back_starts_a_full_read(host: LocalHost, api: PeopleApi) -> None:
    connector = rest(host, api, incremental(reaches_back=30))
    cursor = read(connector)[-1].cursor
    host.sleep(timedelta(days=29).total_seconds())
    assert not read(connector, cursor)[-1].complete
    host.sleep(timedelta(days=2).total_seconds())
    assert read(connector, cursor)[-1].complete
    assert read(connector, {"since": "nonsense"})[-1].complete


def test_a_cursor_from_before_the_description_was_changed(host: LocalHost, api: PeopleApi) -> None:
    assert read(rest(host, api), {"since": "2024-05-01T09:00:00+00:00"})[-1].complete


def test_who_was_restored_is_not_deleted(host: LocalHost, api: PeopleApi) -> None:
    """The list of deleted ids still names somebody who is there again."""
    connector = rest(host, api, incremental())
    host.sleep(3600)
    cursor = read(connector)[-1].cursor
    host.sleep(3600)
    api.edit(2, name="Zoe")
    api.deleted[2] = host.now()
    pages = read(connector, cursor)
    assert (ids(pages), pages[-1].deleted) == ([2], ())


@pytest.mark.parametrize(
    ("form", "sent"), [("iso", "2024-05-01T08:55:00Z"), ("date", "2024-05-01"), ("seconds", "1714553700")]
)
def test_how_the_time_is_written(host: LocalHost, api: PeopleApi, form: str, sent: str) -> None:
    api.ignores_filters = True
    told = description(streams__people__changes={"params": {"from": "{since}"}, "format": form})
    connector = rest(host, api, told)
    read(connector, {"since": "2024-05-01T09:00:00+00:00"})
    assert api.seen[-1].query["from"] == sent


def test_records_that_are_marked_as_deleted(host: LocalHost, api: PeopleApi) -> None:
    told = description(
        streams__people__changes={"params": {"since": "{since}"}},
        streams__people__gone={"field": "state", "values": ["trashed"]},
    )
    connector = rest(host, api, told)
    cursor = read(connector)[-1].cursor
    api.edit(3, state="trashed")
    assert ids(read(connector)) == [1, 2, 4, 5, 6, 7]
    pages = read(connector, cursor)
    assert (3 in ids(pages), pages[-1].deleted) == (False, ("3",))


# Fields.


def test_times_that_are_numbers(host: LocalHost, api: PeopleApi) -> None:
    api.edit(1, born=315532800)
    row = next(iter(read(rest(host, api))[0].rows))  # type: ignore[call-overload]
    assert row["born"] == datetime(1980, 1, 1, tzinfo=UTC)


def test_fields_that_lists_do_not_hold_say_nothing(host: LocalHost, api: PeopleApi) -> None:
    told = description(streams__people__fields__score={"type": "number", "listed": False})
    assert "score" not in read(rest(host, api, told))[0].fields


def test_fields_are_guessed_where_none_are_declared(host: LocalHost, api: PeopleApi) -> None:
    api.edit(1, address={"city": "Rome"}, score=1.5, vip=True)
    told = description(
        streams__people__fields=None,
        streams__people__updated_at=None,
        streams__people__create=None,
        streams__people__update=None,
        streams__people__delete=None,
    )
    (stream,) = rest(host, api, told).streams()
    assert {field.name: field.type for field in stream.fields} == {
        "id": "integer",
        "version": "integer",
        "name": "text",
        "email": "text",
        "changed": "datetime",
        "address.city": "text",
        "score": "number",
        "vip": "bool",
    }


# Looking up.


def test_by_id_and_by_field(host: LocalHost, api: PeopleApi) -> None:
    keys = [Key("id", "2"), Key("id", "99"), Key("id", ".."), Key("id", "2/../3")]
    keys += [Key("email", f"p{number}@example.com") for number in (2, 3, 4)]
    found = rest(host, api).lookup("people", keys)
    assert sorted(row["id"] for row in found) == [2, 3, 4]
    assert all(row["score"] is None for row in found)
    asked = {one.query["email"] for one in api.asked("GET", "/v1/people/page")}
    assert asked == {"p2@example.com,p3@example.com", "p4@example.com"}
    assert not [one for one in api.seen if one.path.startswith("/v1/people/3")]


def test_a_filter_that_is_ignored_is_noticed(host: LocalHost, api: PeopleApi) -> None:
    api.ignores_filters = True
    with pytest.raises(ConfigurationError, match="ignores the filter"):
        rest(host, api).lookup("people", [Key("email", "p1@example.com")])


def test_what_merely_resembles_is_fetched_whole_where_it_has_to_be(host: LocalHost, api: PeopleApi) -> None:
    api.ignores_filters = True
    told = description(streams__people__lookup__email__fuzzy=True, streams__people__lookup__email__whole=False)
    found = rest(host, api, told).lookup("people", [Key("email", "p1@example.com")])
    assert sorted(row["id"] for row in found) == [1, 2, 3]
    assert len(api.asked("GET", "/v1/people/2")) == 1


def test_another_record_than_was_asked_for_is_none(host: LocalHost, api: PeopleApi) -> None:
    api.faults.instead["GET", "/v1/people/2"] = [Answer(200, {"id": 3, "name": "P3"})]
    assert rest(host, api).lookup("people", [Key("id", "2")]) == []


def test_headers_of_the_description(host: LocalHost, api: PeopleApi) -> None:
    told = description(headers={"accept": "application/vnd.api+json", "Revision": "2024-10-15"})
    rest(host, api, told).check()
    sent = api.seen[-1].headers
    assert (sent["accept"], sent["Revision"]) == ("application/vnd.api+json", "2024-10-15")
    assert "Accept" not in sent


# The system fails.


def test_refusals_of_questions(host: LocalHost, api: PeopleApi) -> None:
    connector = rest(host, api)
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(400, {"error": {"message": "bad sort"}})]
    with pytest.raises(ConfigurationError, match=r"refused a question \(400\).*bad sort"):
        read(connector)
    api.tokens.clear()
    with pytest.raises(AuthenticationError, match=r"refused the credentials \(401\): unknown token") as caught:
        read(connector)
    assert "first-token" not in str(caught.value)


def test_failures_inside_a_good_status(host: LocalHost, api: PeopleApi) -> None:
    told = description(errors__ok="ok", errors__reason="why")
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, {"ok": False, "why": "asleep", "data": []})]
    with pytest.raises(ConfigurationError, match="asleep"):
        read(rest(host, api, told))


def test_a_status_that_passes_by_itself(host: LocalHost, api: PeopleApi) -> None:
    told = description(errors__statuses={"402": "retry"})
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(402, {"error": {"message": "quota"}})]
    with pytest.raises(RetryLater, match="quota"):
        read(rest(host, api, told))


def test_the_rate_that_headers_tell_of_is_kept(host: LocalHost, api: PeopleApi) -> None:
    told = description(rate={"requests": 1000, "remaining": "X-Left", "reset": "X-Reset"})
    answer = Answer(200, {"data": [{"id": 1}], "next": "3"}, {"X-Left": "0", "X-Reset": "42"})
    api.faults.instead["GET", "/v1/people/cursor"] = [answer]
    read(rest(host, api, told))
    assert host.slept == [42]
    api.faults.instead["GET", "/v1/people/cursor"] = [Answer(200, answer.body, {"X-Left": "0", "X-Reset": "3600"})]
    with pytest.raises(RetryLater, match="takes no more requests for now") as caught:
        read(rest(host, api, told))
    assert caught.value.after == 3600
