"""One record by whatever a person types."""

from __future__ import annotations

import pytest
from unit.run.conftest import HUB, SYNC, Office

from synchub.errors import ConfigurationError
from synchub.run.hub import Hub
from synchub.run.people.finding import find_record
from synchub.run.salt import salt_if_any

ANN, BOB = 1, 2
FIRMS = """
[systems.firms]
connector = "spreadsheet"
path      = "firms.csv"

[entities.firm]
match  = { keys = ["title"] }
fields = { title = "text" }

[syncs.firms]
entity = "firm"

[syncs.firms.members.firms]
stream  = "firms"
mapping = "firms"
"""


@pytest.fixture
def find(office: Office):
    office.sync(at=0)

    def find(key: str, entity: str = "contact") -> int:
        with office.opened() as hub, hub.store.read() as tx:
            salt = salt_if_any(tx)
            return find_record(tx, hub, entity, key.replace("SALT", salt), salt)

    return find


@pytest.mark.parametrize(
    ("key", "record"),
    [
        ("ann@acme.com", ANN),
        ("  ANN@Acme.com ", ANN),
        ("Ann Lee <ann@acme.com>", ANN),
        ("email:bob@acme.com", BOB),
        ("SALT-2", BOB),
        ("salt-2".upper(), BOB),
        ("shop:customers:1", ANN),
        ("fair:leads:8", BOB),
        ("+49 (221) 765-4321 + Ray", BOB),
        ("0221/7654321", BOB),
        ("ray", BOB),
    ],
)
def test_a_record_is_found_by(find, key: str, record: int):
    assert find(key) == record


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nobody@acme.com",
        "SALT-3",
        "SALT-99999999999999999999",
        "0bad-1",
        "shop:customers:8",
        "fair:leads:",
        "%",
        "a_n@acme.com",
        "phone:ann@acme.com",
        "+49 221 7654321 + Lee",
        "last_name:Ra",
    ],
)
def test_what_names_nobody_is_refused_with_a_way_on(find, key: str):
    with pytest.raises(ConfigurationError, match="No contact is known as") as refused:
        find(key)
    assert "email or phone + last_name" in refused.value.next_step


def test_an_entity_that_is_not_there(find):
    with pytest.raises(ConfigurationError, match="There is no entity contct"):
        find("ann@acme.com", "contct")


def test_several_that_fit_are_listed_with_their_ids(office: Office, find):
    office.customers({"id": 5, "mail": "zoe@acme.com", "forename": "Zoe", "surname": "Ray", "tel": "0221 99887"})
    office.sync(at=1)
    with pytest.raises(ConfigurationError, match="2 records of contact fit ray") as refused:
        find("ray")
    told = [problem.split(maxsplit=1) for problem in refused.value.problems]
    assert [label for _, label in told] == ["Bob Ray <bob@acme.com>", "Zoe Ray <zoe@acme.com>"]
    assert find(told[1][0]) == find("zoe@acme.com")
    assert told[0][0] in refused.value.next_step


def test_a_record_that_was_joined_into_another_leads_there(office: Office, find):
    with office.opened() as hub:
        Hub(hub).merge("contact", "ann@acme.com", "bob@acme.com")
    assert {find("SALT-2"), find("bob@acme.com"), find("fair:leads:8"), find("SALT-1")} == {ANN}


def test_what_a_person_set_names_the_record_from_the_next_run_on(office: Office, find):
    office.set("bob@acme.com", at=1, email="robert@acme.com")
    with pytest.raises(ConfigurationError):
        find("robert@acme.com")
    office.sync(at=2)
    assert find("robert@acme.com") == BOB


def test_an_address_that_changed_no_longer_names_its_record(office: Office, find):
    office.edit("leads.csv", 1, Email="robert@acme.com")
    office.sync(at=5)
    assert find("robert@acme.com") == BOB
    with pytest.raises(ConfigurationError):
        find("bob@acme.com")


def test_an_address_that_lost_everywhere_names_its_record(office: Office, find):
    """The fair's address yields to the shop's and is written over there; until the fair says another, it is Ann's."""
    rules = 'rules = { email = ["prefer shop", "newest"] }\n'
    office.write("hub.toml", HUB + rules + SYNC)
    for at, typed in ((5, "ann.fair@acme.com"), (9, "lee@acme.com")):
        office.edit("leads.csv", 0, Email=typed)
        office.sync(at=at)
        assert office.rows("leads.csv")[0]["Email"].lower() == "ann@acme.com"
        assert find(typed) == find("email:" + typed.upper()) == ANN
    with pytest.raises(ConfigurationError):
        find("ann.fair@acme.com")


def test_so_does_one_that_was_said_at_first_contact(office: Office, find):
    office.write("hub.toml", HUB.replace('"email", "phone + last_name"', '"phone + last_name", "email"') + SYNC)
    office.leads(
        *office.rows("leads.csv"),
        {"No": 9, "Email": "zoe@acme.com", "First": "Zoe", "Last": "Ray", "Phone": "0221 99887"},
    )
    office.customers(
        *office.rows("customers.csv"),
        {"id": 5, "mail": "z.ray@acme.com", "surname": "Ray", "tel": "0221 99887", "changed": "2026-04-01T10:00:00Z"},
    )
    office.sync(at=5)
    assert {row["Email"] for row in office.rows("leads.csv")} >= {"z.ray@acme.com"}
    assert find("zoe@acme.com") == find("z.ray@acme.com")


def test_umlauts_in_any_case_and_signs_that_databases_read_otherwise(office: Office, find):
    office.edit("leads.csv", 1, Last='Öz!t_%ür"k')
    office.sync(at=5)
    assert find('last_name:öz!t_%ür"k') == BOB
    assert find('+492217654321 + ÖZ!T_%ÜR"K') == BOB


def test_records_of_another_entity_are_others(office: Office, find):
    office.write("firms.csv", "id,Firm\n1,Acme\n")
    office.write("mappings/firms.toml", 'entity = "firm"\nkey = "id"\n[fields]\ntitle = "Firm"\n')
    office.write("hub.toml", HUB + SYNC + FIRMS)
    office.sync(at=5)
    assert find("Acme", "firm") == find("SALT-3", "firm") == 3
    with pytest.raises(ConfigurationError):
        find("SALT-3")
    with pytest.raises(ConfigurationError):
        find("SALT-1", "firm")


def test_before_the_first_run_nobody_is_known(office: Office):
    with (
        office.opened() as hub,
        hub.store.read() as tx,
        pytest.raises(ConfigurationError, match="No contact"),
    ):
        find_record(tx, hub, "contact", "-1", "")
