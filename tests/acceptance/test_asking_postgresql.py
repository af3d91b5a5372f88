"""What people ask a hub whose store is in PostgreSQL: the same answers as from SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from unit.run.conftest import Office, furnished

from synchub.errors import ConfigurationError
from synchub.run.hub import Hub
from synchub.run.told.looking import look_at_runs, look_at_status
from synchub.run.told.storing import back_up_store, check_store, upgrade_store


@pytest.fixture
def office(tmp_path: Path, postgresql_database: str) -> Office:
    made = furnished(tmp_path)
    made.environ["SYNCHUB_STORE"] = postgresql_database
    return made


def test_everything_that_is_asked(office: Office):
    with office.opened() as hub:
        assert "synchub store upgrade" in check_store(hub).problems[0]
        assert upgrade_store(hub).happened == "The store was made."
    office.sync(at=0)
    office.set("bob@acme.com", at=5, last_name="Öz!t_%ürk")
    office.sync(at=10)
    with office.opened() as hub:
        told, whole, past = look_at_status(hub), check_store(hub), look_at_runs(hub, "1")

    assert told.records == (("contact", 2),)
    assert "only-for-tests" not in told.store
    assert (whole.problems, whole.happened) == ((), "The store is whole.")
    assert {(change.member, change.kind) for change in past.changes} == {
        ("shop", "create"),
        ("fair", "update"),
    }
    assert office.why("last_name:öz!T_%ÜRK").hub_id == office.why("0221 7654321").hub_id
    assert office.why_field("ann@acme.com", "city").losers[0].system == "fair"


def test_what_does_not_fit_together_is_found(office: Office):
    with office.opened() as hub:
        upgrade_store(hub)
    office.sync(at=0)
    with office.opened() as hub, hub.store.write() as tx:
        tx.execute(text("DELETE FROM record WHERE id = 2"))
    with office.opened() as hub:
        assert "2 links of records or events that are not there." in check_store(hub).problems


def test_a_store_that_cannot_be_reached(office: Office):
    office.environ["SYNCHUB_STORE"] = "postgresql://synchub:s3cret@127.0.0.1:1/hub"
    with office.opened() as hub:
        told = check_store(hub)

    assert "can't be used now" in told.problems[0]
    assert "s3cret" not in repr(told)


def test_postgresql_backs_itself_up(office: Office):
    with (
        office.opened() as hub,
        pytest.raises(ConfigurationError, match="backed up by PostgreSQL") as refused,
    ):
        back_up_store(hub, None)
    assert "pg_dump" in refused.value.next_step


def test_an_old_store_is_not_upgraded_by_the_way(office: Office):
    with office.opened() as hub:
        upgrade_store(hub)
        with hub.store.write() as tx:
            tx.execute(text("INSERT INTO migration VALUES (9999, 'later', 1)"))
    with office.opened() as hub, pytest.raises(ConfigurationError, match="newer version"):
        Hub(hub).status()
