"""Joining and parting people by hand: nothing is lost on the way there, and everything is given back on the
way home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acceptance.command import written
from acceptance.office import ANN, Office

COLUMNS = {
    "email": "TEXT",
    "first_name": "TEXT",
    "job_title": "TEXT",
    "city": "TEXT",
    "notes": "TEXT",
    "opted_out": "BOOLEAN",
}
ANNIE = "annie@home.example"


def _row(office: Office, system: str) -> dict[str, Any]:
    """The only row of a system, without its id and time; what is blank is left out."""
    (row,) = office[system].rows()
    return {name: value for name, value in row.items() if name in COLUMNS and value not in (None, "")}


def test_a_join_by_hand_is_taken_back_by_a_split(tmp_path: Path) -> None:
    """Ann at work and Annie at home are joined by mistake: both systems agree on one of them. Parted, each
    has what it had, and what only the hub had written is blank again."""
    office = Office(tmp_path, COLUMNS, members={"crm": {"create": False}, "shop": {"create": False}})
    work: dict[str, Any] = {"email": ANN, "first_name": "Ann", "job_title": "Buyer", "notes": "likes tea"}
    home: dict[str, Any] = {"email": ANNIE, "first_name": "Ann", "job_title": "CTO", "city": "Ulm"}
    office["crm"].add(at="2024-01-01", **work)
    office["shop"].add(at="2024-06-01", **home)
    office.hub("sync")
    office.hub("merge", "contact", ANN, ANNIE)
    office.hub("sync")
    joined = {**work, **home}
    assert (_row(office, "crm"), _row(office, "shop")) == (joined, joined)

    (shop,) = [
        link["name"]
        for link in office.hub.json("why", "contact", ANNIE)["explanation"]["links"]
        if link["system"] == "shop"
    ]
    office.hub("split", "contact", ANNIE, shop)
    office.hub("sync")
    assert (_row(office, "crm"), _row(office, "shop")) == (work, home)
    assert written(office.hub.sync("--full")) == 0
    parts = {
        office.hub.json("why", "contact", key)["explanation"]["hub_id"] for key in ("crm:people:1", "shop:people:1")
    }
    assert len(parts) == 2


def test_people_with_a_row_each_in_both_systems(tmp_path: Path) -> None:
    """Each was entered in the other system by the hub before they were joined: all four rows agree while they
    are one. Parted, each person has one row in each system again, with what they had."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(at="2024-01-01", email=ANN, first_name="Ann", job_title="Buyer")
    office["shop"].add(at="2024-06-01", email=ANNIE, first_name="Annie", city="Ulm")
    office.hub("sync")
    before = [
        [{name: row[name] or "" for name in COLUMNS} for row in office[system].rows()] for system in ("crm", "shop")
    ]
    assert [[row["email"] for row in rows] for rows in before] == [[ANN, ANNIE], [ANNIE, ANN]]
    office.hub("merge", "contact", ANN, ANNIE)
    office.hub("sync")
    for system in ("crm", "shop"):
        assert [(row["email"], row["job_title"], row["city"]) for row in office[system].rows()] == [
            (ANNIE, "Buyer", "Ulm")
        ] * 2
    office.hub("split", "contact", ANNIE, "crm:people:2", "shop:people:1")
    office.hub("sync")
    after = [
        [{name: row[name] or "" for name in COLUMNS} for row in office[system].rows()] for system in ("crm", "shop")
    ]
    assert after == before
    assert written(office.hub.sync("--full")) == 0


def test_two_people_with_one_mailbox_are_parted_for_good(tmp_path: Path) -> None:
    """Ann and her daughter share a mailbox, and were taken for one; she opted out. Parted, both stay opted
    out, each has her own name, and nobody joins them again or enters one beside the other."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, first_name="Ann", job_title="Buyer", at="2024-01-01")
    office["shop"].add(email=ANN, first_name="Anna", city="Ulm", opted_out=1, at="2024-06-01")
    office.hub("sync")
    assert _row(office, "crm")["opted_out"] == 1
    office.hub("split", "contact", ANN, "shop:people:1")
    office.hub("sync")
    assert _row(office, "crm") == {"email": ANN, "first_name": "Ann", "job_title": "Buyer", "opted_out": 1}
    assert _row(office, "shop") == {"email": ANN, "first_name": "Anna", "city": "Ulm", "opted_out": 1}

    office["shop"].edit(ANN, city="Bonn")
    office["crm"].edit(ANN, opted_out=0)
    office.hub("sync", "--full")
    assert (len(office["crm"].rows()), len(office["shop"].rows())) == (1, 1)
    assert (_row(office, "crm").get("city"), _row(office, "crm")["opted_out"]) == (None, 1)
    several = office.hub("why", "contact", ANN, code=2)
    assert "2 records of contact fit" in several.stderr
