"""The guard: what is too much is stopped before the first write, and let through once by a person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from acceptance.command import written
from acceptance.office import ANN, BOB, Office

COLUMNS = {"email": "TEXT", "job_title": "TEXT"}


def _held(office: Office) -> list[Any]:
    return [office[system].rows() for system in office.systems]


def test_too_many_deletes_are_let_through_once(tmp_path: Path) -> None:
    """Three of forty are gone in the CRM, more than five percent: nothing at all is written, nobody new
    either. A person lets it through; the next three are stopped again."""
    office = Office(tmp_path, COLUMNS, members={"shop": {"on_delete": "propagate"}})
    emails = [f"person{number:02}@firm.example" for number in range(40)]
    for email in emails:
        office["crm"].add(email=email)
    office.hub("sync")
    office["crm"].remove(*emails[:3])
    office["crm"].add(email=ANN)
    office["crm"].edit(emails[5], job_title="CEO")
    before = _held(office)
    stopped = office.hub.json("sync", code=3)["runs"][0]
    assert stopped["state"] == "stopped"
    assert "shop: 3 deletes planned, 2 allowed" in stopped["problem"]
    assert "--allow deletes=3" in stopped["problem"]
    assert _held(office) == before

    planned = office.hub.json("plan")["plans"][0]
    assert planned["guard"] == ["shop: 3 deletes planned, 2 allowed"]
    done = office.hub.sync("--allow", "deletes=3")
    assert [done["contacts.shop"][kind] for kind in ("created", "updated", "deleted")] == [1, 1, 3]

    office["crm"].remove(*emails[10:13])
    office.hub("sync", code=3)
    assert len(office["shop"].rows()) == 38


def test_limits_on_creates_and_updates(tmp_path: Path) -> None:
    """The shop takes one new person a run, so the very first sync is stopped; later it takes one update a
    run."""
    office = Office(tmp_path, COLUMNS, members={"shop": {"limits": {"creates": 1}}})
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO")
    refused = office.hub("sync", code=3)
    assert "2 creates planned, 1 allowed" in refused.stdout + refused.stderr
    assert office["shop"].rows() == []
    office.hub("sync", "--allow", "creates=2")
    assert office["shop"].emails() == [ANN, BOB]

    office.members["shop"] = {"limits": {"updates": 1}}
    office.settle()
    for email in (ANN, BOB):
        office["crm"].edit(email, job_title="CTO")
    office.hub("sync", code=3)
    assert office.both("job_title", ANN) == ["CTO", "CEO"]
    office.hub("sync", "--allow", "updates=2")
    assert office.both("job_title", ANN) == ["CTO", "CTO"]


def test_the_command_that_is_advised_lets_it_through(tmp_path: Path) -> None:
    """Several members go over several limits: what the message says to run is enough for all of them."""
    strict = {"on_delete": "propagate", "limits": {"deletes": 0, "creates": 0}}
    office = Office(
        tmp_path,
        COLUMNS,
        systems=("crm", "shop", "club"),
        members={"shop": strict, "club": {**strict, "create": False}},
    )
    for email in (ANN, BOB, "cy@coe.example"):
        office["crm"].add(email=email)
    office["club"].add(email=ANN)
    office.hub("sync", "--allow", "creates=3")
    office["crm"].remove(ANN, BOB)
    office["crm"].add(email="eve@eck.example")
    stopped = office.hub.json("sync", code=3)["runs"][0]["problem"]
    advised = re.findall(r"synchub (sync [^`]*--allow[^`]*)`", stopped)
    assert len(advised) == 1
    office.hub(*advised[0].split())
    assert (office["shop"].emails(), office["club"].emails()) == (["cy@coe.example", "eve@eck.example"], [])


def test_a_changed_rule_that_would_rewrite_everything_is_stopped(tmp_path: Path) -> None:
    """--recompute applies a changed rule to all that was said, under the same limits. Who lets it be after
    that has nothing hanging over."""
    office = Office(tmp_path, COLUMNS, members={"crm": {"limits": {"updates": 1}}})
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO")
        office["shop"].add(email=email, at="2020-01-01", job_title="Clerk")
    office.hub("sync")
    office.rules["job_title"] = "oldest"
    office.settle()
    assert written(office.hub.sync()) == 0
    assert office.hub.json("plan", "--recompute")["plans"][0]["recomputed"] == 4
    stopped = office.hub.json("sync", "--recompute", code=3)["runs"][0]["problem"]
    assert "synchub plan contacts --recompute`" in stopped
    assert "synchub sync contacts --recompute --allow updates=2" in stopped
    assert written(office.hub.sync()) == 0
    assert office.both("job_title") == ["CEO", "CEO"]
    office.hub("sync", "--recompute", "--allow", "updates=2")
    assert office.both("job_title", ANN) == office.both("job_title", BOB) == ["Clerk", "Clerk"]


def test_a_new_member_is_planned_and_waits_to_be_accepted(tmp_path: Path) -> None:
    """The club joins a sync that has run before: its people are taken in, but it is written only once it is
    accepted. Its limits stop nobody until then."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, job_title="CEO")
    office.hub("sync")
    office.join("club", limits={"creates": 0}).add(email=BOB)
    planned = {member["member"]: member for member in office.hub.json("plan")["plans"][0]["members"]}
    assert (
        planned["club"]["creates"],
        planned["club"]["needs_acceptance"],
        planned["shop"]["needs_acceptance"],
    ) == (1, True, False)
    done = office.hub.sync()
    assert (done["contacts.club"]["created"], done["contacts.shop"]["created"]) == (0, 1)
    assert office["club"].emails() == [BOB]
    assert office.hub.json("status")["status"]["waits"]["acceptance"] == ["club"]

    office["crm"].edit(ANN, job_title="CTO")
    assert "no member clbu" in office.hub("sync", "--accept", "clbu", code=2).stderr
    assert [run["state"] for run in office.hub.json("runs")["runs"]] == ["done", "done"]
    office.hub("sync", "--accept", "club", code=3)
    office.hub("sync", "--accept", "club", "--allow", "creates=1")
    assert office["club"].row(ANN)["job_title"] == "CTO"
    office["crm"].edit(ANN, job_title="Chair")
    office.hub("sync")
    assert office["club"].row(ANN)["job_title"] == "Chair"
