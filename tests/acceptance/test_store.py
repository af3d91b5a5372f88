"""The store: PostgreSQL instead of SQLite, two runs at once, looking on while one works, backups and
checks."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from acceptance.command import PROGRAM, Hub, written
from acceptance.company import company
from acceptance.office import ANN, BOB, Office, hubspot
from servers.dovecot import Mailbox

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "job_title": "TEXT"}


def test_a_company_with_its_store_in_postgresql(tmp_path: Path, mailbox: Mailbox, postgresql_database: str) -> None:
    """Four systems are brought into agreement, edits go round, one conflict is settled, an e-mail becomes a
    note, and the hub's password is shown nowhere."""
    with company(tmp_path, mailbox) as acme:
        acme.hub.environ["SYNCHUB_STORE"] = postgresql_database
        first = acme.hub("sync", "--json")
        assert {found["email"] for found in acme.crm.contacts().values()} == {
            row[0] for row in acme.shop("SELECT lower(mail) FROM customers")
        }
        assert len(acme.crm.contacts()) == 4
        assert len(acme.crm.notes_of(acme.crm_id("ann@lee.example"))) == 1

        acme.crm.edit(acme.crm_id("ann@lee.example"), phone="+4930999999", city="Bremen")
        moved = "UPDATE customers SET town = 'Hamburg', changed_at = datetime('now', '+1 second') WHERE mail = ?"
        acme.shop(moved, "ann@lee.example")
        (run, _) = acme.hub.json("sync")["runs"]
        assert [conflict["field"] for conflict in run["conflicts"]] == ["city"]
        assert acme.shop("SELECT tel FROM customers WHERE mail = 'ann@lee.example'") == [("+4930999999",)]
        assert written(acme.hub.sync()) == 0

        status = acme.hub("status")
        assert "postgresql" in status.stdout
        password = postgresql_database.split(":")[2].split("@")[0]
        assert password not in first.stdout + first.stderr + status.stdout + status.stderr
        assert not list(tmp_path.glob("hub.db*"))
        assert "pg_dump" in acme.hub("store", "backup", code=2).stderr
        assert acme.hub.json("store", "check")["store"]["problems"] == []


@contextmanager
def _running(hub: Hub, crm: StandInCrm) -> Iterator[None]:
    """A sync that is in the middle of reading the CRM until the block ends; then it ends well."""
    arrived, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        arrived.set()
        go_on.wait(120)

    crm.meanwhile("/objects/contacts", wait)
    environ = {**os.environ, **hub.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        [PROGRAM, "sync"],
        cwd=hub.folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            assert arrived.wait(120)
            yield
        finally:
            go_on.set()
            told, _ = run.communicate(timeout=120)
    assert run.returncode == 0, told


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_runs_at_once(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    """While one run works, a second one and a person's decision are told who holds the lock since when;
    looking at the hub works all the same, and so does a backup."""
    with StandInCrm() as hs:
        office = Office(tmp_path, COLUMNS, systems=("shop", "hs"), foreign={"hs": hubspot(hs, "job_title")})
        office.hub.environ["CRM_TOKEN"] = hs.token
        if kind == "postgresql":
            office.hub.environ["SYNCHUB_STORE"] = request.getfixturevalue("postgresql_database")
        office["shop"].add(email=ANN, job_title="CEO")
        office.hub("sync")
        office["shop"].add(email=BOB)
        with _running(office.hub, hs):
            refused = office.hub("sync", code=75)
            assert re.search(
                r"process \d+ on .*, sync contacts, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", refused.stderr
            )
            decided = office.hub("set", "contact", ANN, "job_title=CTO", "--reason", "x", code=75)
            assert re.search(r"process \d+ on .*, sync contacts, since", decided.stderr)
            runs = office.hub.json("runs")["runs"]
            assert [run["state"] for run in runs] == ["running", "done"]
            assert office.hub.json("status")["status"]["syncs"][0]["state"] == "running"
            assert "CEO" in office.hub("why", "contact", ANN).stdout
            if kind == "sqlite":
                office.hub("store", "backup", "meanwhile.db")
        assert {found["email"] for found in hs.contacts().values()} == {ANN, BOB}
        office.hub("sync")


def test_a_backup_is_a_store_and_nobody_elses(tmp_path: Path) -> None:
    """A backup can take the store's place: the hub goes on from there. Only its owner may read it, and none
    is overwritten."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN, job_title="CEO")
    office.hub("sync")
    office.hub("store", "backup", "kept.db")
    backup = tmp_path / "kept.db"
    assert stat.S_IMODE(backup.stat().st_mode) == stat.S_IMODE((tmp_path / "hub.db").stat().st_mode) == 0o600
    assert "File exists" in office.hub("store", "backup", "kept.db", code=2).stderr
    for file in tmp_path.glob("hub.db*"):
        file.unlink()
    backup.rename(tmp_path / "hub.db")
    assert written(office.hub.sync()) == 0
    office["shop"].edit(ANN, job_title="CTO")
    office.hub("sync")
    assert office.both("job_title") == ["CTO", "CTO"]


def test_a_store_that_is_damaged_or_too_new_is_told(tmp_path: Path) -> None:
    """`store check` finds what is wrong; a store that a newer synchub wrote is not touched by any command."""
    office = Office(tmp_path, COLUMNS)
    office["crm"].add(email=ANN)
    office.hub("sync")
    assert office.hub.json("store", "check")["store"]["problems"] == []
    assert "up to date" in office.hub("store", "upgrade", "--yes").stdout
    with closing(sqlite3.connect(tmp_path / "hub.db")) as store, store:
        store.execute("DELETE FROM record")
    (problem,) = [
        line for line in office.hub.json("store", "check", code=1)["store"]["problems"] if "links of records" in line
    ]
    assert "2" in problem

    with closing(sqlite3.connect(tmp_path / "hub.db")) as store, store:
        store.execute("INSERT INTO migration VALUES (999, 'of_tomorrow', 0)")
    for command in (("sync",), ("store", "upgrade", "--yes")):
        assert "newer version of synchub" in office.hub(*command, code=2).stderr
