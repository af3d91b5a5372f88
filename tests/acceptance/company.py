"""A company with four systems that disagree: a spreadsheet, a database, a CRM over HTTP and a mailbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acceptance.command import Hub
from servers.dovecot import Mailbox

from synchub.testing.crm import StandInCrm

HUB = """
[hub]
name     = "acme"
timezone = "Europe/Berlin"
region   = "DE"

[systems.crm]
connector = "hubspot"
token     = "env:CRM_TOKEN"
url       = "{crm}"

[systems.shop]
connector = "sql"
url       = "env:SHOP_URL"

[systems.fair]
connector = "spreadsheet"
path      = "leads.csv"
key       = "No"

[systems.mail]
connector     = "email"
host          = "{host}"
port          = {port}
user          = "{user}"
password      = "env:MAIL_PASSWORD"
security      = "none"
own_addresses = ["sales@acme.example"]

[entities.contact]
match = {{ keys = ["email", "phone + last_name"] }}

[entities.contact.rules]
job_title = ["prefer shop", "newest"]

[syncs.contacts]
entity = "contact"

[syncs.contacts.members.crm]
stream  = "contacts"
mapping = "crm"

[syncs.contacts.members.shop]
stream  = "customers"
mapping = "shop"

[syncs.contacts.members.fair]
stream  = "leads"
mapping = "fair"

[syncs.contacts.members.people]
system    = "mail"
stream    = "correspondents"
mapping   = "mail-correspondents"
direction = "in"

[syncs.activity]
entity = "event"

[syncs.activity.members.mail]
stream    = "messages"
mapping   = "mail-messages"
direction = "in"

[syncs.activity.members.crm]
stream    = "notes"
mapping   = "hubspot-notes"
direction = "out"
"""

CRM = """
entity     = "contact"
key        = "hs_object_id"
updated_at = "lastmodifieddate"

[fields]
hub_id     = "synchub_id"
email      = "email"
first_name = "firstname"
last_name  = "lastname"
phone      = "phone"
job_title  = "jobtitle"
company    = "company"
city       = "city"
"""

SHOP = """
entity     = "contact"
key        = "id"
updated_at = "changed_at"

[fields]
email      = "mail"
first_name = "forename"
last_name  = "surname"
phone      = "tel"
job_title  = "job"
city       = "town"
"""

FAIR = """
entity = "contact"
key    = "No"

[fields]
email      = "E-Mail"
first_name = "First"
last_name  = "Last"
phone      = "Phone"
company    = "Company"
city       = "City"
"""

TABLE = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, mail TEXT, forename TEXT, surname TEXT, tel TEXT, job TEXT, town TEXT, changed_at TIMESTAMP)
"""

MAIL = (
    "Message-ID: <{number}@customer.example>\r\nDate: {date}\r\nFrom: {name} <{sender}>\r\n"
    "To: sales@acme.example\r\nSubject: {subject}\r\n\r\nHello\r\n"
)


@dataclass
class Company:
    """The four systems, and the hub over them."""

    hub: Hub
    crm: StandInCrm
    mailbox: Mailbox
    database: Path

    def shop(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask or tell the shop's database."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def receive(
        self, number: int, name: str, sender: str, subject: str, date: str = "Fri, 20 Nov 2026 10:00:00 +0100"
    ) -> None:
        """A customer writes."""
        self.mailbox.deliver(MAIL.format(number=number, name=name, sender=sender, subject=subject, date=date).encode())

    def crm_contact(self, email: str) -> dict[str, str]:
        return next(found for found in self.crm.contacts().values() if found.get("email") == email)

    def crm_id(self, email: str) -> str:
        return next(number for number, found in self.crm.contacts().items() if found.get("email") == email)


@contextmanager
def company(folder: Path, mailbox: Mailbox) -> Iterator[Company]:
    """Set the company up: each system knows some of its people."""
    with StandInCrm() as crm:
        hub = Hub(folder, {"CRM_TOKEN": crm.token, "SHOP_URL": "sqlite:///shop.db", "MAIL_PASSWORD": mailbox.password})
        hub.write("hub.toml", HUB.format(crm=crm.url, host=mailbox.host, port=mailbox.port, user=mailbox.user))
        for name, text in (("crm", CRM), ("shop", SHOP), ("fair", FAIR)):
            hub.write(f"mappings/{name}.toml", text)
        hub.write(
            "leads.csv",
            "No,E-Mail,First,Last,Phone,Company,City\n1,Ann@Lee.example,Ann,Lee,030 1234567,Lee KG,Berlin\n2,dan@dee.example,Dan,Dee,,Dee AG,Bonn\n",
        )
        acme = Company(hub, crm, mailbox, folder / "shop.db")
        acme.shop(TABLE)
        for row in (
            ("ann@lee.example", "Ann", "Lee", "+49 30 1234567", "Buyer", "Berlin"),
            ("cy@coe.example", "Cy", "Coe", None, "CTO", "Ulm"),
        ):
            acme.shop(
                "INSERT INTO customers (mail, forename, surname, tel, job, town, changed_at) VALUES (?,?,?,?,?,?, '2026-11-01T10:00:00')",
                *row,
            )
        crm.create_contact(email="ann@lee.example", firstname="Ann", lastname="Lee", jobtitle="Head of buying")
        crm.create_contact(email="bea@ray.example", firstname="Bea", lastname="Ray", phone="+49891234567", city="Hof")
        acme.receive(1, "Ann Lee", "ann@lee.example", "Your offer")
        yield acme
