"""A real hub in a folder: two CSV files, a store in SQLite, and a clock that the test sets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from synchub.redact import Redactor
from synchub.run.hub import Hub
from synchub.run.opening import Opened, open_at
from synchub.run.told.explaining import explain
from synchub.run.work import OneByOne, Seams
from synchub.spec.options import RunOptions, Silent
from synchub.spec.reports import Explanation, FieldExplanation, RunReport

HUB = """
[hub]
name     = "test"
region   = "DE"
timezone = "Europe/Berlin"

[systems.shop]
connector = "spreadsheet"
path      = "customers.csv"
key       = "id"

[systems.fair]
connector = "spreadsheet"
path      = "leads.csv"
key       = "No"

[entities.contact]
match = { keys = ["email", "phone + last_name"] }
"""

SYNC = """
[syncs.contacts]
entity = "contact"

[syncs.contacts.members.shop]
stream  = "customers"
mapping = "shop"

[syncs.contacts.members.fair]
stream  = "leads"
mapping = "fair"
"""

SHOP = """
entity     = "contact"
key        = "id"
updated_at = "changed"

[fields]
email      = "mail"
first_name = "forename"
last_name  = "surname"
phone      = "tel"
city       = "town"
tags       = "labels"
"""

FAIR = """
entity = "contact"
key    = "No"

[fields]
email      = "Email"
first_name = "First"
last_name  = "Last"
phone      = "Phone"
city       = "City"
tags       = "Interests"
"""

CUSTOMERS = ("id", "mail", "forename", "surname", "tel", "town", "labels", "changed")
LEADS = ("No", "Email", "First", "Last", "Phone", "City", "Interests")
START = datetime(2026, 5, 1, 8, tzinfo=UTC)


@dataclass
class Office:
    """A hub's folder, and what people and the hub do in it."""

    folder: Path
    minutes: float = 0
    environ: dict[str, str] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor)
    bucket: int = 20_000

    def write(self, name: str, content: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return file

    def customers(self, *rows: dict[str, Any]) -> None:
        self._table("customers.csv", CUSTOMERS, rows)

    def leads(self, *rows: dict[str, Any]) -> None:
        self._table("leads.csv", LEADS, rows)

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def edit(self, name: str, place: int, **values: str) -> None:
        """Somebody changes cells of one row of a file."""
        rows = self.rows(name)
        rows[place] |= values
        self._table(name, tuple(rows[0]), tuple(rows))

    def _table(self, name: str, columns: tuple[str, ...], rows: tuple[dict[str, Any], ...]) -> None:
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, columns, restval="")
            table.writeheader()
            table.writerows(rows)

    def clock(self) -> datetime:
        return START + timedelta(minutes=self.minutes)

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        seams = Seams(clock=self.clock, executor=OneByOne(), bucket=self.bucket)
        hub = open_at(self.folder / "hub.toml", environ=self.environ, redactor=self.redactor, seams=seams)
        try:
            yield hub
        finally:
            hub.close()

    def sync(self, *, at: float, **options: Any) -> RunReport:
        """One run of all syncs at so many minutes after START. Returns the report of the last."""
        self.minutes = at
        with self.opened() as hub:
            return Hub(hub).sync((), RunOptions(**options), Silent())[-1]

    def set(self, key: str, *, at: float, **values: str) -> None:
        self.minutes = at
        with self.opened() as hub:
            Hub(hub).set("contact", key, values, reason="she called")

    def why(self, key: str) -> Explanation:
        with self.opened() as hub:
            return explain(hub, "contact", key)

    def why_field(self, key: str, name: str) -> FieldExplanation:
        return next(found for found in self.why(key).fields if found.field == name)


def furnished(folder: Path) -> Office:
    """A hub that has not run yet: Ann is in both files, Bob at the fair alone."""
    made = Office(folder)
    made.write("hub.toml", HUB + SYNC)
    made.write("mappings/shop.toml", SHOP)
    made.write("mappings/fair.toml", FAIR)
    made.customers(
        {
            "id": 1,
            "mail": "Ann@Acme.com",
            "forename": "Ann",
            "surname": "Lee",
            "tel": "030 1234567",
            "town": "Berlin",
            "changed": "2026-04-01T10:00:00Z",
        }
    )
    made.leads(
        {"No": 7, "Email": "ann@acme.com", "First": "Ann", "Last": "Lee", "City": "Bonn"},
        {"No": 8, "Email": "bob@acme.com", "First": "Bob", "Last": "Ray", "Phone": "0221 7654321"},
    )
    return made


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return furnished(tmp_path)
