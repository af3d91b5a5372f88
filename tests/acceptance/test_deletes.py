"""What is deleted, what only looks deleted, what is never made again, and what comes back."""

from __future__ import annotations

from pathlib import Path

import psycopg
from acceptance.command import written
from acceptance.office import ANN, BOB, Foreign, Office, hubspot

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "job_title": "TEXT", "opted_out": "BOOLEAN"}


def test_each_system_does_about_a_delete_what_its_member_says(tmp_path: Path) -> None:
    """Ann is deleted in the CRM: the shop deletes her, HubSpot archives her, the fair keeps her; nobody makes
    her again, not even when she is edited at the fair."""
    with StandInCrm() as hs:
        office = Office(
            tmp_path,
            COLUMNS,
            systems=("crm", "shop", "fair", "hs"),
            lists=("fair",),
            foreign={"hs": hubspot(hs, "job_title")},
            members={
                "shop": {"on_delete": "propagate"},
                "hs": {"on_delete": "archive"},
                "crm": {"on_delete": "propagate"},
            },
        )
        office.hub.environ["CRM_TOKEN"] = hs.token
        for email in (ANN, BOB):
            office["crm"].add(email=email, job_title="CEO")
        office.hub("sync")
        office["crm"].remove(ANN)
        done = office.hub.sync()
        assert [done[f"contacts.{name}"]["deleted"] for name in ("crm", "shop", "fair", "hs")] == [0, 1, 0, 1]
        assert office["shop"].emails() == [BOB]
        assert [found["email"] for found in hs.contacts().values()] == [BOB]
        assert [found["email"] for found in hs.contacts(archived=True).values()] == [ANN]

        office.sheets["fair"].edit(ANN, job_title="CTO")
        assert written(office.hub.sync()) == 0
        assert (office["crm"].emails(), office["shop"].emails(), office.sheets["fair"].emails()) == (
            [BOB],
            [BOB],
            [ANN, BOB],
        )
        assert [found["email"] for found in hs.contacts().values()] == [BOB]


def test_a_list_that_comes_back_empty_or_broken_deletes_nobody(tmp_path: Path) -> None:
    """First a line of the fair's list is broken while another is missing; then somebody saves it with nothing
    but its header: nobody is deleted, and the run says how to let it through if it is true."""
    office = Office(
        tmp_path,
        COLUMNS,
        systems=("shop", "fair"),
        lists=("fair",),
        members={"shop": {"on_delete": "propagate"}},
    )
    office.sheets["fair"].add(email=ANN)
    office.sheets["fair"].add(email=BOB)
    office.hub("sync")
    whole = office.sheets["fair"].file.read_text()
    header, _, bob = whole.splitlines()
    office.sheets["fair"].file.write_text(f"{header}\n{bob},,,,too many\n")
    office.hub("sync")
    assert office["shop"].emails() == [ANN, BOB]

    office.sheets["fair"].file.write_text(f"{header}\n")
    told = office.hub("sync").stdout
    assert "--allow deletes=2" in told
    assert office["shop"].emails() == [ANN, BOB]

    office.hub("sync", "--allow", "deletes=2")
    assert office["shop"].emails() == []


def test_a_read_that_breaks_off_deletes_nobody(tmp_path: Path) -> None:
    """HubSpot gives up in the middle of its list: what was not seen is not gone. The run says that it is
    incomplete."""
    with StandInCrm() as hs:
        office = Office(
            tmp_path,
            COLUMNS,
            systems=("shop", "hs"),
            foreign={"hs": hubspot(hs, "job_title")},
            members={"shop": {"on_delete": "propagate"}},
        )
        office.hub.environ["CRM_TOKEN"] = hs.token
        for email in (ANN, BOB, "cy@coe.example"):
            hs.create_contact(email=email)
        office.hub("sync")
        hs.cap_pages(1)
        hs.meanwhile("/objects/contacts", lambda: None)
        hs.meanwhile("/objects/contacts", hs.revoke_token)
        broken = office.hub.sync("--full", code=1)
        assert (broken["contacts.hs"]["read"], broken["contacts.hs"]["full"]) == (1, False)
        assert "refused the credentials" in broken["contacts.hs"]["problem"]
        assert len(office["shop"].emails()) == 3
        hs.accept_token(hs.token)
        hs.archive(next(number for number, found in hs.contacts().items() if found["email"] == ANN))
        office.hub("sync", "--full")
        assert office["shop"].emails() == [BOB, "cy@coe.example"]


def test_an_edit_beats_a_delete_that_is_not_carried_out_yet(tmp_path: Path) -> None:
    """Ann is deleted in the CRM while the shop works on her: the fair's system, which would follow, keeps her
    and is updated. The CRM does not get her back."""
    office = Office(
        tmp_path,
        COLUMNS,
        systems=("crm", "shop", "club"),
        members={"club": {"on_delete": "propagate"}, "shop": {"on_delete": "propagate"}},
    )
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO")
    office.hub("sync")
    office["crm"].remove(ANN)
    office["shop"].edit(ANN, job_title="CTO")
    done = office.hub.sync()
    assert (written(done), done["contacts.club"]["updated"]) == (1, 1)
    assert office.both("job_title", ANN, between=("shop", "club")) == ["CTO", "CTO"]
    assert written(office.hub.sync()) == 0
    assert office["crm"].emails() == [BOB]


