"""The whole line on four systems: first sync, silence, edits everywhere, a conflict, an e-mail that becomes a note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from acceptance.command import written
from acceptance.company import Company, company
from servers.dovecot import Mailbox


@pytest.fixture
def acme(tmp_path: Path, mailbox: Mailbox) -> Iterator[Company]:
    with company(tmp_path, mailbox) as made:
        yield made


def test_a_plan_changes_nothing_anywhere(acme: Company) -> None:
    before = (acme.crm.contacts(), acme.shop("SELECT * FROM customers"), (acme.hub.folder / "leads.csv").read_text())

    told = acme.hub("plan").stdout

    assert "ann@lee.example" in told
    assert "Head of buying" in told
    assert "Buyer" in told
    assert (
        acme.crm.contacts(),
        acme.shop("SELECT * FROM customers"),
        (acme.hub.folder / "leads.csv").read_text(),
    ) == before


def test_the_first_sync_brings_all_into_agreement_and_the_second_writes_nothing(acme: Company) -> None:
    first = acme.hub.sync()
    everyone = {"ann@lee.example", "bea@ray.example", "cy@coe.example", "dan@dee.example"}

    assert {found["email"] for found in acme.crm.contacts().values()} == everyone
    assert {row[0] for row in acme.shop("SELECT lower(mail) FROM customers")} == everyone
    leads = (acme.hub.folder / "leads.csv").read_text()
    assert all(address.split("@")[0] in leads.lower() for address in everyone)
    assert acme.crm_contact("ann@lee.example")["jobtitle"] == "Buyer"
    assert acme.crm_contact("ann@lee.example")["city"] == "Berlin"
    assert len(acme.crm.notes_of(acme.crm_id("ann@lee.example"))) == 1
    assert written(first) == 8

    assert written(acme.hub.sync()) == 0
    assert acme.hub("plan", "--exit-code").stdout


def test_what_happened_is_exported_with_its_contact(acme: Company) -> None:
    acme.hub.sync()
    told = acme.hub.json("export", "tables")["export"]["tables"]
    tables = acme.hub.folder / "tables"
    contacts, events = (pl.read_parquet(tables / name / "*.parquet") for name in ("contact", "event"))
    assert (told["contact"], told["event"]) == (contacts.height, events.height) == (4, 1)
    both = events.join(contacts, on="hub_id")
    assert both.select("system", "email").rows() == [("mail", "ann@lee.example")]
    assert both["occurred_at"].null_count() == 0


def test_edits_in_every_direction(acme: Company) -> None:
    acme.hub.sync()
    acme.crm.edit(acme.crm_id("ann@lee.example"), phone="+4930999999", city="Bremen")
    acme.shop(
        "UPDATE customers SET job = 'CEO', town = 'Hamburg', changed_at = datetime('now', '+1 second') WHERE mail = 'ann@lee.example'"
    )
    leads = acme.hub.folder / "leads.csv"
    leads.write_text(leads.read_text() + "77,eve@eck.example,Eve,Eck,,Eck OHG,Kiel\n")
    acme.receive(2, "Bea Ray", "bea@ray.example", "A question")

    told = acme.hub.json("sync")

    ann = acme.crm_contact("ann@lee.example")
    shop = acme.shop("SELECT tel, job, town FROM customers WHERE mail = 'ann@lee.example'")[0]
    line = next(row for row in leads.read_text().splitlines() if "Ann" in row)
    assert ann["phone"] == "+4930999999" == shop[0]
    assert ann["jobtitle"] == "CEO" == shop[1]
    assert ann["city"] == shop[2]
    assert ann["city"] in line
    conflicts = [conflict for run in told["runs"] for conflict in run["conflicts"]]
    assert [conflict["field"] for conflict in conflicts] == ["city"]
    assert acme.crm_contact("eve@eck.example")["company"] == "Eck OHG"
    assert acme.shop("SELECT town FROM customers WHERE mail = 'eve@eck.example'") == [("Kiel",)]
    notes = acme.crm.notes_of(acme.crm_id("bea@ray.example"))
    assert len(notes) == 1
    assert "A question" in notes[0]["hs_note_body"]

    why = acme.hub("why", "contact", "ann@lee.example").stdout
    assert "Hamburg" in why
    assert "Bremen" in why
    assert written(acme.hub.sync()) == 0
