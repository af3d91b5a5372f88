"""The store: upgraded, backed up, and looked over."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from unit.run.conftest import Office

from synchub.errors import BusyError, ConfigurationError
from synchub.record import store
from synchub.record.lock import hold
from synchub.record.store import shown
from synchub.run.told.storing import back_up_store, check_store, upgrade_store
from synchub.spec.answers import StoreReport


def checked(office: Office) -> StoreReport:
    with office.opened() as hub:
        return check_store(hub)


def spoil(office: Office, *statements: str) -> StoreReport:
    """What a check finds once these statements were run on a store in use."""
    office.sync(at=0)
    office.set("ann@acme.com", at=1, city="Ulm")
    assert checked(office).problems == ()
    with office.opened() as hub, hub.store.write() as tx:
        for statement in statements:
            tx.execute(text(statement))
    return checked(office)


def test_a_store_that_is_whole(office: Office):
    office.sync(at=0)
    told = checked(office)

    assert (told.happened, told.problems) == ("The store is whole.", ())
    assert told.notes == ("It holds 2 records, 4 links, 0 claims, 0 events, 2 operations.",)
    assert told.store.endswith("hub.db")


def test_what_earlier_versions_wrote_down_is_no_damage(office: Office):
    earlier = 'UPDATE operation SET change = \'{"to.city":"Ulm"}\' WHERE id = 1'

    assert spoil(office, earlier).problems == ()


def test_looking_makes_no_store(office: Office):
    told = checked(office)

    assert told.happened == "There is no store yet; the first plan or sync makes it."
    assert not (office.folder / "hub.db").exists()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM record WHERE id = 2", "2 links of records or events that are not there."),
        ("DELETE FROM member WHERE system = 'fair'", "2 links of members that are not there."),
        ("DELETE FROM link WHERE remote_id = '7'", "claims on links that are not there."),
        (
            "UPDATE claim SET record = 77 WHERE link IS NULL",
            "1 decisions of people on records that are not there.",
        ),
        ("UPDATE claim SET record = NULL WHERE link IS NULL", "1 claims that belong to nothing."),
        (
            "UPDATE record SET joined_into = 77 WHERE id = 2",
            "1 records joined into others that are not there.",
        ),
        (
            "UPDATE record SET joined_into = 1 WHERE id = 2",
            "2 links of records that were joined into others.",
        ),
        ("UPDATE record SET golden = '{broken' WHERE id = 2", "1 unreadable values in record.golden."),
        ("UPDATE operation SET change = '{\"to' WHERE id = 1", "1 unreadable values in operation.change."),
        ("UPDATE operation SET change = change || char(31) WHERE id = 1", "1 unreadable values in operation.change."),
        (
            "UPDATE counter SET next = 2 WHERE name = 'record'",
            "The next number of the table record is taken already (2).",
        ),
        ("DELETE FROM run WHERE id = 1", "2 journal entries of runs that are not there."),
        (
            "UPDATE link SET said = replace(said, ',', ',x,') WHERE id = 2",
            "1 unreadable values in link.said.",
        ),
        (
            "INSERT INTO event VALUES (9, 'event', 1, 77, 'x', NULL, NULL, NULL, NULL, 1, '', 1, 0)",
            "1 events of members that are not there.",
        ),
    ],
)
def test_what_does_not_fit_together(office: Office, statement: str, problem: str):
    extra = (
        "INSERT INTO claim (seq, link, field, value, run, kind) "
        "SELECT 0, id, 'city', '', 1, 'claim' FROM link WHERE remote_id = '7'"
    )
    told = spoil(office, extra, statement)

    assert told.happened == "There is something wrong with the store."
    assert any(problem in found for found in told.problems)


def test_a_file_that_others_can_read(office: Office):
    office.sync(at=0)
    (office.folder / "hub.db").chmod(0o644)

    assert "chmod 600" in checked(office).problems[0]


@pytest.mark.parametrize("where", [0, 4096 * 3])
def test_a_damaged_file(office: Office, where: int):
    office.sync(at=0)
    file = office.folder / "hub.db"
    with file.open("r+b") as opened:
        opened.seek(where)
        opened.write(b"\xff" * 4096)

    assert checked(office).problems != ()


def test_a_store_of_a_newer_version(office: Office):
    office.sync(at=0)
    with office.opened() as hub, hub.store.write() as tx:
        tx.execute(text("INSERT INTO migration VALUES (9999, 'later', 1)"))

    assert "newer version" in checked(office).problems[0]
    with office.opened() as hub, pytest.raises(ConfigurationError, match="newer version"):
        upgrade_store(hub)


def test_a_store_of_an_earlier_version_says_what_happens_to_it(office: Office, caplog: pytest.LogCaptureFixture):
    office.sync(at=0)
    with office.opened() as hub, hub.store.write() as tx:
        number, _, _, script = store.migrations()[-1]
        tx.execute(text(f"DELETE FROM migration WHERE number = {number}"))
        for name in re.findall(r"CREATE INDEX (\w+)", script):
            tx.execute(text(f"DROP INDEX {name}"))
        for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", script):
            tx.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
    before = set(office.folder.iterdir())
    office.sync(at=10)

    [kept] = {file for file in set(office.folder.iterdir()) - before if file.suffix == ".bak"}
    assert f"is kept in {kept}." in caplog.text
    assert checked(office).problems == ()


def test_a_backup_can_be_used_and_only_its_owner_can_read_it(office: Office, tmp_path: Path):
    office.sync(at=0)
    file = tmp_path / "kept.db"
    with office.opened() as hub:
        told = back_up_store(hub, file)

    assert (told.happened, told.backup) == ("The store was backed up.", file)
    assert file.stat().st_mode & 0o777 == 0o600
    office.environ["SYNCHUB_STORE"] = f"sqlite:///{file}"
    assert checked(office).notes == ("It holds 2 records, 4 links, 0 claims, 0 events, 2 operations.",)


def test_a_backup_stands_beside_the_store_unless_told_otherwise(office: Office):
    office.sync(at=0)
    with office.opened() as hub:
        told = back_up_store(hub, None)

    assert told.backup == office.folder / "hub.db.20260501-080000.bak"
    assert told.backup.exists()


@pytest.mark.parametrize("name", ["hub.db", "hub.toml", "no/such/folder.db"])
def test_a_backup_never_overwrites(office: Office, name: str):
    office.sync(at=0)
    before = (office.folder / "hub.toml").read_text()
    with office.opened() as hub, pytest.raises(ConfigurationError, match="can't be written"):
        back_up_store(hub, office.folder / name)

    assert (office.folder / "hub.toml").read_text() == before
    assert checked(office).problems == ()


def test_no_backup_of_nothing(office: Office):
    with office.opened() as hub, pytest.raises(ConfigurationError, match="There is no store yet"):
        back_up_store(hub, None)
    assert not (office.folder / "hub.db").exists()


def test_an_upgrade_makes_what_is_not_there_and_then_has_nothing_to_do(office: Office):
    with office.opened() as hub:
        made, again = upgrade_store(hub), upgrade_store(hub)

    assert (made.happened, made.backup) == ("The store was made.", None)
    assert (again.happened, again.backup) == ("The store is up to date.", None)


def older(office: Office) -> None:
    """Let the store say that it was last used by an older version."""
    with closing(sqlite3.connect(office.folder / "hub.db")) as db, db:
        db.execute("UPDATE migration SET number = -number")


def test_an_upgrade_waits_for_no_run(office: Office):
    office.sync(at=0)
    with office.opened() as hub:
        opened = hub.store
        with hold(opened, "contact", "a run"):
            assert upgrade_store(hub).happened == "The store is up to date."


def test_an_upgrade_does_not_disturb_a_run(office: Office):
    office.sync(at=0)
    older(office)
    with office.opened() as hub:
        from synchub.record import store

        opened = store.connect(f"sqlite:///{office.folder}/hub.db", office.folder)
        with hold(opened, "contact", "a run"), pytest.raises(BusyError, match="a run of contact"):
            upgrade_store(hub)
        opened.close()


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("postgresql://hub:s3cret@db/hub", "postgresql://hub:***@db/hub"),
        ("postgresql://hub@db/hub?password=s3cret&sslpassword=s3cret", "postgresql://hub@db/hub"),
        ("sqlite:////srv/hub.db", "sqlite:////srv/hub.db"),
    ],
)
def test_addresses_are_shown_without_passwords(url: str, seen: str):
    assert shown(url) == seen
