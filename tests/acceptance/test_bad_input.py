"""What people and systems get wrong, seen from outside: what is told, what is not done, what to do next; and no secret in it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from acceptance.command import PROGRAM, Hub, written
from acceptance.company import FAIR, SHOP, TABLE

HUB = """
[hub]
name     = "acme"
timezone = "Europe/Berlin"
region   = "DE"

[systems.fair]
connector = "spreadsheet"
path      = "leads.csv"
key       = "No"

[systems.shop]
connector = "sql"
url       = "env:SHOP_URL"

[entities.contact]
match = { keys = ["email", "phone + last_name"] }

[syncs.contacts]
entity = "contact"

[syncs.contacts.members.fair]
stream  = "leads"
mapping = "fair"

[syncs.contacts.members.shop]
stream  = "customers"
mapping = "shop"
"""

CRM = """
[systems.crm]
connector = "hubspot"
token     = "{token}"

[syncs.contacts.members.crm]
stream  = "contacts"
mapping = "hubspot-contacts"
"""

LEADS = "No,E-Mail,First,Last,Phone,Company,City\n1,ann@lee.example,Ann,Lee,030 1234567,Lee KG,Berlin\n2,dan@dee.example,Dan,Dee,,Dee AG,Bonn\n"
SECRET = "pat-na1-0c5e-secret"


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A list from a fair and a shop's database that agree with hub.toml, before any sync."""
    made = Hub(tmp_path, {"SHOP_URL": "sqlite:///shop.db"})
    made.write("hub.toml", HUB)
    made.write("mappings/fair.toml", FAIR)
    made.write("mappings/shop.toml", SHOP)
    made.write("leads.csv", LEADS)
    shop(made, TABLE)
    row = "INSERT INTO customers (mail, forename, surname, tel, job, town, changed_at) VALUES (?, ?, ?, ?, ?, ?, '2026-11-01T10:00:00')"
    shop(made, row, "cy@coe.example", "Cy", "Coe", None, "CTO", "Ulm")
    return made