def test_who_is_deleted_everywhere_is_left_alone_and_comes_back_with_the_opt_out(tmp_path: Path) -> None:
    """Ann, opted out, is deleted in both systems: a system that joins later does not get her. When she enters
    herself again, her opt-out is still known, her old job is not."""
    office = Office(tmp_path, COLUMNS)
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO", opted_out=int(email == ANN))
    office.hub("sync")
    office["crm"].remove(ANN)
    office["shop"].remove(ANN)
    office.join("club")
    office.hub("sync", "--accept", "club")
    assert office["club"].emails() == [BOB]
    assert "No system holds it any more" in office.hub("why", "contact", ANN).stdout

    office["shop"].add(email=ANN, opted_out=0)
    office.hub("sync")
    office.hub("sync")
    assert office["shop"].row(ANN)["opted_out"] == 1
    assert not office["shop"].row(ANN)["job_title"]
    assert (office["club"].row(ANN)["opted_out"], office["club"].row(ANN)["job_title"] or "") == (1, "")
    assert office["crm"].emails() == [BOB]


def test_a_row_that_is_there_again_takes_the_delete_back(tmp_path: Path) -> None:
    """Ann's row is deleted in the CRM, which the shop ignores, and put back from a backup under its
    old id."""
    office = Office(tmp_path, COLUMNS)
    for email in (ANN, BOB):
        office["crm"].add(email=email, job_title="CEO")
    office.hub("sync")
    kept = office["crm"].row(ANN)
    office["crm"].remove(ANN)
    office.hub("sync")
    office["crm"].ask("INSERT INTO people (id, email, job_title) VALUES (?, ?, ?)", kept["id"], ANN, "CEO")
    office["shop"].edit(ANN, job_title="CTO")
    office.hub("sync")
    assert office.both("job_title") == ["CTO", "CTO"]
    links = office.hub.json("why", "contact", ANN)["explanation"]["links"]
    assert [link["state"] for link in links] == ["live", "live"]


def test_who_is_edited_just_before_being_archived_is_kept(tmp_path: Path) -> None:
    """Ann is deleted in the shop. Between the hub's look at HubSpot and its writing there, somebody edits
    her: she is not archived, and the next run sees the edit and lets her be."""
    with StandInCrm() as hs:
        office = Office(
            tmp_path,
            COLUMNS,
            systems=("shop", "hs"),
            foreign={"hs": hubspot(hs, "job_title")},
            members={"hs": {"on_delete": "archive"}},
        )
        office.hub.environ["CRM_TOKEN"] = hs.token
        for email in (ANN, BOB):
            office["shop"].add(email=email, job_title="CEO")
        office.hub("sync")
        number = next(number for number, found in hs.contacts().items() if found["email"] == ANN)
        office["shop"].remove(ANN)
        hs.meanwhile("/contacts/batch/read", lambda: hs.edit(number, jobtitle="CTO"))
        done = office.hub.json("sync")["runs"][0]
        assert sum(member["deleted"] for member in done["members"]) == 0
        assert "changed there meanwhile" in " ".join(done["notes"])
        assert written(office.hub.sync()) == 0
        assert hs.contacts()[number]["jobtitle"] == "CTO"
        assert office["shop"].emails() == [BOB]


def test_a_delete_that_is_refused_stops_nobody_else(tmp_path: Path, postgresql_database: str) -> None:
    """Ann has an order in the shop, whose database keeps who has one: everybody else is written, a person is
    asked, and the hub does not try again by itself."""
    shop = Foreign(
        {"connector": "sql", "url": "env:SHOP_URL"},
        "people",
        'entity = "contact"\nkey = "id"\n[fields]\nemail = "email"\njob_title = "job_title"\n',
    )
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as database:
        database.execute("CREATE TABLE people (id SERIAL PRIMARY KEY, email TEXT UNIQUE, job_title TEXT)")
        database.execute("CREATE TABLE orders (id SERIAL PRIMARY KEY, buyer INTEGER NOT NULL REFERENCES people)")
        office = Office(
            tmp_path,
            COLUMNS,
            systems=("crm", "shop"),
            foreign={"shop": shop},
            members={"shop": {"on_delete": "propagate"}},
        )
        office.hub.environ["SHOP_URL"] = postgresql_database
        for email in (ANN, BOB, "cy@coe.example"):
            office["crm"].add(email=email, job_title="CEO")
        office.hub("sync")
        database.execute("INSERT INTO orders (buyer) SELECT id FROM people WHERE email = %s", [ANN])
        office["crm"].remove(ANN, BOB)
        office["crm"].edit("cy@coe.example", job_title="CTO")
        done = office.hub.sync(code=1)
        assert [done["contacts.shop"][kind] for kind in ("updated", "deleted", "failed")] == [1, 1, 1]
        assert database.execute("SELECT email, job_title FROM people ORDER BY email").fetchall() == [
            (ANN, "CEO"),
            ("cy@coe.example", "CTO"),
        ]
        (question,) = office.hub.json("review", "list")["questions"]
        assert "orders" in question["question"]
        again = office.hub.sync()
        assert (written(again), again["contacts.shop"]["failed"]) == (0, 0)

        database.execute("DELETE FROM orders")
        office.hub("review", "resolve", question["id"], "retry")
        office.hub("sync")
        assert database.execute("SELECT email FROM people").fetchall() == [("cy@coe.example",)]
