"""Looking before acting: a plan changes nothing, can be kept and done exactly, and can be limited to a person
or a system."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from acceptance.command import written
from acceptance.company import company
from acceptance.office import ANN, BOB, Office
from servers.dovecot import Mailbox

COLUMNS = {"email": "TEXT", "job_title": "TEXT", "city": "TEXT"}


def _store(folder: Path) -> dict[str, list[Any]]:
    """Everything that the hub keeps, table by table."""
    with closing(sqlite3.connect(folder / "hub.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}


def _planned(office: Office, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    (plan,) = office.hub.json("plan", *arguments, code=code)["plans"]
    return {member["member"]: member for member in plan["members"]}


def test_a_plan_changes_nothing_not_even_in_the_store(tmp_path: Path) -> None:
    """Before the first run, and again when there are edits, a delete, a row nobody understands and a new
    member."""
    office = Office(
        tmp_path,
        COLUMNS,
        systems=("crm", "shop", "fair"),
        lists=("fair",),
        members={"shop": {"on_delete": "propagate"}},
    )
    office["crm"].add(email=ANN, job_title="CEO")
    office["crm"].add(email=BOB)
    office.sheets["fair"].add(email=BOB, job_title="Clerk")
    office.hub("store", "upgrade", "--yes")
    empty = _store(tmp_path)
    assert _planned(office)["shop"]["creates"] == 2
    assert _store(tmp_path) == empty

    office.hub("sync")
    before = _store(tmp_path)
    office["crm"].remove(BOB)
    office["shop"].edit(ANN, job_title="CTO")
    office.sheets["fair"].add(email="no address", job_title="?")
    office.join("club")
    plan = _planned(office)
    assert (plan["shop"]["deletes"], plan["crm"]["updates"], plan["club"]["creates"]) == (1, 1, 1)
    assert _store(tmp_path) == before
    assert office["shop"].emails() == [ANN, BOB]
    assert office["club"].rows() == []


def test_a_saved_plan_is_done_exactly(tmp_path: Path) -> None:
    """Ann and Bob are planned. Then the shop's Ann is edited and Cy comes in: only what was planned for Bob
    is done."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, job_title="CEO")
    office["crm"].add(email=BOB, job_title="Clerk")
    office.hub("sync")
    office["crm"].edit(ANN, job_title="CTO")
    office["crm"].edit(BOB, job_title="Buyer")
    saved = office.hub.json("plan", "--save")["plans"][0]["plan"]

    office["shop"].edit(ANN, job_title="Chair")
    office["crm"].add(email="cy@coe.example")
    done = office.hub.sync("--plan", saved)
    assert (written(done), done["contacts.shop"]["updated"]) == (1, 1)
    assert office.both("job_title", BOB) == ["Buyer", "Buyer"]
    assert office.both("job_title", ANN) == ["CTO", "Chair"]
    assert "cy@coe.example" not in office["shop"].emails()

    office.hub("sync")
    assert office.both("job_title", ANN) == ["Chair", "Chair"]
    assert "cy@coe.example" in office["shop"].emails()
    unknown = office.hub("sync", "--plan", "999", code=2)
    assert "no saved plan 999" in unknown.stderr


def test_one_person_first(tmp_path: Path) -> None:
    """With --record only that person is written, also by the very first run, and whatever the guard says to
    all the others together. They follow with the next run. A person that nobody knows is told."""
    office = Office(tmp_path, COLUMNS, members={"shop": {"limits": {"creates": 1, "updates": 1}}})
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO")
    (plan,) = office.hub.json("plan", "--record", ANN)["plans"]
    assert [(member["member"], member["creates"]) for member in plan["members"]] == [("crm", 0), ("shop", 1)]
    assert (plan["guard"], plan["members"][1]["changes"][0]["label"]) == ([], ANN)
    assert "No contact is known as eve@" in office.hub("sync", "--record", "eve@eck.example", code=2).stdout
    assert written(office.hub.sync("--record", ANN)) == 1
    assert office["shop"].emails() == [ANN]

    office.hub("sync", "--allow", "creates=2")
    for email in (ANN, BOB):
        office["crm"].edit(email, job_title="CTO")
    assert written(office.hub.sync("--record", BOB)) == 1
    assert (office["shop"].row(ANN)["job_title"], office["shop"].row(BOB)["job_title"]) == ("CEO", "CTO")
    assert written(office.hub.sync()) == 1
    assert office["shop"].row(ANN)["job_title"] == "CTO"


def test_a_hub_of_several_syncs(tmp_path: Path, mailbox: Mailbox) -> None:
    """One person, and a saved plan, are of the contacts: the sync that passes e-mails on is left out."""
    with company(tmp_path, mailbox) as acme:
        (run,) = acme.hub.json("sync", "--record", "cy@coe.example")["runs"]
        assert (run["sync"], sum(member["created"] for member in run["members"])) == ("contacts", 2)
        saved = acme.hub.json("plan", "contacts", "--save")["plans"][0]["plan"]
        (run,) = acme.hub.json("sync", "--plan", saved)["runs"]
        assert (run["sync"], sum(member["created"] for member in run["members"])) == ("contacts", 4)
        assert acme.crm.notes_of(acme.crm_id("ann@lee.example")) == []


def test_one_system_alone_and_everything_anew(tmp_path: Path) -> None:
    """With --system nobody else is read or written; what was read waits for the others. --full reads
    unchanged files too."""
    office = Office(tmp_path, COLUMNS, systems=("crm", "shop", "fair"), lists=("fair",))
    office["crm"].add(email=ANN, job_title="CEO")
    office.hub("sync")
    office["crm"].edit(ANN, job_title="CTO")
    office["shop"].edit(ANN, city="Ulm")
    only = office.hub.sync("--system", "crm")
    assert (list(only), written(only)) == (["contacts.crm"], 0)
    assert office["shop"].row(ANN)["job_title"] == "CEO"

    rest = office.hub.sync()
    assert [rest[f"contacts.{name}"]["updated"] for name in ("crm", "shop", "fair")] == [1, 1, 1]
    assert office.sheets["fair"].row(ANN) | {"id": ""} == {
        "id": "",
        "email": ANN,
        "job_title": "CTO",
        "city": "Ulm",
    }
    office.hub("sync")
    quiet, full = office.hub.sync(), office.hub.sync("--full")
    assert (quiet["contacts.fair"]["read"], quiet["contacts.fair"]["full"]) == (0, False)
    assert (full["contacts.fair"]["read"], full["contacts.fair"]["full"]) == (1, True)


def test_a_plan_in_ci(tmp_path: Path) -> None:
    """--exit-code tells by 4 that there is something to do; --no-values shows which fields, but nobody's
    data."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, job_title="CEO")
    told = office.hub("plan", "--no-values", "--exit-code", code=4).stdout
    assert "job_title" in told
    assert "CEO" not in told
    assert "ann" not in told.lower()
    hidden = office.hub("plan", "--no-values", "--json").stdout
    assert "job_title" in hidden
    assert "CEO" not in hidden
    assert ANN not in hidden
    office.hub("sync")
    office.hub("plan", "--exit-code", code=0)
