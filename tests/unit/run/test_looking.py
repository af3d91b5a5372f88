"""`status`, `runs` and `streams`."""

from __future__ import annotations

import os
import socket

import pytest
from sqlalchemy import text
from unit.run.conftest import HUB, SYNC, Office

from synchub.errors import ConfigurationError
from synchub.run.hub import Hub
from synchub.run.told.looking import look_at_runs, look_at_status, look_at_streams
from synchub.spec.answers import StatusReport, StreamReport
from synchub.spec.reports import RunsReport

DEAD = 2**22 + 7
"""No process has this number: it is beyond the largest that Linux gives."""


def status(office: Office) -> StatusReport:
    with office.opened() as hub:
        return look_at_status(hub)


def runs(office: Office, run: str | None = None) -> RunsReport:
    with office.opened() as hub:
        return look_at_runs(hub, run)


def streams(office: Office, system: str | None = None, stream: str | None = None, **named: bool) -> list[StreamReport]:
    with office.opened() as hub:
        return list(look_at_streams(hub, system, stream, mapping=named.get("mapping", False)))


def pretend_run(office: Office, holder: str) -> None:
    """A run of contacts is entered and never ends."""
    with office.opened() as hub, hub.store.write() as tx:
        tx.execute(
            text(
                "INSERT INTO run (id, sync, entity, kind, started, clock, state, holder, summary) "
                "VALUES (90, 'contacts', 'contact', 'sync', 1, 1, 'writing', :holder, '{}')"
            ),
            {"holder": holder},
        )


def test_status_before_the_first_run(office: Office):
    told = status(office)

    assert (told.syncs[0].sync, told.syncs[0].state, told.syncs[0].last_run) == ("contacts", None, "")
    assert [(member.member, member.links, member.last_read) for member in told.members] == [
        ("shop", 0, None),
        ("fair", 0, None),
    ]
    assert told.records == ()
    assert not told.waits.any


def test_status_after_a_run(office: Office):
    office.leads(*office.rows("leads.csv"), {"No": 9, "Email": "nonsense"})
    office.sync(at=5)
    told = status(office)

    assert (told.syncs[0].state, told.syncs[0].last_run) == ("done", "1")
    assert told.syncs[0].ended.isoformat() == "2026-05-01T10:05:00+02:00"
    assert [(member.system, member.stream, member.links) for member in told.members] == [
        ("shop", "customers", 2),
        ("fair", "leads", 2),
    ]
    assert told.members[0].last_read.isoformat() == "2026-05-01T10:05:00+02:00"
    assert 0 < len(told.members[0].cursor) <= 80
    assert told.records == (("contact", 2),)
    assert told.waits.quarantine == 1


def test_status_counts_only_records_that_a_system_holds(office: Office):
    office.sync(at=0)
    office.customers()
    office.leads({"No": 8, "Email": "bob@acme.com"})
    office.sync(at=5, allow={"deletes": 9})

    assert status(office).records == (("contact", 1),)


def test_status_names_members_that_wait_to_be_accepted(office: Office):
    office.write("hub.toml", HUB + SYNC[: SYNC.index("[syncs.contacts.members.fair]")])
    office.sync(at=0)
    office.write("hub.toml", HUB + SYNC)
    office.sync(at=5)

    assert status(office).waits.acceptance == ("fair",)


def test_status_never_shows_a_password(office: Office):
    office.environ["SYNCHUB_STORE"] = f"sqlite://someone:s3cret-word@/{office.folder}/x.db?sslpassword=s3cret-too"
    with office.opened() as hub:
        from synchub.run.told.storing import shown_store

        shown = shown_store(hub)

    assert "s3cret" not in shown
    assert "x.db" in shown


@pytest.mark.parametrize(
    ("holder", "state"),
    [
        (f"process {os.getpid()} on {socket.gethostname()}", "running"),
        (f"process {DEAD} on {socket.gethostname()}", "interrupted"),
        (f"process {DEAD} on another-machine", "running"),
        ("somebody", "running"),
    ],
    ids=["ours", "ended", "elsewhere", "unknown"],
)
def test_a_run_whose_process_is_gone_was_interrupted(office: Office, holder: str, state: str):
    pretend_run(office, holder)

    assert status(office).syncs[0].state == state
    assert runs(office).runs[0].state == state


