"""`synchub serve`, the installed command: it runs, tells, stops in time, and goes on where it was stopped."""

from __future__ import annotations

import fcntl
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acceptance.command import Hub
from acceptance.office import ANN, BOB, Office, hubspot
from acceptance.people import read
from acceptance.serving import schedule, serving, staged

from synchub.testing.crm import StandInCrm

COLUMNS = {"email": "TEXT", "first_name": "TEXT", "city": "TEXT"}
LEADS = 250


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A database and a list, a new run every minute."""
    made = Office(tmp_path, COLUMNS, systems=("crm", "fair"), lists=("fair",))
    made["crm"].add(email=ANN, first_name="Ann", city="Ulm")
    made.sheets["fair"].add(email=BOB, first_name="Bob", city="Hof")
    schedule(made.hub, "* * * * *")
    return made


def test_it_runs_and_tells_and_takes_what_is_changed_meanwhile(office: Office):
    hub, right = office.hub, (office.folder / "hub.toml").read_text()
    with serving(hub) as served:
        served.until(served.runs)
        assert office["crm"].emails() == office.sheets["fair"].emails() == [ANN, BOB]

        health = served.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        metrics = served.get("/metrics").text
        assert 'synchub_runs_total{state="done",sync="contacts"} 1.0' in metrics
        assert 'synchub_records_total{member="fair",sync="contacts",what="created"} 1.0' in metrics
        assert 'synchub_system_up{system="crm"} 1.0' in metrics
        (status,) = hub.json("status")["status"]["syncs"]
        assert (status["state"], status["next_run"] > status["ended"]) == ("done", True)

        hub.write("hub.toml", f"{right}\n[syncs.more]\n")
        served.until(lambda: served.messages("the one before goes on"))
        office.sheets["fair"].edit(BOB, city="Bonn")
        served.until(lambda: office["crm"].row(BOB)["city"] == "Bonn")
        served.until(lambda: len(served.runs()) > 1)
        assert len(served.messages("the one before goes on")) == 1
        assert served.get("/healthz").json()["notes"]

        hub.write("hub.toml", right)
        served.until(lambda: served.messages("taken from now on"))
        assert served.get("/healthz").json()["notes"] == []

        served.stop()
        assert served.ended() == 0
    told = [(run["run"], run["state"]) for run in hub.json("runs")["runs"]]
    assert told == [(run["run"], run["state"]) for run in reversed(served.runs())]
    assert told[-1] == ("1", "done")
    assert staged(hub) == []


def test_ctrl_c_ends_it_too(office: Office):
    with serving(office.hub) as served:
        served.until(served.runs)
        served.stop(signal.SIGINT)
        assert served.ended() == 0


def test_a_second_process_leaves_the_turn_to_the_first(office: Office):
    with serving(office.hub) as served:
        served.until(served.runs)
        with serving(office.hub) as other:
            assert other.get("/healthz").status_code == 200
            other.stop()
            assert other.ended() == 0
        assert other.runs() == []


def test_while_somebody_else_works_a_turn_is_left_out(office: Office):
    with (office.folder / "hub.db.contact.lock").open("w") as lock, serving(office.hub) as served:
        fcntl.flock(lock, fcntl.LOCK_EX)
        served.until(lambda: 'synchub_skipped_total{sync="contacts"} 1.0' in served.get("/metrics").text)
        assert len(served.messages("is left out until its next turn: Another run holds the lock")) == 1
        assert served.runs() == []
        fcntl.flock(lock, fcntl.LOCK_UN)
        served.until(served.runs)
        served.stop()
        assert served.ended() == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({'schedule = "* * * * *"': ""}, "No sync has a schedule."),
        ({'schedule = "* * * * *"': 'schedule = "0 0 31 2 *"'}, "'0 0 31 2 *' never comes"),
        ({"jitter = 0": 'listen = "localhost"'}, "'localhost' is no HOST:PORT"),
        ({"jitter = 0": "jitter = 90"}, "hub.toml:"),
        ({"jitter = 0": 'notify = "chat"'}, "notices can't be posted there"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_start(office: Office, change: dict[str, str], told: str):
    text = (office.folder / "hub.toml").read_text()
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after)
    office.hub.write("hub.toml", text)

    assert told in office.hub("serve", "--listen", "127.0.0.1:0", code=2).stderr


class Slow:
    """A CRM that takes its time over the first batch of new contacts."""

    def __init__(self, crm: StandInCrm) -> None:
        self.crm = crm
        self.arrived, self.may_answer = threading.Event(), threading.Event()
        crm.meanwhile("batch/create", self._dawdle)

    def _dawdle(self) -> None:
        self.arrived.set()
        self.may_answer.wait(120)

    def emails(self) -> Counter[Any]:
        return Counter(contact.get("email") for contact in self.crm.contacts().values())


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Hub, Slow]]:
    """A long list, and a CRM that is to get all of it."""
    with StandInCrm() as crm:
        office = Office(
            tmp_path,
            COLUMNS,
            systems=("crm", "fair"),
            lists=("fair",),
            foreign={"crm": hubspot(crm, "first_name", "city")},
        )
        office.hub.environ["CRM_TOKEN"] = crm.token
        lines = [
            "id,email,first_name,city",
            *(f"{number},p{number}@lead.example,P{number},Ulm" for number in range(LEADS)),
        ]
        office.hub.write("fair.csv", "\n".join(lines) + "\n")
        schedule(office.hub, "* * * * *")
        yield office.hub, Slow(crm)


def goes_on(hub: Hub, crm: Slow) -> None:
    """Another process does the rest: every contact is there, and once."""
    with serving(hub) as served:
        served.until(served.runs)
        assert crm.emails() == Counter(f"p{number}@lead.example" for number in range(LEADS))
        served.stop()
        assert served.ended() == 0
    states = [run["state"] for run in hub.json("runs")["runs"]]
    assert (states[0], states[-1]) == ("done", "interrupted")


def test_it_stops_between_two_batches_and_the_next_one_goes_on(slow: tuple[Hub, Slow]):
    hub, crm = slow
    with serving(hub) as served:
        served.until(crm.arrived.is_set)
        served.stop()
        served.until(lambda: served.messages("Asked to stop"))
        crm.may_answer.set()
        assert served.ended() == 0

    assert served.messages("broken off at a safe point")
    assert 0 < len(crm.emails()) < LEADS
    assert staged(hub) == []
    goes_on(hub, crm)


def test_a_system_that_does_not_answer_keeps_nobody_from_stopping_it(slow: tuple[Hub, Slow]):
    hub, crm = slow
    with serving(hub) as served:
        served.until(crm.arrived.is_set)
        served.stop()
        assert served.ended() == 0  # in time

    assert served.messages("came to no safe point")
    assert staged(hub) == []
    crm.may_answer.set()  # it does what it was asked, and nobody hears the answer
    goes_on(hub, crm)


def test_nothing_personal_is_in_its_log_and_on_its_pages(tmp_path: Path):
    office = Office(tmp_path, COLUMNS, systems=("crm", "fair"), lists=("fair",))
    people = read("febrl3.csv")[:400]
    for number, one in enumerate(people):
        values = {"email": f"{one['given_name']}.{one['surname']}@x.example", "first_name": one["given_name"]}
        office["crm"].add(**values, city=one["city"])
        if number % 7 == 0:  # rows that nobody can use, and rows that differ
            values["email"] = f"no address of {one['given_name']}"
        office.sheets["fair"].add(**values, city=f"{one['city']} east")
    schedule(office.hub, "* * * * *")
    with serving(office.hub) as served:
        served.until(served.runs)
        told = served.get("/metrics").text + served.get("/healthz").text
        served.stop()
        assert served.ended() == 0

    told += served.log.read_text()
    names = {one[field] for one in people for field in ("given_name", "surname", "city")}
    found = {name for name in names if len(name) > 4 and name in told}
    assert len(names) > 300
    assert found == set()
    assert "x.example" not in told
    assert served.runs()[0]["members"]["fair"]["quarantined"] > 50


def test_what_a_killed_one_had_staged_is_removed_by_the_next(slow: tuple[Hub, Slow]):
    hub, crm = slow
    with serving(hub) as served:
        served.until(crm.arrived.is_set)
        assert staged(hub) != []
        served.process.kill()
        served.process.wait()
    assert staged(hub) != []
    crm.may_answer.set()
    goes_on(hub, crm)

    assert staged(hub) == []
