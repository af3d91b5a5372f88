"""A key that changes: rows are recognised by the new one, and a key of somebody else is a question."""

from __future__ import annotations

from unit.run.conftest import HUB, SYNC, Office

from synchub.run.hub import Hub
from synchub.spec.answers import ReviewItem

ANN, BOB = "ann@acme.com", "bob@acme.com"


def asked(office: Office) -> list[ReviewItem]:
    with office.opened() as hub:
        return [item for item in Hub(hub).review.list() if item.kind == "alike"]


def answer(office: Office, given: str) -> None:
    with office.opened() as hub:
        Hub(hub).review.resolve(asked(office)[0].id, given, reason="")


def linked(office: Office, key: str) -> set[str]:
    return {link.name for link in office.why(key).links}


def enter(office: Office, number: int, email: str) -> None:
    """Somebody enters Ann at the fair once more."""
    office.leads(*office.rows("leads.csv"), {"No": number, "Email": email, "First": "Ann", "Last": "Lee"})


def test_a_row_with_the_new_address_is_nobody_new(office: Office):
    office.sync(at=0)
    office.edit("customers.csv", 0, mail="ann.lee@acme.com")
    office.sync(at=10)
    enter(office, 99, "ann.lee@acme.com")
    office.sync(at=20)

    assert linked(office, "ann.lee@acme.com") == {"shop:customers:1", "fair:leads:7", "fair:leads:99"}


def test_so_is_one_with_an_address_that_a_person_set(office: Office):
    office.sync(at=0)
    office.set(ANN, at=5, email="ann.lee@acme.com")
    office.sync(at=10)
    enter(office, 99, "ann.lee@acme.com")
    office.sync(at=20)

    assert "fair:leads:99" in linked(office, "ann.lee@acme.com")


def test_an_address_that_another_has_is_asked_about_once_and_joins_nobody(office: Office):
    office.sync(at=0)
    office.edit("leads.csv", 0, Email=BOB)
    for at in (10, 20):
        office.sync(at=at)

    assert [(item.question.split(" have ")[1]) for item in asked(office)] == [
        "the same email by now. Are they the same person?"
    ]
    assert linked(office, asked(office)[0].record) == {"shop:customers:1", "fair:leads:7"}


def test_the_question_closes_when_the_address_is_corrected(office: Office):
    office.sync(at=0)
    office.edit("leads.csv", 0, Email=BOB)
    office.sync(at=10)
    assert len(asked(office)) == 1
    office.edit("leads.csv", 0, Email=ANN)
    office.sync(at=20)

    assert asked(office) == []


def test_yes_joins_them(office: Office):
    office.sync(at=0)
    office.edit("leads.csv", 0, Email=BOB)
    office.sync(at=10)
    answer(office, "yes")
    office.sync(at=20)

    assert {"shop:customers:1", "fair:leads:8"} <= linked(office, BOB)
    assert asked(office) == []


def test_no_is_remembered(office: Office):
    office.sync(at=0)
    office.edit("leads.csv", 0, Email=BOB)
    office.sync(at=10)
    answer(office, "no")
    office.edit("leads.csv", 0, Email=ANN)
    office.sync(at=20)
    office.edit("leads.csv", 0, Email=BOB)
    office.sync(at=30)

    assert asked(office) == []


def test_an_address_that_lost_is_hers_too(office: Office):
    """The fair is only read and its word yields to the shop's; still whoever has that address is Ann."""
    rules = 'rules = { email = ["prefer shop", "newest"] }\n'
    office.write("hub.toml", HUB + rules + SYNC + 'direction = "in"\n')
    office.sync(at=0)
    office.edit("leads.csv", 0, Email="ann.fair@acme.com")
    office.sync(at=10)
    office.customers(
        *office.rows("customers.csv"),
        {"id": 50, "mail": "ann.fair@acme.com", "forename": "Ann", "surname": "Lee"},
    )
    office.sync(at=20)

    assert "shop:customers:50" in linked(office, ANN)


def test_those_who_were_parted_are_not_asked_about(office: Office):
    office.sync(at=0)
    with office.opened() as hub:
        Hub(hub).split("contact", ANN, ["fair:leads:7"])
    for at in (10, 20):
        office.sync(at=at)

    assert asked(office) == []