def shop(hub: Hub, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(hub.folder / "shop.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


def change(hub: Hub, name: str, before: str, after: str) -> None:
    text = (hub.folder / name).read_text()
    assert before in text
    hub.write(name, text.replace(before, after))


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """A refusal fit for somebody at night: what happened and what to do next, nothing on stdout."""
    for part in (*said, "Error: ", "Not done: Nothing was", "Next: "):
        assert part in done.stderr
    assert done.stdout == ""


def everything_told(hub: Hub, *arguments: str) -> str:
    """All that a command says when it is asked to say as much as it can."""
    done = subprocess.run(
        [PROGRAM, "-vv", "--debug", *arguments],
        cwd=hub.folder,
        env={**os.environ, **hub.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def untouched(hub: Hub, before: str = LEADS) -> None:
    assert (hub.folder / "leads.csv").read_text() == before
    assert shop(hub, "SELECT mail FROM customers") == [("cy@coe.example",)]


class TestSettings:
    def test_that_are_no_toml(self, hub: Hub) -> None:
        change(hub, "hub.toml", 'entity = "contact"', 'entity = "contact')

        refused(hub("sync", code=2), "hub.toml:20:18: this is not TOML")
        assert "hub.toml:20:18: this is not TOML" in hub("check", code=2).stdout
        untouched(hub)

    def test_a_mapping_that_is_no_toml(self, hub: Hub) -> None:
        change(hub, "mappings/shop.toml", '"mail"', "mail")

        refused(hub("sync", code=2), "mappings/shop.toml:7:14: this is not TOML")

    def test_an_unknown_key_is_named_with_the_one_that_was_meant(self, hub: Hub) -> None:
        hub.write("hub.toml", HUB + CRM.format(token="env:CRM_TOKEN").replace("token ", "tokn  "))

        told = hub("check", code=2).stdout

        assert "hub.toml:32:1: unknown key 'tokn': did you mean 'token'?" in told
        assert "hub.toml:30:10: 'token' is missing" in told
        refused(hub("sync", code=2), "hub.toml:32:1: unknown key 'tokn': did you mean 'token'?")

    def test_all_problems_are_told_at_once(self, hub: Hub) -> None:
        change(hub, "hub.toml", '"DE"', '"XX"')
        change(hub, "hub.toml", 'key       = "No"', 'kee       = "No"')
        change(hub, "mappings/fair.toml", "company ", "compny ")
        change(hub, "mappings/shop.toml", '"job"', '{ native = "job", transfrom = ["trim"] }')

        told = hub("check", code=2).stdout

        assert "4 problems" in told
        for line in (
            "hub.toml:5:12: unknown region 'XX'",
            "hub.toml:10:1: unknown key 'kee': did you mean 'key'?",
            "mappings/fair.toml:10:1: 'compny' is no field of contact: did you mean 'company'?",
            "mappings/shop.toml:11:32: unknown key 'transfrom': did you mean 'transform'?",
        ):
            assert line in told

    def test_a_mapping_to_a_column_that_is_not_there(self, hub: Hub) -> None:
        change(hub, "mappings/fair.toml", '"Company"', '"Compani"')

        told = hub("sync", code=2)

        assert "names Compani" in told.stderr
        assert "It has: No, E-Mail, First, Last, Phone, Company, City. Correct mappings/fair.toml." in told.stderr
        assert "mappings/fair.toml:10:14: fair/leads has no field 'Compani'" in hub("check", code=2).stdout
        untouched(hub)

    def test_a_column_that_is_gone_one_day_stops_its_own_system_only(self, hub: Hub) -> None:
        hub.sync()
        change(hub, "leads.csv", "Company,", "Firma,")
        shop(hub, "INSERT INTO customers (mail, forename) VALUES ('eve@eck.example', 'Eve')")

        told = hub.json("sync", code=1)["runs"][0]

        assert told["state"] == "incomplete"
        problems = {member["member"]: member["problem"] for member in told["members"]}
        assert "no such field" in problems["fair"]
        assert problems["shop"] == ""
        assert "contacts.fair: The mapping fair names Company" in hub("status").stdout

        change(hub, "leads.csv", "Firma,", "Company,")
        assert hub.sync()["contacts.fair"]["created"] == 1
        assert "eve@eck.example" in (hub.folder / "leads.csv").read_text()
        assert written(hub.sync()) == 0

    def test_a_stream_and_a_sync_that_are_not_there(self, hub: Hub) -> None:
        refused(hub("sync", "contakts", code=2), "There is no sync contakts. There is: contacts.")
        change(hub, "hub.toml", '"customers"', '"custommers"')

        told = hub("sync", code=2).stderr

        assert "The system shop has no stream custommers. It has: customers." in told
        assert "synchub streams shop" in told

    @pytest.mark.parametrize(
        "arguments", [("why", "contact", "x@y.example"), ("set", "contact", "x@y.example", "city=Ulm", "--reason", "r")]
    )
    def test_a_record_that_nobody_knows(self, hub: Hub, arguments: tuple[str, ...]) -> None:
        hub.sync()

        told = hub(*arguments, code=2).stderr

        assert "Error: No contact is known as x@y.example." in told
        assert "Next: Name it by a value of email" in told

    def test_one_sync_that_can_not_begin_does_not_keep_the_others_from_running(self, hub: Hub) -> None:
        hub.write("other.csv", "No,E-Mail\n")
        more = (
            HUB
            + '\n[systems.other]\nconnector = "spreadsheet"\npath = "other.csv"\nkey = "No"\n\n[syncs.a-broken]\nentity = "contact"\n'
        )
        hub.write("hub.toml", more + '\n[syncs.a-broken.members.other]\nstream = "gone"\nmapping = "fair"\n')

        told = {run["sync"]: run for run in hub.json("sync", code=2)["runs"]}

        assert told["contacts"]["state"] == "done"
        assert told["a-broken"]["state"] == "failed"
        assert "has no stream gone" in told["a-broken"]["problem"]
        assert "cy@coe.example" in (hub.folder / "leads.csv").read_text()


class TestFiles:
    def test_a_broken_row_is_set_aside_and_the_rest_goes_on(self, hub: Hub) -> None:
        change(hub, "leads.csv", "2,dan", '7,"eve@eck.example,Eve\n2,dan')
        assert hub.sync()["contacts.fair"]["quarantined"] == 1
        (cause,) = hub.json("quarantine", "list")["causes"]
        shown = hub("quarantine", "show", cause["example"]).stdout
        assert "A quote in it is not closed" in shown
        assert "leads.csv line 3" in shown
        assert '7,"eve@eck.example,Eve' in shown
        assert {row[0] for row in shop(hub, "SELECT mail FROM customers")} == {
            "cy@coe.example",
            "ann@lee.example",
            "dan@dee.example",
        }

        change(hub, "leads.csv", '7,"eve@eck.example,Eve\n', "7,eve@eck.example,Eve,Eck,,,\n")
        hub.sync()
        assert hub.json("quarantine", "list")["causes"] == []
        assert shop(hub, "SELECT forename FROM customers WHERE mail = 'eve@eck.example'") == [("Eve",)]
        assert written(hub.sync()) == 0

    def test_a_phone_number_that_can_not_be_one(self, hub: Hub) -> None:
        change(hub, "leads.csv", "030 1234567", "call me")
        hub.sync()

        (cause,) = hub.json("quarantine", "list")["causes"]
        shown = hub("quarantine", "show", cause["example"]).stdout
        assert "'call me' is not a phone number (region DE)" in shown
        assert shop(hub, "SELECT 1 FROM customers WHERE mail = 'ann@lee.example'") == []
        assert shop(hub, "SELECT 1 FROM customers WHERE mail = 'dan@dee.example'") == [(1,)]

        change(hub, "leads.csv", "call me", "030 1234567")
        hub.sync()
        assert hub.json("quarantine", "list")["causes"] == []
        assert shop(hub, "SELECT tel FROM customers WHERE mail = 'ann@lee.example'") == [("+49301234567",)]

    def test_a_date_that_can_not_be_one(self, hub: Hub) -> None:
        change(hub, "leads.csv", "City\n", "City,Born\n")
        change(hub, "leads.csv", "Berlin\n", "Berlin,31.02.1990\n")
        change(hub, "leads.csv", "Bonn\n", "Bonn,28.02.1990\n")
        change(
            hub,
            "mappings/fair.toml",
            "city       =",
            'birthday = { native = "Born", format = "%d.%m.%Y" }\ncity       =',
        )
        hub.sync()

        told = hub("quarantine", "list").stdout
        assert "1 row  fair/leads  birthday: not a date written as %d.%m.%Y" in told
        (cause,) = hub.json("quarantine", "list")["causes"]
        assert "'31.02.1990' is not a date" in hub("quarantine", "show", cause["example"]).stdout
        assert {row[0] for row in shop(hub, "SELECT mail FROM customers")} == {"cy@coe.example", "dan@dee.example"}

    def test_two_rows_with_one_key(self, hub: Hub) -> None:
        change(hub, "leads.csv", "2,dan", "1,dan")
        shop(hub, "INSERT INTO customers (mail, forename, surname) VALUES ('ann@lee.example', 'Ann', 'Lee')")
        hub.sync()

        (cause,) = hub.json("quarantine", "list")["causes"]
        shown = hub("quarantine", "show", cause["example"]).stdout
        assert "several rows have this key, and they differ" in shown
        assert "ann@lee.example" in shown
        assert "dan@dee.example" in shown
        leads = (hub.folder / "leads.csv").read_text()
        assert leads.count("ann@lee.example") == leads.count("dan@dee.example") == leads.count("cy@coe.example") == 1
        assert written(hub.sync()) == 0

        change(hub, "leads.csv", "1,dan", "9,dan")
        hub.sync()
        assert hub.json("quarantine", "list")["causes"] == []
        assert len(shop(hub, "SELECT 1 FROM customers")) == 3

    def test_a_second_row_under_a_key_that_is_known(self, hub: Hub) -> None:
        hub.sync()
        leads = hub.write("leads.csv", (hub.folder / "leads.csv").read_text() + "1,zoe@zee.example,Zoe,Lee,,,\n")
        hub.sync()

        assert "several rows have this key" in hub("quarantine", "list").stdout
        assert shop(hub, "SELECT forename FROM customers WHERE mail = 'ann@lee.example'") == [("Ann",)]
        assert shop(hub, "SELECT 1 FROM customers WHERE mail = 'zoe@zee.example'") == []
        assert leads.read_text().count("ann@lee.example") == 1

    def test_a_row_that_is_gone_waits_no_more(self, hub: Hub) -> None:
        change(hub, "leads.csv", "030 1234567", "call me")
        hub.sync()
        change(hub, "leads.csv", "1,ann@lee.example,Ann,Lee,call me,Lee KG,Berlin\n", "")
        hub.sync()

        assert hub.json("quarantine", "list")["causes"] == []
        assert hub.json("status")["status"]["waits"]["quarantine"] == 0

        hub.write(
            "leads.csv",
            (hub.folder / "leads.csv").read_text() + "1,ann@lee.example,Ann,Lee,030 1234567,Lee KG,Berlin\n",
        )
        hub.sync()
        assert shop(hub, "SELECT tel FROM customers WHERE mail = 'ann@lee.example'") == [("+49301234567",)]
        shop(
            hub, "UPDATE customers SET town = 'Bonn', changed_at = '2027-01-01T10:00:00' WHERE mail = 'ann@lee.example'"
        )
        hub.sync()
        assert "1,ann@lee.example,Ann,Lee,030 1234567,Lee KG,Bonn" in (hub.folder / "leads.csv").read_text()

    def test_a_row_that_was_let_go_stays_so_until_it_changes(self, hub: Hub) -> None:
        shop(hub, "UPDATE customers SET tel = 'call me'")
        hub.sync()
        hub("--yes", "quarantine", "discard", "--all", "--reason", "a test row")
        hub.sync("--full")
        assert hub.json("quarantine", "list")["causes"] == []

        shop(hub, "UPDATE customers SET tel = 'no phone' WHERE mail = 'cy@coe.example'")
        hub.sync()
        assert [cause["count"] for cause in hub.json("quarantine", "list")["causes"]] == [1]

    def test_a_workbook_that_is_none(self, hub: Hub) -> None:
        change(hub, "hub.toml", "leads.csv", "leads.xlsx")
        hub.write("leads.xlsx", "hello")

        told = hub("sync", code=2).stderr

        assert "leads.xlsx is not an Excel workbook" in told
        assert "Next: Open it in a spreadsheet program and save it as .xlsx" in told
        assert "✗ fair" in hub("check", code=1).stdout

    def test_a_file_that_is_gone_one_day(self, hub: Hub) -> None:
        hub.sync()
        (hub.folder / "leads.csv").rename(hub.folder / "kept.csv")
        shop(hub, "INSERT INTO customers (mail, forename) VALUES ('eve@eck.example', 'Eve')")
        told = hub("sync", code=1).stdout
        assert "incomplete" in told
        assert "✗ fair: There is no file or folder 'leads.csv'" in told

        (hub.folder / "kept.csv").rename(hub.folder / "leads.csv")
        hub.sync()
        assert "eve@eck.example" in (hub.folder / "leads.csv").read_text()
        assert len(shop(hub, "SELECT 1 FROM customers")) == 4


class TestStore:
    @pytest.mark.parametrize("command", ["sync", "status", "check"])
    def test_that_is_no_database(self, hub: Hub, command: str) -> None:
        hub.write("hub.db", "this is no database " * 400).chmod(0o600)

        refused(hub(command, code=1), "hub.db, is damaged, or no SQLite database at all", "Put a backup in its place")
        assert (hub.folder / "hub.db").read_text().startswith("this is no database")
        untouched(hub)

    def test_that_can_not_be_opened(self, hub: Hub) -> None:
        (hub.folder / "hub.db").mkdir()

        refused(hub("sync", code=1), "hub.db, can't be used now: unable to open database file", "yours to write")
        untouched(hub)

    def test_that_can_not_be_made(self, hub: Hub) -> None:
        change(hub, "hub.toml", '"acme"', '"acme"\nstore = "sqlite:///leads.csv/hub.db"')

        refused(hub("sync", code=2), "The hub's store can't be made", "Name a file in a folder that you may write to")
        untouched(hub)

    def test_that_became_damaged(self, hub: Hub) -> None:
        hub.sync()
        leads = (hub.folder / "leads.csv").read_text()
        store = hub.folder / "hub.db"
        for rest in hub.folder.glob("hub.db-*"):
            rest.unlink()
        store.write_bytes(store.read_bytes()[:4096] + b"\xff" * 40960)

        done = hub("sync", code=1)

        assert "Error: The hub's store" in done.stderr
        assert "Next: " in done.stderr
        assert (hub.folder / "leads.csv").read_text() == leads


class TestSecrets:
    def test_that_are_missing_in_the_environment(self, hub: Hub) -> None:
        hub.write("hub.toml", HUB + CRM.format(token="env:NO_SUCH_TOKEN"))

        refused(hub("sync", code=2), "hub.toml:32:13: the environment variable NO_SUCH_TOKEN is not set")
        assert hub("check", "--offline").returncode == 0

    @pytest.mark.parametrize(
        ("make", "told"),
        [
            (lambda _path: None, "file:token can't be read: No such file or directory"),
            (
                lambda path: (path.write_text(SECRET), path.chmod(0o644)),
                "can be read by others than its owner: Run `chmod 600 token`",
            ),
        ],
    )
    def test_in_a_file_that_will_not_do(self, hub: Hub, make: Callable[[Path], object], told: str) -> None:
        hub.write("hub.toml", HUB + CRM.format(token="file:token"))
        make(hub.folder / "token")

        refused(hub("sync", code=2), "hub.toml:32:13: file:token can", told)
        assert SECRET not in everything_told(hub, "sync")
        untouched(hub)

    def test_in_a_keyring_that_is_not_there(self, hub: Hub) -> None:
        hub.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        hub.write("hub.toml", HUB + CRM.format(token="keyring:crm"))

        refused(
            hub("sync", code=2),
            "There is no keyring on this machine",
            "use env:NAME or file:PATH instead of keyring:NAME",
        )
        assert "There is no keyring" in hub("secret", "list", code=2).stderr

    def test_in_clear_text_are_refused_and_not_repeated(self, hub: Hub) -> None:
        hub.write("hub.toml", HUB + CRM.format(token=SECRET))

        told = hub("check", code=2).stdout

        assert "'token' is a secret in clear text: write keyring:NAME, env:NAME or file:PATH" in told
        assert SECRET not in everything_told(hub, "check") + everything_told(hub, "sync")


PLUGIN = """
from pydantic import BaseModel
from synchub.api import Connector, ConnectorInfo, Field, Page, Stream, hookimpl

class Config(BaseModel):
    connector: str = "odd"

class Odd(Connector):
    Config = Config
    def __init__(self, config, host): ...
    def check(self): ...
    def streams(self): return [Stream("people", (Field("id"), Field("mail")), ("id",))]
    def read(self, stream, cursor, fields):
        yield Page([{"id": "1", "mail": "zoe@zee.example"}], ("id", "mail"))
        raise KeyError("page two")

@hookimpl
def synchub_connectors():
    return [ConnectorInfo("odd", f"{__name__}:Odd")]
"""


def test_a_connector_that_breaks_stops_no_other(hub: Hub) -> None:
    hub.write("plugins/odd.py", PLUGIN)
    (hub.folder / "plugins").chmod(0o700)
    hub.write("mappings/odd.toml", 'entity = "contact"\nkey = "id"\n\n[fields]\nemail = "mail"\n')
    member = '\n[systems.odd]\nconnector = "odd"\n\n[syncs.contacts.members.odd]\nstream = "people"\nmapping = "odd"\ndirection = "in"\n'
    hub.write("hub.toml", HUB + member)

    told = hub("sync", code=1).stdout

    assert "✗ odd: The connector of odd (plugins/odd.py) failed: KeyError: 'page two'" in told
    assert "plugins/odd.py:" in told.replace("\n    ", "")
    assert shop(hub, "SELECT 1 FROM customers WHERE mail = 'zoe@zee.example'") == [(1,)]
    assert "cy@coe.example" in (hub.folder / "leads.csv").read_text()
