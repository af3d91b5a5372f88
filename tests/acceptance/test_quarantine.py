"""What is set aside: listed by cause, taken once the mapping is mended, without the system being read again; and what a system
refuses to take."""

from __future__ import annotations

from pathlib import Path

from acceptance.command import written
from acceptance.office import ANN, BOB, Office, hubspot

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "birthday": "TEXT", "job_title": "TEXT"}


def test_a_mended_mapping_needs_no_new_read(tmp_path: Path) -> None:
    """Twelve birthdays of the fair's list are written in a way that the mapping does not know. Then the list is gone, the mapping is
    mended, and everybody is taken as they were kept."""
    office = Office(
        tmp_path,
        COLUMNS,
        systems=("shop", "fair"),
        lists=("fair",),
        mappings={"fair": {"birthday": {"native": "birthday", "format": "%Y-%m-%d"}}},
    )
    emails = [f"person{number:02}@firm.example" for number in range(12)]
    for email in emails:
        office.sheets["fair"].add(email=email, birthday="24.12.1980")
    office.sheets["fair"].add(email=ANN, birthday="1980-12-24")
    office.hub("sync")
    assert office["shop"].emails() == [ANN]
    (cause,) = office.hub.json("quarantine", "list")["causes"]
    assert (cause["count"], cause["system"]) == (12, "fair")
    assert "12 rows  fair/fair  birthday" in office.hub("quarantine", "list").stdout

    office.sheets["fair"].file.rename(tmp_path / "elsewhere.txt")
    office.mappings["fair"] = {"birthday": {"native": "birthday", "format": "%d.%m.%Y"}}
    office.settle()
    done = office.hub.sync(code=1)
    assert "fair.csv" in done["contacts.fair"]["problem"]
    assert done["contacts.shop"]["created"] == 12
    assert {row["birthday"] for row in office["shop"].rows()} == {"1980-12-24"}
    assert office.hub.json("quarantine", "list")["causes"] == []


def test_what_a_system_refuses_is_listed_and_not_sent_for_ever(tmp_path: Path) -> None:
    """Bob's job is longer than HubSpot takes: the question says so. It is not sent again until it is another; then the question
    is over."""
    with StandInCrm() as hs:
        office = Office(tmp_path, COLUMNS, systems=("shop", "hs"), foreign={"hs": hubspot(hs, "job_title")})
        office.hub.environ["CRM_TOKEN"] = hs.token
        office["shop"].add(email=BOB, job_title="CEO")
        office.hub("sync")
        number = next(iter(hs.contacts()))
        office["shop"].edit(BOB, job_title="x" * 70_000)
        refused = office.hub.sync(code=1)
        assert refused["contacts.hs"]["failed"] == 1
        (question,) = office.hub.json("review", "list")["questions"]
        assert (question["kind"], question["label"]) == ("refused", BOB)
        assert written(office.hub.sync()) == 0
        office["shop"].edit(BOB, job_title="CTO")
        assert office.hub.sync()["contacts.hs"]["updated"] == 1
        assert hs.contacts()[number]["jobtitle"] == "CTO"
        assert office.hub.json("review", "list")["questions"] == []
