"""Undo: the opposite of what a run wrote, but for what was edited since; and no run undoes the undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acceptance.office import ANN, BOB, Office

COLUMNS = {"email": "TEXT", "job_title": "TEXT", "city": "TEXT", "opted_out": "BOOLEAN"}
CY = "cy@coe.example"


def _undo(office: Office, run: str = "last") -> dict[str, Any]:
    """Undo a run, or the last sync; what the command says."""
    if run == "last":
        run = next(each["run"] for each in office.hub.json("runs")["runs"] if each["sync"] == "contacts")
    told: dict[str, Any] = office.hub.json("undo", run, "--yes")
    return told


def test_updates_are_put_back_but_not_what_was_edited_since(tmp_path: Path) -> None:
    """A wrong import into the CRM went everywhere and is undone in the shop; Bob was mended there by hand
    meanwhile and stays so. Nothing is undone again, and a new word ends the question."""
    office = Office(tmp_path, COLUMNS)
    for email in (ANN, BOB, CY):
        office["crm"].add(email=email, job_title="CEO", city="Ulm")
    office.hub("sync")
    for email in (ANN, BOB, CY):
        office["crm"].edit(email, job_title="WRONG")
    office.hub("sync")
    office["shop"].edit(BOB, job_title="Buyer")
    office.hub("sync")

    told = _undo(office, "2")
    assert [(member["member"], member["updates"]) for member in told["plan"]["members"]] == [
        ("crm", 0),
        ("shop", 2),
    ]
    assert "job_title was edited since" in " ".join(told["plan"]["notes"])
    assert {email: office["shop"].row(email)["job_title"] for email in (ANN, BOB, CY)} == {
        ANN: "CEO",
        BOB: "Buyer",
        CY: "CEO",
    }

    assert sum(member["updated"] for member in office.hub.sync("--full").values()) == 0
    assert office.both("job_title", ANN) == ["WRONG", "CEO"]
    questions = office.hub.json("review", "list")["questions"]
    assert [question["kind"] for question in questions] == ["ask", "ask"]
    office["crm"].edit(ANN, job_title="CTO")
    office.hub("review", "resolve", questions[1]["id"], "Clerk")
    assert office.hub.json("sync")["runs"][0]["waits"]["review"] == 0
    assert (office.both("job_title", ANN), office.both("job_title", CY)) == (
        ["CTO", "CTO"],
        ["Clerk", "Clerk"],
    )


def test_an_edit_that_no_run_has_read_yet_is_not_overwritten(tmp_path: Path) -> None:
    """Somebody mends the shop's row a minute before the undo: the shop is looked at just before it is
    written."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, job_title="CEO")
    office.hub("sync")
    office["crm"].edit(ANN, job_title="WRONG")
    office.hub("sync")
    office["shop"].edit(ANN, job_title="Buyer")
    told = office.hub.json("undo", "2", "--yes")
    assert told["run"]["members"][1]["updated"] == 0
    assert "changed there meanwhile" in " ".join(told["run"]["notes"])
    assert office["shop"].row(ANN)["job_title"] == "Buyer"
    office.hub("sync")
    assert office.both("job_title") == ["Buyer", "Buyer"]


def test_people_who_were_made_are_taken_away_and_stay_away(tmp_path: Path) -> None:
    """The first sync entered everybody everywhere, which nobody wanted: the rows it made go, others stay as
    they are."""
    office = Office(tmp_path, COLUMNS, systems=("crm", "shop", "fair"), lists=("fair",))
    office["crm"].add(email=ANN, job_title="CEO")
    office["shop"].add(email=BOB)
    office.hub("sync")
    office["shop"].edit(ANN, job_title="CTO")
    told = _undo(office)
    assert [(member["member"], member["deletes"]) for member in told["plan"]["members"]] == [
        ("crm", 1),
        ("shop", 1),
        ("fair", 2),
    ]
    assert [(member["member"], member["deleted"]) for member in told["run"]["members"]] == [
        ("crm", 1),
        ("shop", 0),
        ("fair", 2),
    ]
    assert (office["crm"].emails(), office.sheets["fair"].emails()) == ([ANN], [])
    office.hub("sync", "--full")
    assert (office["crm"].emails(), office["shop"].emails(), office.sheets["fair"].emails()) == (
        [ANN],
        [ANN, BOB],
        [],
    )


def test_people_who_were_deleted_are_entered_again(tmp_path: Path) -> None:
    """Ann was deleted in the CRM by mistake and in the shop by the hub: an undo enters her there again with
    all she had, and she stays there, whatever is looked at anew."""
    office = Office(tmp_path, COLUMNS, members={"shop": {"on_delete": "propagate"}})
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO", city="Ulm")
    office.hub("sync")
    office["crm"].remove(ANN)
    office.hub("sync")
    assert office["shop"].emails() == [BOB]
    _undo(office)
    row = office["shop"].row(ANN)
    assert (row["job_title"], row["city"]) == ("CEO", "Ulm")
    office.hub("sync", "--recompute")
    assert (office["crm"].emails(), office["shop"].emails()) == ([BOB], [ANN, BOB])


def test_an_opt_out_is_not_undone(tmp_path: Path) -> None:
    """Ann moved and opted out in one go: undoing that run gives back the city, and she stays opted out
    everywhere."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, city="Ulm", opted_out=0)
    office.hub("sync")
    office["crm"].edit(ANN, city="Bonn", opted_out=1)
    office.hub("sync")
    told = _undo(office)
    assert "opted_out" in " ".join(told["plan"]["notes"])
    assert (office.both("city"), office.both("opted_out")) == (["Bonn", "Ulm"], [1, 1])
    office.join("club")
    office.hub("sync", "--accept", "club")
    assert office["club"].row(ANN)["opted_out"] == 1
