"""Events: taken in once, attached when their contact is known, and passed on oldest first, some at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from unit.record.statements import reading_whole_tables
from unit.run.conftest import Office

VISITS = """
[systems.web]
connector = "spreadsheet"
path = "visits.csv"
key = "id"

[systems.book]
connector = "spreadsheet"
path = "book.csv"
key = "No"

[syncs.activity]
entity = "event"

[syncs.activity.members.web]
stream = "visits"
mapping = "visits"
direction = "in"

[syncs.activity.members.book]
stream = "book"
mapping = "book"
direction = "out"
"""
MAPPING = """
entity = "event"
key = "{key}"

[fields]
contact = {{ native = "{who}", by = "email" }}
occurred_at = "{when}"
type = "{what}"
"""
PEOPLE = ("zoe", "ann", "eve", "bob", "eve", "ann", "bob")


@pytest.fixture
def busy(office: Office) -> Office:
    """Ann and Bob are known, Eve and Zoe are not; of seven visits the last in the file was the first."""
    file = office.folder / "hub.toml"
    file.write_text(file.read_text() + VISITS)
    office.write("mappings/visits.toml", MAPPING.format(key="id", who="mail", when="at", what="what"))
    office.write("mappings/book.toml", MAPPING.format(key="No", who="Email", when="Time", what="Kind"))
    visits = [f"{place},{name}@acme.com,2026-04-{20 - place}T10:00:00Z,visit" for place, name in enumerate(PEOPLE)]
    office.write("visits.csv", "\n".join(["id,mail,at,what", *visits, ""]))
    office.write("book.csv", "No,Email,Time,Kind\n")
    office.bucket = 2
    return office


def attached(office: Office) -> int:
    with office.opened() as hub, hub.store.read() as tx:
        return int(tx.execute(text("SELECT count(*) FROM event WHERE record IS NOT NULL")).scalar_one())


def passed_on(office: Office) -> list[str]:
    return [row["Email"].removesuffix("@acme.com") for row in office.rows("book.csv")]


def test_events_of_who_is_known_are_passed_on_oldest_first(busy: Office):
    busy.sync(at=0)

    assert attached(busy) == 4
    assert passed_on(busy) == ["bob", "ann", "bob", "ann"]


def test_those_of_others_wait_until_they_are_known(busy: Office):
    busy.sync(at=0)
    busy.leads(*busy.rows("leads.csv"), {"No": 9, "Email": "eve@acme.com", "First": "Eve", "Last": "Fox"})
    busy.sync(at=10)

    assert attached(busy) == 6
    assert passed_on(busy)[4:] == ["eve", "eve"]


def test_nothing_is_passed_on_twice(busy: Office):
    busy.sync(at=0)
    before = busy.rows("book.csv")
    busy.sync(at=10)

    assert busy.rows("book.csv") == before


def both_ways(office: Office) -> None:
    file = office.folder / "hub.toml"
    file.write_text(file.read_text().replace('direction = "in"', "").replace('direction = "out"', ""))


def known_events(office: Office) -> int:
    with office.opened() as hub, hub.store.read() as tx:
        return int(tx.execute(text("SELECT count(*) FROM event")).scalar_one())


def test_a_row_that_the_hub_passed_on_is_no_event_of_its_own_whatever_is_done_to_it(busy: Office):
    both_ways(busy)
    busy.sync(at=0)
    before = busy.rows("visits.csv")
    busy.edit("book.csv", 0, Kind="call")
    for at in (10, 20):
        busy.sync(at=at)

    assert busy.rows("visits.csv") == before
    assert known_events(busy) == len(PEOPLE)


def test_events_go_both_ways(busy: Office):
    both_ways(busy)
    busy.sync(at=0)
    book = busy.folder / "book.csv"
    book.write_text(book.read_text() + "x7,ann@acme.com,2026-04-28T10:00:00Z,call\n")
    for at in (10, 20):
        busy.sync(at=at)

    assert [row["what"] for row in busy.rows("visits.csv")] == ["visit"] * len(PEOPLE) + ["call"]
    assert passed_on(busy) == ["bob", "ann", "bob", "ann", "ann"]


def test_what_two_systems_tell_of_is_passed_on_to_neither(busy: Office):
    both_ways(busy)
    file, book = busy.folder / "hub.toml", busy.folder / "book.csv"
    file.write_text(file.read_text() + '[entities.event]\nmatch = { keys = ["type + occurred_at"] }\n')
    book.write_text(book.read_text() + "x7,ann@acme.com,2026-04-19T10:00:00Z,visit\n")
    for at in (0, 10):
        busy.sync(at=at)

    assert len(busy.rows("visits.csv")) == len(PEOPLE) == known_events(busy)
    assert passed_on(busy) == ["ann", "bob", "ann", "bob"]


def looked_at(office: Office) -> list[str]:
    """The events that the next run would look at, by their day."""
    query = "SELECT substr(body, -20) FROM event WHERE record IS NOT NULL AND dirty <> 0 ORDER BY occurred_at"
    with office.opened() as hub, hub.store.read() as tx:
        return list(tx.execute(text(query)).scalars())


def test_what_was_passed_on_is_not_looked_at_for_ever(busy: Office):
    busy.sync(at=0)
    assert len(looked_at(busy)) == 4
    busy.sync(at=10)
    assert looked_at(busy) == []
    busy.leads(*busy.rows("leads.csv"), {"No": 9, "Email": "eve@acme.com", "First": "Eve", "Last": "Fox"})
    busy.sync(at=20)
    assert passed_on(busy)[4:] == ["eve", "eve"]


def test_a_member_that_takes_part_again_gets_what_it_missed(busy: Office):
    busy.sync(at=0)
    file, visits = busy.folder / "hub.toml", busy.folder / "visits.csv"
    whole = file.read_text()
    file.write_text(whole.partition("[syncs.activity.members.book]")[0])
    visits.write_text(visits.read_text() + "8,ann@acme.com,2026-04-21T10:00:00Z,visit\n")
    for at in (10, 20):
        busy.sync(at=at)
    file.write_text(whole)
    busy.sync(at=30)
    assert passed_on(busy) == ["bob", "ann", "bob", "ann", "ann"]


@pytest.mark.parametrize(("where", "first"), [("type = 'call'", []), ("contact = 'bob@acme.com'", ["bob", "bob"])])
def test_a_filter_that_was_taken_away_lets_everything_in(busy: Office, where: str, first: list[str]):
    file = busy.folder / "hub.toml"
    whole = file.read_text()
    file.write_text(whole + f'where = "{where}"\n')
    for at in (0, 10):
        busy.sync(at=at)
    assert passed_on(busy) == first
    file.write_text(whole)
    busy.sync(at=20)
    assert sorted(passed_on(busy)) == ["ann", "ann", "bob", "bob"]
    busy.sync(at=30)
    assert len(passed_on(busy)) == 4


def test_a_filter_that_asks_for_the_contact_is_asked_again(busy: Office):
    """Bob gets another address, which it lets in."""
    file = busy.folder / "hub.toml"
    file.write_text(file.read_text() + "where = \"contact = 'robert@acme.com'\"\n")
    for at in (0, 10):
        busy.sync(at=at)
    renamed = [{**row, "Email": row["Email"].replace("bob@", "robert@")} for row in busy.rows("leads.csv")]
    busy.leads(*renamed)
    busy.sync(at=20)
    assert passed_on(busy) == ["robert", "robert"]


def test_no_run_reads_a_large_table_whole(busy: Office):
    busy.sync(at=0)
    visits = busy.folder / "visits.csv"
    with reading_whole_tables() as found:
        busy.sync(at=10)
        visits.write_text(visits.read_text() + "8,ann@acme.com,2026-04-21T10:00:00Z,visit\n")
        busy.sync(at=20)
    assert passed_on(busy)[4:] == ["ann"]
    assert found == []
