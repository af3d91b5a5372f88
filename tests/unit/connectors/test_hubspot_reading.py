"""The HubSpot connector reads, over real HTTP, from the stand-in CRM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from synchub.api import (
    AuthenticationError,
    ConfigurationError,
    Cursor,
    Field,
    Key,
    Page,
    PluginError,
    RetryLater,
    Row,
)
from synchub.testing.crm import StandInCrm
from synchub.testing.crm.properties import Property
from synchub.testing.host import LocalHost
from synchub_connectors.hubspot.connector import HubSpot
from synchub_connectors.hubspot.reading import AHEAD, KEPT, OVERLAP

LAG = OVERLAP.total_seconds() - 60


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    host = LocalHost("crm", tmp_path)
    yield host
    host.close()


@pytest.fixture
def crm(host: LocalHost) -> Iterator[StandInCrm]:
    with StandInCrm(clock=host.now) as crm:
        yield crm


@pytest.fixture
def hubspot(host: LocalHost, crm: StandInCrm) -> HubSpot:
    return connector(host, crm)


def connector(host: LocalHost, crm: StandInCrm) -> HubSpot:
    return HubSpot(HubSpot.Config(token=crm.token, url=crm.url, requests_per_10_seconds=1000), host)


@dataclass
class Reading:
    """What a whole read said."""

    rows: dict[str, Row] = field(default_factory=dict)
    count: int = 0
    deleted: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    cursor: Cursor | None = None


def read(hubspot: HubSpot, stream: str, cursor: Cursor | None = None, fields: Sequence[str] = ()) -> Reading:
    reading = Reading()
    for page in hubspot.read(stream, cursor, fields):
        assert not reading.complete, "complete is only for the last page"
        assert isinstance(page.rows, Sequence)
        for row in page.rows:
            assert row.keys() == set(page.fields)
            reading.rows[row["hs_object_id"]] = row
        reading.count += len(page.rows)
        reading.deleted |= set(page.deleted)
        reading.merged |= page.merged
        reading.complete, reading.cursor = page.complete, page.cursor
    return reading


def fields(hubspot: HubSpot, stream: str) -> dict[str, Field]:
    (found,) = (one for one in hubspot.streams() if one.name == stream)
    return {one.name: one for one in found.fields}


# What there is.


def test_a_stream_tells_keys_and_abilities(hubspot: HubSpot) -> None:
    contacts, notes = hubspot.streams()
    assert (contacts.name, contacts.key, contacts.updated_at) == (
        "contacts",
        ("hs_object_id",),
        "lastmodifieddate",
    )
    assert contacts.matching_keys == ("email", "synchub_id")
    assert contacts.external_id == notes.external_id == "synchub_id"
    assert contacts.writes == {"create", "update", "archive"}
    assert (notes.updated_at, notes.writes) == ("hs_lastmodifieddate", {"create"})
    assert contacts.incremental
    assert contacts.sees_deletes
    assert contacts.batch == 100


def test_without_the_property_nothing_keeps_the_hubs_id(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.remove_property("contacts", "synchub_id")
    contacts = hubspot.streams()[0]
    assert (contacts.external_id, contacts.matching_keys) == (None, ("email",))


def test_a_property_of_that_name_that_is_not_unique_does_not_count(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.add_property("contacts", Property("synchub_id"))
    assert hubspot.streams()[0].external_id is None


def test_fields_have_the_types_of_their_properties(hubspot: HubSpot) -> None:
    told = fields(hubspot, "contacts")
    types = {
        name: told[name].type
        for name in (
            "email",
            "lead_score",
            "opted_out",
            "birthday",
            "consent_at",
            "lifecyclestage",
            "interests",
            "hs_object_id",
        )
    }
    assert types == {
        "email": "text",
        "lead_score": "number",
        "opted_out": "bool",
        "birthday": "date",
        "consent_at": "datetime",
        "lifecyclestage": "enum",
        "interests": "set",
        "hs_object_id": "text",
    }
    assert "marketingqualifiedlead" in told["lifecyclestage"].options
    assert told["interests"].options == ("news", "events", "offers", "webinars")
    assert told["email"].options == ()


def test_fields_tell_what_may_be_written(hubspot: HubSpot) -> None:
    told = fields(hubspot, "contacts")
    assert told["email"].writable
    assert not any(told[name].writable for name in ("hs_object_id", "createdate", "hs_email_optout"))
    assert fields(hubspot, "notes")["hs_timestamp"].required
    assert fields(hubspot, "notes")["contact"].writable


def test_an_unknown_stream_is_a_setting_to_correct(hubspot: HubSpot) -> None:
    with pytest.raises(ConfigurationError, match="no stream deals"):
        hubspot.read("deals", None, ())


# Check.


def test_check_is_content_with_a_working_account(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.check()
    assert {request.method for request in crm.requests} == {"GET"}


def test_check_says_that_the_token_was_refused(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.revoke_token()
    with pytest.raises(AuthenticationError) as refused:
        hubspot.check()
    assert refused.value.next_step
    assert crm.token not in str(refused.value)


def test_check_says_that_the_address_is_wrong(host: LocalHost, crm: StandInCrm) -> None:
    wrong = HubSpot(HubSpot.Config(token=crm.token, url=crm.url + "/app"), host)
    with pytest.raises(ConfigurationError, match="does not know the address"):
        wrong.check()


def test_a_token_that_would_travel_in_the_open_is_refused(host: LocalHost) -> None:
    with pytest.raises(ConfigurationError, match="plain http"):
        HubSpot(HubSpot.Config(token="secret", url="http://crm.example.com"), host)


def test_the_token_is_not_shown(host: LocalHost) -> None:
    config = HubSpot.Config(token="pat-secret")
    assert "pat-secret" not in f"{config!r} {config}"
    with pytest.raises(ValueError, match="tokn") as refused:
        HubSpot.Config.model_validate({"token": "pat-secret", "tokn": "x"})
    assert "pat-secret" not in str(refused.value)


# Everything.


def test_a_full_read_sees_all_and_says_so(hubspot: HubSpot, crm: StandInCrm) -> None:
    ids = {crm.create_contact(email=f"p{number}@example.com") for number in range(250)}
    reading = read(hubspot, "contacts")
    assert reading.rows.keys() == ids
    assert reading.count == 250
    assert reading.complete


def test_an_empty_account_is_a_complete_read(hubspot: HubSpot) -> None:
    reading = read(hubspot, "contacts")
    assert (reading.rows, reading.complete) == ({}, True)


def test_values_come_as_their_types(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(
        email="ann@example.com",
        lead_score="12.50",
        opted_out="false",
        birthday="1980-02-29",
        consent_at="2024-05-01T10:00:00.5Z",
        interests="news;events",
        lifecyclestage="lead",
        city="",
    )
    row = read(hubspot, "contacts").rows[ann]
    assert row["lead_score"] == Decimal("12.50")
    assert row["opted_out"] is False
    assert row["birthday"] == date(1980, 2, 29)
    assert row["consent_at"] == datetime(2024, 5, 1, 10, 0, 0, 500000, tzinfo=UTC)
    assert row["interests"] == ["news", "events"]
    assert row["lifecyclestage"] == "lead"
    assert row["city"] is None
    assert row["phone"] is None


def test_what_cannot_be_read_comes_as_it_is(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com", city="many")
    crm.add_property("contacts", Property("city", "number", "number"))
    assert read(hubspot, "contacts").rows[ann]["city"] == "many"


def test_only_wanted_fields_come_and_none_that_do_not_exist(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.create_contact(email="ann@example.com")
    (page,) = hubspot.read("contacts", None, ["email", "nonsense"])
    assert set(page.fields) == {"hs_object_id", "lastmodifieddate", "email"}
    (page,) = hubspot.read("contacts", None, ["nonsense"])
    assert set(page.fields) == {"hs_object_id", "lastmodifieddate"}


def test_so_many_properties_that_no_address_could_hold_them(hubspot: HubSpot, crm: StandInCrm) -> None:
    for number in range(300):
        crm.add_property("contacts", Property(f"a_property_with_a_very_long_name_{number}"))
    ann = crm.create_contact(email="ann@example.com", a_property_with_a_very_long_name_199="x")
    crm.create_contact(email="bob@example.com")
    reading = read(hubspot, "contacts")
    assert reading.rows[ann]["a_property_with_a_very_long_name_199"] == "x"
    assert len(reading.rows) == 2


def test_pages_that_are_shorter_than_asked_for_do_not_end_a_read(hubspot: HubSpot, crm: StandInCrm) -> None:
    ids = {crm.create_contact(email=f"p{number}@example.com") for number in range(7)}
    crm.cap_pages(3)
    reading = read(hubspot, "contacts")
    assert reading.rows.keys() == ids
    assert reading.complete


def test_a_cursor_from_the_far_future_starts_a_full_read(hubspot: HubSpot, host: LocalHost) -> None:
    def ahead(span: timedelta) -> Cursor:
        return {"since": (host.now() + span).isoformat()}

    assert not read(hubspot, "contacts", ahead(AHEAD)).complete
    assert read(hubspot, "contacts", ahead(AHEAD + timedelta(seconds=1))).complete


def test_only_the_last_page_of_a_full_read_has_a_cursor(hubspot: HubSpot, crm: StandInCrm) -> None:
    for number in range(150):
        crm.create_contact(email=f"p{number}@example.com")
    first, last = hubspot.read("contacts", None, ["email"])
    assert first.cursor is None
    assert last.cursor is not None


def test_archived_contacts_are_not_in_a_full_read(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.archive(crm.create_contact(email="ann@example.com"))
    assert read(hubspot, "contacts").rows == {}


def test_a_read_that_breaks_off_is_never_complete(hubspot: HubSpot, crm: StandInCrm) -> None:
    for number in range(150):
        crm.create_contact(email=f"p{number}@example.com")
    pages = hubspot.read("contacts", None, ["email"])
    first = next(pages)
    crm.fail(next=99, status=503)
    with pytest.raises(RetryLater):
        next(pages)
    assert not first.complete


def test_a_token_revoked_in_the_middle_ends_the_read(hubspot: HubSpot, crm: StandInCrm) -> None:
    for number in range(150):
        crm.create_contact(email=f"p{number}@example.com")
    pages = hubspot.read("contacts", None, ["email"])
    next(pages)
    crm.revoke_token()
    with pytest.raises(AuthenticationError):
        next(pages)


@pytest.mark.parametrize("lose", [StandInCrm.drop_answer, StandInCrm.reset, StandInCrm.truncate_answer])
def test_lost_pages_are_asked_for_again(hubspot: HubSpot, crm: StandInCrm, lose: Any) -> None:
    ids = {crm.create_contact(email=f"p{number}@example.com") for number in range(150)}
    lose(crm, "objects/contacts", 2)
    reading = read(hubspot, "contacts")
    assert reading.rows.keys() == ids
    assert reading.count == 150


# What changed.


def test_only_changes_since_the_cursor_come(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    ann, bob = crm.create_contact(email="ann@example.com"), crm.create_contact(email="bob@example.com")
    host.sleep(3600)
    cursor = read(hubspot, "contacts").cursor
    host.sleep(3600)
    quiet = read(hubspot, "contacts", cursor)
    assert (quiet.rows, quiet.complete) == ({}, False)
    crm.edit(bob, firstname="Bob")
    reading = read(hubspot, "contacts", quiet.cursor)
    assert reading.rows.keys() == {bob}
    assert reading.rows[bob]["firstname"] == "Bob"
    assert ann not in reading.deleted
    assert not reading.complete
    host.sleep(3600)
    after = read(hubspot, "contacts", reading.cursor)
    host.sleep(3600)
    assert read(hubspot, "contacts", after.cursor).rows == {}


def test_what_search_learns_late_is_not_missed(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    cursor = read(hubspot, "contacts").cursor
    host.sleep(3600)
    crm.lag(seconds=LAG)
    ann = crm.create_contact(email="ann@example.com")
    host.sleep(LAG / 2)
    too_early = read(hubspot, "contacts", cursor)
    assert too_early.rows == {}
    host.sleep(LAG)
    assert read(hubspot, "contacts", too_early.cursor).rows.keys() == {ann}


def test_the_cursor_is_the_servers_time_not_ours(crm: StandInCrm, host: LocalHost, tmp_path: Path) -> None:
    fast = LocalHost("crm", tmp_path, clock=lambda: host.now() + timedelta(days=3))
    hubspot = connector(fast, crm)
    cursor = read(hubspot, "contacts").cursor
    host.sleep(3600)
    ann = crm.create_contact(email="ann@example.com")
    assert read(hubspot, "contacts", cursor).rows.keys() == {ann}
    fast.close()


def test_more_changes_than_search_gives_out(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    """Ten thousand is the limit of a search; here are more, in batches that share a time, of all sizes."""
    cursor = read(hubspot, "contacts").cursor
    expected = set()
    for size in (1, 199, 200, 201, 450, 1, 1):
        host.sleep(0.001)
        expected |= {crm.create_contact(company=f"{size}") for _ in range(size)}
    reading = read(hubspot, "contacts", cursor, ["company"])
    assert reading.rows.keys() == expected
    assert reading.count == len(expected)


def test_ten_thousand_and_more(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    cursor = read(hubspot, "contacts").cursor
    expected = set()
    for _ in range(70):
        host.sleep(0.001)
        expected |= {crm.create_contact(company="Acme") for _ in range(150)}
    reading = read(hubspot, "contacts", cursor, ["company"])
    assert len(expected) > 10_000
    assert reading.rows.keys() == expected
    assert all(request.status == 200 for request in crm.requests)


def test_edits_during_a_read_hide_nothing(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    cursor = read(hubspot, "contacts").cursor
    ids = []
    for number in range(300):
        host.sleep(0.001)
        ids.append(crm.create_contact(email=f"p{number}@example.com"))
    pages = hubspot.read("contacts", cursor, ["email"])
    seen = {row["hs_object_id"] for row in rows_of(next(pages))}
    host.sleep(1)
    for one in sorted(seen):
        crm.edit(one, firstname="moved to the end")
    for page in pages:
        seen |= {row["hs_object_id"] for row in rows_of(page)}
    assert seen == set(ids)


def rows_of(page: Page) -> Sequence[Row]:
    assert isinstance(page.rows, Sequence)
    return page.rows


def test_archived_contacts_are_told_as_deleted(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    old, ann = crm.create_contact(email="old@example.com"), crm.create_contact(email="ann@example.com")
    crm.archive(old)
    host.sleep(3600)
    cursor = read(hubspot, "contacts").cursor
    host.sleep(3600)
    crm.edit(ann, firstname="Ann")
    crm.archive(ann)
    reading = read(hubspot, "contacts", cursor)
    assert reading.deleted == {ann}
    assert reading.rows == {}


def test_what_was_archived_just_before_the_cursor_is_told_again(
    hubspot: HubSpot, crm: StandInCrm, host: LocalHost
) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.archive(ann)
    host.sleep(LAG)
    assert read(hubspot, "contacts", read(hubspot, "contacts").cursor).deleted == {ann}


def test_a_contact_that_search_still_knows_but_is_archived_is_deleted(
    hubspot: HubSpot, crm: StandInCrm, host: LocalHost
) -> None:
    cursor = read(hubspot, "contacts").cursor
    ann = crm.create_contact(email="ann@example.com")
    crm.lag(seconds=LAG)
    crm.archive(ann)
    reading = read(hubspot, "contacts", cursor)
    assert (reading.deleted, reading.rows) == ({ann}, {})


def test_many_archived_contacts_are_looked_through(hubspot: HubSpot, crm: StandInCrm) -> None:
    cursor = read(hubspot, "contacts").cursor
    ids = {crm.create_contact(company="Acme") for _ in range(230)}
    for one in ids:
        crm.archive(one)
    assert read(hubspot, "contacts", cursor).deleted == ids


def test_a_restored_contact_comes_again(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.archive(ann)
    host.sleep(3600)
    cursor = read(hubspot, "contacts").cursor
    host.sleep(3600)
    crm.restore(ann)
    reading = read(hubspot, "contacts", cursor)
    assert (reading.rows.keys(), reading.deleted) == ({ann}, set())


@pytest.mark.parametrize("makes_new", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_merged_ids_are_told(host: LocalHost, makes_new: bool, full: bool) -> None:
    with StandInCrm(clock=host.now, merge_makes_new=makes_new) as crm:
        hubspot = connector(host, crm)
        ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
        cursor = read(hubspot, "contacts").cursor
        host.sleep(3600)
        heir = crm.merge(ann, lee)
        reading = read(hubspot, "contacts", None if full else cursor, ["email"])
        assert reading.merged == ({ann: heir, lee: heir} if makes_new else {lee: ann})
        assert reading.rows.keys() == {heir}
        assert reading.deleted == set()


@pytest.mark.parametrize(
    "cursor", [{}, {"since": "soon"}, {"since": 5}, {"since": "2024-05-01T09:00:00"}, {"page": "7"}]
)
def test_a_cursor_that_means_nothing_starts_a_full_read(hubspot: HubSpot, cursor: Cursor) -> None:
    assert read(hubspot, "contacts", cursor).complete


def test_a_cursor_older_than_the_list_of_the_archived_starts_a_full_read(hubspot: HubSpot, host: LocalHost) -> None:
    cursor = read(hubspot, "contacts").cursor
    host.sleep(KEPT.total_seconds())
    assert not read(hubspot, "contacts", cursor).complete
    host.sleep(1)
    assert read(hubspot, "contacts", cursor).complete


def test_searching_keeps_to_its_own_budget(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    cursor = read(hubspot, "contacts").cursor
    host.slept.clear()
    for _ in range(9):
        read(hubspot, "contacts", cursor, ["email"])
    assert sum(host.slept) >= 2.0


# Notes.


def test_notes_come_as_text_with_their_contact(hubspot: HubSpot, crm: StandInCrm, host: LocalHost) -> None:
    ann = crm.create_contact(email="ann@example.com")
    cursor = read(hubspot, "notes").cursor
    note = crm.create_note(ann, "<p>Called &amp; <b>agreed</b></p><p>Next: offer</p><script>x()</script>")
    for reading in (read(hubspot, "notes"), read(hubspot, "notes", cursor)):
        row = reading.rows[note]
        assert row["contact"] == ann
        assert row["hs_note_body"] == "Called & agreed\nNext: offer"
        assert row["hs_timestamp"] == host.now()


def test_a_note_of_nobody_has_no_contact(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    note = crm.create_note(ann, "Called")
    crm.archive(ann)
    assert read(hubspot, "notes").rows[note]["contact"] is None


def test_links_are_not_asked_for_when_nobody_wants_them(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.create_note(crm.create_contact(email="ann@example.com"), "Called")
    cursor = read(hubspot, "notes").cursor
    crm.requests.clear()
    read(hubspot, "notes", cursor, ["hs_timestamp"])
    assert not any("associations" in request.path for request in crm.requests)


# Lookup.


def test_lookup_by_id_and_unique_values(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com", synchub_id="c-1", lead_score="5")
    bob = crm.create_contact(email="bob@example.com")
    keys = [
        Key("email", "ann@example.com"),
        Key("synchub_id", "c-1"),
        Key("hs_object_id", ann),
        Key("hs_object_id", bob),
        Key("hs_object_id", "77"),
        Key("email", "nobody@example.com"),
        Key("email", ""),
    ]
    found = {row["hs_object_id"]: row for row in hubspot.lookup("contacts", keys)}
    assert found.keys() == {ann, bob}
    assert found[ann]["lead_score"] == Decimal(5)
    assert len(hubspot.lookup("contacts", keys)) == 2


def test_lookup_finds_what_search_does_not_know_yet(hubspot: HubSpot, crm: StandInCrm) -> None:
    crm.lag(seconds=3600)
    crm.create_contact(email="ann@example.com")
    assert len(hubspot.lookup("contacts", [Key("email", "ann@example.com")])) == 1


def test_lookup_of_many(hubspot: HubSpot, crm: StandInCrm) -> None:
    ids = {crm.create_contact(email=f"p{number}@example.com") for number in range(230)}
    keys = [Key("email", f"p{number}@example.com") for number in range(260)]
    assert {row["hs_object_id"] for row in hubspot.lookup("contacts", keys)} == ids


def test_lookup_by_other_properties_goes_through_search(hubspot: HubSpot, crm: StandInCrm) -> None:
    ids = {crm.create_contact(company="Acme") for _ in range(410)}
    crm.create_contact(company="Other")
    found = [row["hs_object_id"] for row in hubspot.lookup("contacts", [Key("company", "Acme")])]
    assert sorted(found) == sorted(ids)


def test_lookup_by_a_merged_id_or_address_finds_the_heir(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann, lee = crm.create_contact(email="ann@example.com"), crm.create_contact(email="lee@example.com")
    crm.merge(ann, lee)
    for key in (Key("hs_object_id", lee), Key("email", "lee@example.com")):
        assert [row["hs_object_id"] for row in hubspot.lookup("contacts", [key])] == [ann]


def test_lookup_of_notes_tells_their_contact(hubspot: HubSpot, crm: StandInCrm) -> None:
    ann = crm.create_contact(email="ann@example.com")
    note = crm.create_note(ann, "Called")
    (row,) = hubspot.lookup("notes", [Key("hs_object_id", note)])
    assert row["contact"] == ann


def test_lookup_of_nothing_asks_nothing(hubspot: HubSpot, crm: StandInCrm) -> None:
    hubspot.streams()
    crm.requests.clear()
    assert hubspot.lookup("contacts", []) == []
    assert hubspot.lookup("contacts", [Key("email", "")]) == []
    assert crm.requests == []


def test_a_lookup_by_no_property_is_the_connectors_fault(hubspot: HubSpot) -> None:
    with pytest.raises(PluginError, match="refused a question"):
        hubspot.lookup("contacts", [Key("nonsense", "1")])
