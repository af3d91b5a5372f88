"""Real people in three systems: a spreadsheet, a database file and a database server, each with its own columns and formats.

Who is who in truth (`cluster`) stays with the tests; no system ever holds it.
"""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import psycopg
from acceptance.command import Hub

DATA = Path(__file__).parents[1] / "data"
SYSTEMS = ("sheet", "shop", "office")

HUB = """
[hub]
name     = "people"
timezone = "Australia/Sydney"
region   = "AU"

[systems.sheet]
connector = "spreadsheet"
path      = "people.csv"
key       = "No"

[systems.shop]
connector = "sql"
url       = "sqlite:///shop.db"

[systems.office]
connector = "sql"
url       = "env:OFFICE_URL"

[entities.contact]
match = {{ keys = {keys} }}

[entities.contact.fields]
national_id = "text"

[syncs.people]
entity = "contact"

[syncs.people.members.sheet]
stream  = "people"
mapping = "sheet"

[syncs.people.members.shop]
stream  = "customers"
mapping = "shop"

[syncs.people.members.office]
stream  = "persons"
mapping = "office"
"""

SHEET = """
entity = "contact"
key    = "No"

[fields]
email       = "E-Mail"
first_name  = "First name"
last_name   = "Last name"
street      = "Street"
city        = "Town"
postal_code = "Postcode"
birthday    = {{ native = "Born", format = "{born}" }}
national_id = "National ID"
"""

SHOP = """
entity = "contact"
key    = "number"

[fields]
email       = "mail"
first_name  = "forename"
last_name   = "surname"
street      = "address"
city        = "place"
postal_code = "zip"
birthday    = "birth"
national_id = "nid"
"""

OFFICE = """
entity = "contact"
key    = "id"

[fields]
email       = "email_address"
first_name  = "given"
last_name   = "family"
street      = "street"
city        = "suburb"
postal_code = "post_code"
birthday    = { native = "dob", format = "%Y%m%d" }
national_id = "person_number"
"""

COLUMNS = {
    "sheet": ("No", "E-Mail", "First name", "Last name", "Street", "Town", "Postcode", "Born", "National ID"),
    "shop": ("number", "mail", "forename", "surname", "address", "place", "zip", "birth", "nid"),
    "office": ("id", "email_address", "given", "family", "street", "suburb", "post_code", "dob", "person_number"),
}
"""The same columns in the same order, as each system calls them."""


@dataclass(frozen=True)
class Truth:
    """A row of the data: who it is in truth, and in which system it was put under which number."""

    cluster: str
    system: str
    number: int
    row: dict[str, str]

    @property
    def link(self) -> str:
        return f"{self.system}:{self.number}"


