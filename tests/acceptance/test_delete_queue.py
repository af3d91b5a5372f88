"""Deletes that wait for a person: listed, decided one by one or in bulk, and gone by themselves when the record is back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acceptance.command import written
from acceptance.office import Office

COLUMNS = {"email": "TEXT", "job_title": "TEXT"}
EVERYBODY = [f"person{number:02}@firm.example" for number in range(24)]


def _office(folder: Path, **shop: Any) -> Office:
    office = Office(folder, COLUMNS, members={"shop": {"on_delete": "propagate", **shop}})
    for email in EVERYBODY:
        office["crm"].add(email=email)
    office.hub("sync")
    return office


def _queue(office: Office) -> dict[str, str]:
    """Whose deletes wait, by e-mail: the numbers of the questions."""
    asked = office.hub.json("review", "list")["questions"]
    return {question["label"]: question["id"] for question in asked if question["kind"] == "delete"}


def test_half_a_table_is_missing_and_comes_back(tmp_path: Path) -> None:
    """An import broke the CRM's table: half its rows are gone. Nothing is written anywhere, in no run, until the table
    is whole again; then the queue is empty and nothing has to be done."""
    office = _office(tmp_path)
    lost = office["crm"].ask("SELECT * FROM people WHERE id <= 12")
    office["crm"].remove(*EVERYBODY[:12])
    office["crm"].edit(EVERYBODY[20], job_title="CEO")
    for _night in range(2):
        stopped = office.hub.json("sync", code=3)["runs"][0]
        assert "shop: 12 deletes planned, 1 allowed" in stopped["problem"]
        assert "synchub review list" in stopped["problem"]
        assert (stopped["waits"]["review"], office["shop"].emails()) == (12, EVERYBODY)
        assert not office["shop"].row(EVERYBODY[20])["job_title"]

    for row in lost:
        office["crm"].ask("INSERT INTO people (id, changed_at, email) VALUES (?, ?, ?)", *list(row.values())[:3])
    done = office.hub.sync()
    assert [done["contacts.shop"][kind] for kind in ("created", "updated", "deleted")] == [0, 1, 0]
    assert (_queue(office), written(office.hub.sync())) == ({}, 0)


def test_deletes_are_decided_one_by_one_and_in_bulk(tmp_path: Path) -> None:
    """Five are gone. One is kept, one deleted, the rest put off: the run goes on. Then the rest is deleted in one go."""
    office = _office(tmp_path)
    gone, kept = EVERYBODY[:5], EVERYBODY[1]
    office["crm"].remove(*gone)
    office["crm"].edit(EVERYBODY[20], job_title="CEO")
    office.hub("sync", code=3)
    queue = _queue(office)
    assert sorted(queue) == gone
    listed = office.hub("review", "list").stdout
    assert "was deleted elsewhere. Should the hub delete row 1 of shop too?" in " ".join(listed.split())
    shown = office.hub("review", "show", queue[kept]).stdout
    assert "shop: 5 deletes planned, 1 allowed" in shown

    wrong = office.hub("review", "resolve", queue[kept], "perhaps", code=2).stderr
    assert "yes: the next run does so" in wrong
    office.hub("review", "resolve", queue[kept], "no", "--reason", "a customer")
    office.hub("review", "resolve", queue[gone[0]], "yes")
    assert "nobody is there" in office.hub("review", "resolve", "--all", "delete", "later", code=2).stderr
    office.hub("--yes", "review", "resolve", "--all", "delete", "later")
    done = office.hub.sync()
    assert [done["contacts.shop"][kind] for kind in ("updated", "deleted")] == [1, 1]
    assert sorted(_queue(office)) == gone[2:]

    other = office.hub("--yes", "review", "resolve", "--all", "delete", "yes", "--system", "crm", code=2).stderr
    assert "There is no open question about delete in crm." in other
    office.hub("--yes", "review", "resolve", "--all", "delete", "yes", "--system", "shop")
    assert office.hub.sync()["contacts.shop"]["deleted"] == 3
    assert office["shop"].emails() == [kept, *EVERYBODY[5:]]
    assert (_queue(office), written(office.hub.sync())) == ({}, 0)


def test_a_member_that_asks_before_each_delete(tmp_path: Path) -> None:
    """The shop wants to be asked: the run goes on without the two. One of them is edited in the shop and stays."""
    office = _office(tmp_path, confirm_deletes=True)
    office["crm"].remove(*EVERYBODY[:2])
    told = office.hub.json("sync")["runs"][0]
    assert told["state"] == "done"
    assert "shop: 2 deletes wait for an answer" in " ".join(told["notes"])
    assert sorted(_queue(office)) == EVERYBODY[:2]
    office["shop"].edit(EVERYBODY[0], job_title="CEO")
    assert office.hub.sync("--allow", "deletes=9")["contacts.shop"]["deleted"] == 0
    assert sorted(_queue(office)) == EVERYBODY[1:2]
    office.hub("--yes", "review", "resolve", "--all", "delete", "yes")
    assert office.hub.sync()["contacts.shop"]["deleted"] == 1
    assert office["shop"].emails() == [EVERYBODY[0], *EVERYBODY[2:]]
