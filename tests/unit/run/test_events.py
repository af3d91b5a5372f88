"""Events: taken in once, attached when their contact is known, and passed on oldest first, some at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import text
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