def test_runs_are_listed_newest_first(office: Office):
    office.sync(at=0)
    office.set("ann@acme.com", at=5, city="Ulm")
    office.sync(at=10)
    told = runs(office)

    assert [run.run for run in told.runs] == ["3", "2", "1"]
    assert told.runs[1].notes == ("Decided by hand: set.",)
    first = told.runs[2]
    assert (first.sync, first.state, first.exit_code) == ("contacts", "done", 0)
    assert {member.member: (member.read, member.created, member.updated) for member in first.members} == {
        "shop": (1, 1, 0),
        "fair": (2, 0, 1),
    }
    assert told.changes == ()


def test_older_runs_are_counted(office: Office):
    with office.opened() as hub:
        for number in range(23):
            Hub(hub).set("contact", *_ann(office, number), reason="again") if number else office.sync(at=0)
    assert (len(runs(office).runs), runs(office).more) == (20, 3)


def _ann(_office: Office, number: int) -> tuple[str, dict[str, str]]:
    return "ann@acme.com", {"city": f"City {number}"}


def test_one_run_tells_what_it_wrote(office: Office):
    office.sync(at=0)
    changes = {change.member: change for change in runs(office, "1").changes}

    update, create = changes["fair"], changes["shop"]
    assert (update.kind, update.label, update.remote_id, update.reason) == (
        "update",
        "Ann Lee <ann@acme.com>",
        "7",
        "",
    )
    assert {(f.field, f.native, f.before, f.after) for f in update.fields} == {
        ("city", "City", "Bonn", "Berlin"),
        ("phone", "Phone", None, "+49301234567"),
    }
    assert (create.kind, create.label) == ("create", "Bob Ray <bob@acme.com>")
    assert ("last_name", "surname", None, "Ray") in {(f.field, f.native, f.before, f.after) for f in create.fields}


def test_a_write_that_was_refused_says_so(office: Office):
    office.sync(at=0)
    with office.opened() as hub, hub.store.write() as tx:
        tx.execute(text("UPDATE operation SET state = 'rejected', reason = 'too long' WHERE kind = 'update'"))

    assert [change.reason for change in runs(office, "1").changes if change.kind == "update"] == ["refused: too long"]


@pytest.mark.parametrize("run", ["7", "x", "-1", "²", "9" * 30])
def test_a_run_that_is_not_there(office: Office, run: str):
    office.sync(at=0)
    with pytest.raises(ConfigurationError, match="There is no run"):
        runs(office, run)


def test_all_streams_are_listed_without_reading_them(office: Office):
    told = streams(office)

    assert [(each.system, each.stream, each.key) for each in told] == [
        ("shop", "customers", ("id",)),
        ("fair", "leads", ("No",)),
    ]
    assert not any(field.samples for each in told for field in each.fields)


def test_one_stream_has_samples_of_what_stands_there(office: Office):
    office.leads(*({"No": n, "City": f"City {n % 7}", "First": "x" * 200 if n == 0 else ""} for n in range(500)))
    told = streams(office, "fair")[0]
    samples = {field.name: field.samples for field in told.fields}

    assert samples["City"] == ("City 0", "City 1", "City 2", "City 3", "City 4")
    assert samples["First"] == ("x" * 79 + "…",)
    assert samples["Email"] == ()
    assert told.mapping == ""


@pytest.mark.parametrize(
    ("system", "stream", "words"),
    [
        ("crm", None, "There is no system crm"),
        ("shop", "Customers", "shop has no stream Customers. It has: customers"),
    ],
)
def test_a_stream_that_is_not_there(office: Office, system: str, stream: str | None, words: str):
    with pytest.raises(ConfigurationError, match=words):
        streams(office, system, stream)


def test_of_several_systems_one_that_cannot_be_reached_is_left_out(office: Office, caplog: pytest.LogCaptureFixture):
    (office.folder / "leads.csv").unlink()

    assert [each.system for each in streams(office)] == ["shop"]
    assert "fair is left out" in caplog.text
    with pytest.raises(ConfigurationError, match=r"leads\.csv"):
        streams(office, "fair")


def test_a_stream_can_be_looked_at_before_anything_is_mapped(office: Office):
    office.write("hub.toml", HUB)
    assert 'email      = "mail"' in streams(office, "shop", "customers", mapping=True)[0].mapping