@dataclass
class People:
    """The three systems, the hub over them, and the truth."""

    hub: Hub
    office_url: str
    truth: list[Truth]

    def shop(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask or tell the shop's database."""
        with closing(sqlite3.connect(self.hub.folder / "shop.db")) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def office(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask or tell the office's database."""
        with psycopg.connect(self.office_url.replace("+psycopg", "")) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def sheet(self) -> dict[str, dict[str, str]]:
        """The lines of the spreadsheet by their number."""
        with (self.hub.folder / "people.csv").open(encoding="utf-8", newline="") as file:
            return {line["No"]: line for line in csv.DictReader(file)}

    def write_sheet(self, lines: Sequence[dict[str, str]]) -> None:
        """Write the spreadsheet anew, as a spreadsheet program does."""
        with (self.hub.folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS["sheet"])
            writer.writeheader()
            writer.writerows(lines)

    def rows(self, system: str) -> list[tuple[Any, ...]]:
        """All that a system holds, in the order of COLUMNS."""
        if system == "sheet":
            return [tuple(line.values()) for line in self.sheet().values()]
        listed = ", ".join(COLUMNS[system])
        return (
            self.shop(f"SELECT {listed} FROM customers")
            if system == "shop"
            else self.office(f"SELECT {listed} FROM persons")
        )

    def linked(self) -> dict[str, int]:
        """Which record the hub has linked each row to, as the store has it: "shop:17" to the record's number."""
        with closing(sqlite3.connect(self.hub.folder / "hub.db")) as store:
            found = store.execute(
                "SELECT m.system || ':' || l.remote_id, l.record FROM link l JOIN member m ON m.id = l.member WHERE l.tomb IS NULL"
            ).fetchall()
        return dict(found)


def read(name: str) -> list[dict[str, str]]:
    """The rows of a file in tests/data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def spread(rows: Sequence[dict[str, str]]) -> list[Truth]:
    """Give every row a system, the copies of one person to different ones in turn; and a number of its own there."""
    copies: Counter[str] = Counter()
    numbers = dict.fromkeys(SYSTEMS, 0)
    told = []
    for row in rows:
        cluster = row["cluster"]
        start = sum(cluster.encode())
        system = SYSTEMS[(start + copies[cluster]) % len(SYSTEMS)]
        copies[cluster] += 1
        numbers[system] += 1
        told.append(Truth(cluster, system, numbers[system], row))
    return told


def pairs(groups: Sequence[Sequence[str]]) -> set[frozenset[str]]:
    """All pairs within groups."""
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def date(text: str, form: str) -> str:
    """A birthday as a system writes it, cut from the eight digits: a false one stays false."""
    digits = text.replace("-", "")
    return form.replace("%Y", digits[:4]).replace("%m", digits[4:6]).replace("%d", digits[6:]) if digits else ""


def native(truth: Truth, form: str) -> tuple[str | int | None, ...]:
    """A row as its system holds it."""
    row = truth.row
    street = " ".join(part for part in (row["street_number"], row["address"]) if part)
    values = (
        row["email"],
        row["given_name"],
        row["surname"],
        street,
        row["city"],
        row["postcode"],
        date(row["dob"], form),
        row["national_id"],
    )
    return (truth.number, *(value or None for value in values))


def settle_in(
    folder: Path, office_url: str, truth: Sequence[Truth], *, keys: Sequence[str], born: str = "%d.%m.%Y"
) -> People:
    """Write the three systems and the hub over them. `born`: the format that the spreadsheet's mapping is told."""
    people = People(Hub(folder, {"OFFICE_URL": office_url}), office_url, list(truth))
    listed = "[" + ", ".join(f'"{key}"' for key in keys) + "]"
    people.hub.write("hub.toml", HUB.format(keys=listed))
    for name, text in (("sheet", SHEET.format(born=born)), ("shop", SHOP.format()), ("office", OFFICE)):
        people.hub.write(f"mappings/{name}.toml", text)
    own = {system: [one for one in truth if one.system == system] for system in SYSTEMS}
    people.write_sheet(
        [dict(zip(COLUMNS["sheet"], map(_text, native(one, "%d.%m.%Y")), strict=True)) for one in own["sheet"]]
    )
    columns = ", ".join(f"{name} TEXT" for name in COLUMNS["shop"][1:])
    with closing(sqlite3.connect(folder / "shop.db")) as shop, shop:
        shop.execute(f"CREATE TABLE customers (number INTEGER PRIMARY KEY, {columns})")
        shop.executemany(
            f"INSERT INTO customers VALUES ({', '.join('?' * 9)})", [native(one, "%Y-%m-%d") for one in own["shop"]]
        )
    columns = ", ".join(f"{name} TEXT" for name in COLUMNS["office"][1:])
    with psycopg.connect(office_url.replace("+psycopg", "")) as office:
        office.execute(f"CREATE TABLE persons (id INTEGER PRIMARY KEY, {columns})".encode())
        with office.cursor().copy("COPY persons FROM STDIN") as copy:
            for one in own["office"]:
                copy.write_row(native(one, "%Y%m%d"))
        office.execute(f"CREATE SEQUENCE persons_id START {len(own['office']) + 1} OWNED BY persons.id".encode())
        office.execute(b"ALTER TABLE persons ALTER id SET DEFAULT nextval('persons_id')")
    return people


def _text(value: object) -> str:
    return "" if value is None else str(value)
