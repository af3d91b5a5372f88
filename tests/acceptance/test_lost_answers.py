"""Creates whose answer never came, and creates of what is there already: nobody is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.command import written
from acceptance.office import ANN, BOB, Foreign, Office, hubspot

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "first_name": "TEXT", "last_name": "TEXT", "phone": "TEXT"}
NAMELESS = '\nhub_id = "synchub_id"'


@pytest.fixture
def crm() -> Iterator[StandInCrm]:
    """A CRM whose search shows after a minute what was written."""
    with StandInCrm() as made:
        made.lag(seconds=60)
        yield made


def _office(folder: Path, crm: StandInCrm, *, keeps_hub_id: bool) -> Office:
    hs = hubspot(crm, "first_name", "last_name", "phone")
    if not keeps_hub_id:
        hs = Foreign(hs.settings, hs.stream, hs.mapping.replace(NAMELESS, ""))
        assert "hub_id" not in hs.mapping
    office = Office(folder, COLUMNS, systems=("shop", "hs"), foreign={"hs": hs}, match=("email", "phone + last_name"))
    office.hub.environ["CRM_TOKEN"] = crm.token
    office["shop"].add(email=BOB, first_name="Bob", last_name="Ray")
    office.hub("sync")
    return office


@pytest.mark.parametrize("keeps_hub_id", [True, False])
@pytest.mark.parametrize("email", [ANN, None])
def test_a_contact_whose_answer_was_lost_is_made_once(
    tmp_path: Path, crm: StandInCrm, email: str | None, keeps_hub_id: bool
) -> None:
    """HubSpot makes Ann and the connection breaks. Its search does not know her yet; she may have no e-mail, and there may be no
    property for the hub's id. The next run finds her, by id, by e-mail, or in the whole list."""
    office = _office(tmp_path, crm, keeps_hub_id=keeps_hub_id)
    office["shop"].add(email=email, first_name="Ann", last_name="Lee", phone="+49301234567")
    crm.drop_answer("/batch/create")
    assert office.hub.json("sync", code=1)["runs"][0]["waits"]["open_operations"] == 1
    for _run in range(2):
        assert office.hub.json("sync")["runs"][0]["waits"]["open_operations"] == 0
    assert sorted(found["firstname"] for found in crm.contacts().values()) == ["Ann", "Bob"]
    assert written(office.hub.sync()) == 0


@pytest.mark.parametrize("email", [ANN, None])
def test_a_contact_that_was_not_made_is_made_by_the_next_run(
    tmp_path: Path, crm: StandInCrm, email: str | None
) -> None:
    """The connection breaks before HubSpot has done anything."""
    office = _office(tmp_path, crm, keeps_hub_id=False)
    office["shop"].add(email=email, first_name="Ann", last_name="Lee", phone="+49301234567")
    crm.reset("/batch/create", n=9)
    office.hub("sync", code=1)
    crm.heal()
    office.hub("sync")
    assert sorted(found["firstname"] for found in crm.contacts().values()) == ["Ann", "Bob"]
    assert written(office.hub.sync()) == 0


def test_a_contact_that_somebody_entered_just_before(tmp_path: Path, crm: StandInCrm) -> None:
    """`Contact already exists. Existing ID: …` is no failure: the contact it names is read, and linked by the next run."""
    office = _office(tmp_path, crm, keeps_hub_id=True)
    office["shop"].add(email=ANN, first_name="Ann", last_name="Lee")
    crm.meanwhile("/batch/create", lambda: crm.create_contact(email=ANN, phone="+49301234567"))
    told = office.hub.json("sync")["runs"][0]
    assert told["state"] == "done"
    assert "hs: 1 record is there already; the next sync decides about it" in told["notes"]
    office.hub("sync")
    (ann,) = [found for found in crm.contacts().values() if found["email"] == ANN]
    assert (ann["lastname"], office["shop"].row(ANN)["phone"]) == ("Lee", "+49301234567")
    assert written(office.hub.sync()) == 0


def test_a_unique_value_that_another_record_has(tmp_path: Path) -> None:
    """The shop's table takes no two rows with one phone number, and Bob has Ann's there: she is not made, which is tried once.
    When her number is mended she is."""
    office = Office(tmp_path, COLUMNS)
    office["shop"].ask("CREATE UNIQUE INDEX one_phone ON people (phone)")
    office["shop"].add(email=BOB, phone="+49301234567")
    office["crm"].add(email=ANN, phone="+49301234567")
    assert office.hub.sync(code=1)["contacts.shop"]["failed"] == 1
    again = office.hub.sync()
    assert (written(again), again["contacts.shop"]["failed"]) == (0, 0)
    (question,) = office.hub.json("review", "list")["questions"]
    assert "its row 1 is there already, and belongs to another record" in question["question"]
    office["crm"].edit(ANN, phone="+49307654321")
    assert office.hub.sync()["contacts.shop"]["created"] == 1
    assert office.hub.json("review", "list")["questions"] == []
