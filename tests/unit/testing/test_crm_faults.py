from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from synchub.testing.crm import StandInCrm
from synchub.testing.crm.properties import Property

CONTACTS = "objects/contacts"
ANN = {"properties": {"email": "ann@example.com"}}


def test_failures_are_counted_and_do_nothing(crm: StandInCrm, ask: Any) -> None:
    crm.fail(next=2, status=503, path="contacts", retry_after=3)
    assert ask("GET", "properties/notes").status_code == 200
    for _ in range(2):
        answer = ask("POST", CONTACTS, ANN)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert crm.contacts() == {}
    assert ask("POST", CONTACTS, ANN).status_code == 201


@pytest.mark.parametrize(
    ("lose", "done"),
    [(StandInCrm.reset, 0), (StandInCrm.drop_answer, 1), (StandInCrm.truncate_answer, 1)],
)
def test_broken_connections(crm: StandInCrm, ask: Any, lose: Any, done: int) -> None:
    lose(crm, "contacts")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask("POST", CONTACTS, ANN)
    assert len(crm.contacts()) == done
    assert ask("GET", CONTACTS).status_code == 200


def test_somebody_else_is_faster(crm: StandInCrm, ask: Any) -> None:
    ann = crm.create_contact(email="ann@example.com")
    crm.meanwhile(ann, lambda: crm.edit(ann, firstname="Anna"))
    told = ask("PATCH", f"{CONTACTS}/{ann}", {"properties": {"lastname": "Lee"}})
    assert told.status_code == 200
    assert (crm.contacts()[ann]["firstname"], crm.contacts()[ann]["lastname"]) == ("Anna", "Lee")


def test_a_limit_of_requests(crm: StandInCrm, ask: Any, clock: Any) -> None:
    crm.rate_limit(2, 10.0)
    assert ask("GET", CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "1"
    assert ask("GET", CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "0"
    answer = ask("GET", CONTACTS)
    assert (answer.status_code, answer.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    clock.forward(float(answer.headers["Retry-After"]))
    assert ask("GET", CONTACTS).status_code == 200


def test_a_429_on_demand_names_a_policy(crm: StandInCrm, ask: Any) -> None:
    crm.fail(status=429)
    assert ask("GET", CONTACTS).json()["policyName"] == "SECONDLY"


def test_pages_capped_in_silence(crm: StandInCrm, ask: Any) -> None:
    for number in range(5):
        crm.create_contact(email=f"p{number}@example.com")
    crm.cap_pages(2)
    page = ask("GET", CONTACTS, limit=100).json()
    assert len(page["results"]) == 2
    assert "paging" in page


def test_a_form_of_its_own(crm: StandInCrm, ask: Any) -> None:
    crm.own_form("phone", lambda text: text.replace(" ", ""))
    made = ask("POST", CONTACTS, {"properties": {"phone": "030 12 34"}}).json()
    assert crm.contacts()[made["id"]]["phone"] == "0301234"


def test_healing_switches_everything_off(crm: StandInCrm, ask: Any) -> None:
    crm.fail(next=9, status=503)
    crm.rate_limit(0, 10.0)
    crm.cap_pages(1)
    crm.own_form("phone", str.upper)
    crm.lag(requests=9)
    crm.heal()
    for number in range(2):
        assert ask("POST", CONTACTS, {"properties": {"phone": f"x{number}"}}).status_code == 201
    assert len(ask("GET", CONTACTS, limit=100).json()["results"]) == 2
    assert ask("POST", f"{CONTACTS}/search", {"limit": 9}).json()["total"] == 2
    assert {one["phone"] for one in crm.contacts().values()} == {"x0", "x1"}


def test_every_request_is_logged(crm: StandInCrm, ask: Any) -> None:
    ask("GET", CONTACTS, limit=5)
    crm.fail(status=503)
    ask("POST", CONTACTS, ANN)
    crm.drop_answer()
    with pytest.raises(requests.ConnectionError):
        ask("DELETE", f"{CONTACTS}/1001")
    assert crm.requests == [
        ("GET", "/crm/v3/objects/contacts", 200),
        ("POST", "/crm/v3/objects/contacts", 503),
        ("DELETE", "/crm/v3/objects/contacts/1001", 0),
    ]


def test_answers_tell_the_servers_own_time(ask: Any) -> None:
    assert ask("GET", CONTACTS).headers["Date"] == "Wed, 01 May 2024 09:00:00 GMT"


def test_it_keeps_its_address_when_it_is_started_again(crm: StandInCrm, ask: Any) -> None:
    url = crm.url
    ann = crm.create_contact(email="ann@example.com")
    crm.stop()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = crm.url
    crm.start()
    assert crm.url == url
    assert ask("GET", f"{CONTACTS}/{ann}").status_code == 200


# Kept in a file.


def test_everything_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "crm.json"
    with StandInCrm(file) as first:
        ann = first.create_contact(email="ann@example.com", synchub_id="c-1")
        lee, gone = (
            first.create_contact(email="lee@example.com"),
            first.create_contact(email="bob@example.com"),
        )
        first.create_note(lee, "Called")
        first.merge(ann, lee)
        first.archive(gone)
        first.add_property("contacts", Property("vip", "bool", "booleancheckbox", own=True))
        contacts = first.contacts()
    with StandInCrm(file) as second:
        assert second.contacts() == contacts
        assert list(second.contacts(archived=True)) == [gone]
        assert len(second.notes_of(lee)) == 1
        second.edit(ann, vip="true")
        new = second.create_contact(email="new@example.com")
        assert int(new) > int(gone)
        with pytest.raises(Exception, match="already exists"):
            second.create_contact(email="lee@example.com")


def test_every_change_is_kept_at_once(tmp_path: Path) -> None:
    file = tmp_path / "crm.json"
    with StandInCrm(file) as crm:
        crm.create_contact(email="ann@example.com")
        requests.post(
            f"{crm.url}/crm/v3/objects/contacts",
            json={"properties": {"email": "bob@example.com"}},
            headers={"Authorization": f"Bearer {crm.token}"},
            timeout=10,
        )
        kept = json.loads(file.read_text())["records"]["contacts"]
    assert [one["properties"]["email"] for one in kept] == ["ann@example.com", "bob@example.com"]


def test_as_a_program(tmp_path: Path) -> None:
    file = tmp_path / "crm.json"
    command = [sys.executable, "-m", "synchub.testing.crm", "--file", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        answer = requests.post(
            f"{url}/crm/v3/objects/contacts",
            json=ANN,
            headers={"Authorization": "Bearer stand-in-token"},
            timeout=10,
        )
        program.terminate()
        assert program.wait(timeout=10) == 0
    assert answer.status_code == 201
    assert "ann@example.com" in file.read_text()


def test_an_address_that_is_too_long_is_refused(ask: Any) -> None:
    assert ask("GET", CONTACTS, properties="x" * 8000).status_code == 200
    assert ask("GET", CONTACTS, properties="x" * 8192).status_code == 414
