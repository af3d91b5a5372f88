"""Somebody edits a row after the last look at it and before it is written: built-in connectors refuse in the same step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import pytest
from unit.run.conftest import HUB, SHOP, SYNC, Office

from synchub.api import Connector, Key, Row
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.run.work import OneByOne, Seams
from synchub.spec.options import RunOptions, Silent
from synchub.spec.reports import RunReport

ANN, BOB = "ann@acme.com", "bob@acme.com"
DATABASE = HUB.replace(
    'connector = "spreadsheet"\npath      = "customers.csv"\nkey       = "id"',
    'connector = "sql"\nurl = "sqlite:///shop.db"',
)
Edit = Callable[[str], None]
Held = Callable[[], dict[str, str]]


class Asked:
    """Stands before a connector and notes what it is asked for. What is written reaches it as it is."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.keys: list[Key] = []

    def lookup(self, stream: str, keys: Sequence[Key]) -> Sequence[Row]:
        self.keys += keys
        found: Sequence[Row] = self._connector.lookup(stream, keys)  # type: ignore[attr-defined]
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)


def sync(
    office: Office, *, at: float, when: str = "", then: Callable[[], None] = lambda: None
) -> tuple[RunReport, Asked]:
    """A run in which somebody does something `when` it comes to a point; and what the shop was asked for."""
    office.minutes = at

    def reached(point: str) -> None:
        if point == when:
            then()

    seams = Seams(clock=office.clock, executor=OneByOne(), crash=reached)
    hub = open_at(office.folder / "hub.toml", environ=office.environ, redactor=office.redactor, seams=seams)
    shop = Asked(hub.connector("shop"))
    hub.connectors["shop"] = shop  # type: ignore[assignment]
    try:
        return Hub(hub).sync((), RunOptions(), Silent())[-1], shop
    finally:
        hub.close()


def in_a_file(office: Office) -> tuple[Edit, Held]:
    def edit(city: str) -> None:
        office.edit("customers.csv", 0, town=city)

    return edit, lambda: {row["mail"].lower(): row["town"] for row in office.rows("customers.csv")}


def in_a_database(office: Office) -> tuple[Edit, Held]:
    office.write("hub.toml", DATABASE + SYNC)
    office.write("mappings/shop.toml", SHOP.replace('updated_at = "changed"\n', ""))
    file = office.folder / "shop.db"

    def run(statement: str, *values: str) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(file)) as database, database:
            return database.execute(statement, values).fetchall()

    run("CREATE TABLE customers (id INTEGER PRIMARY KEY, mail, forename, surname, tel, town TEXT, labels, changed)")
    run("INSERT INTO customers (id, mail, forename, surname, town) VALUES (1, 'ann@acme.com', 'Ann', 'Lee', 'Berlin')")
    return (
        lambda city: (run("UPDATE customers SET town = ? WHERE id = 1", city), None)[1],
        lambda: dict(run("SELECT lower(mail), town FROM customers")),
    )


@pytest.mark.parametrize("kind", [in_a_file, in_a_database])
def test_what_is_typed_while_the_hub_writes_is_not_overwritten(
    office: Office, kind: Callable[[Office], tuple[Edit, Held]]
):
    edit, held = kind(office)
    sync(office, at=0)
    office.edit("leads.csv", 0, City="Köln")
    report, _ = sync(office, at=10, when="journaled", then=lambda: edit("Ulm"))

    assert held()[ANN] == "Ulm"
    assert report.state == "done"
    assert (
        "shop: 1 record changed there meanwhile and was left as it is; the next sync decides about it" in report.notes
    )

    sync(office, at=20)
    city = office.why_field(ANN, "city")
    assert (held()[ANN], city.value) == ("Ulm", "Ulm")
    assert "Köln" in str(city)
    assert "Berlin" in str(city)


@pytest.mark.parametrize("kind", [in_a_file, in_a_database])
def test_rows_that_are_only_updated_are_not_looked_up_first(
    office: Office, kind: Callable[[Office], tuple[Edit, Held]]
):
    _, held = kind(office)
    sync(office, at=0)
    office.edit("leads.csv", 0, City="Köln")
    report, shop = sync(office, at=10)

    assert held()[ANN] == "Köln"
    assert [member.updated for member in report.members] == [1, 0]
    assert shop.keys == []
