"""A CRM that is described by a TOML file, with no Python: two ways, and nobody is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from acceptance.command import Hub, written
from acceptance.office import ANN, BOB, Foreign, Office
from servers.people_api import people_api

from synchub.testing.crm import StandInCrm

CID = "cid@ode.example"
COLUMNS = {"email": "TEXT", "first_name": "TEXT", "last_name": "TEXT", "phone": "TEXT"}
DESCRIPTION = Path(__file__).with_name("crm.toml").read_text(encoding="utf-8")
MAPPING = """
entity     = "contact"
key        = "id"
updated_at = "properties.lastmodifieddate"

[fields]
hub_id     = "properties.synchub_id"
email      = "properties.email"
first_name = "properties.firstname"
last_name  = "properties.lastname"
phone      = "properties.phone"
"""
PEOPLE = """
url = "https://people.example.com/v1"

[auth]
kind          = "refresh_token"
token_url     = "{token_url}"
client_id     = "app"
client_secret = "{{client_secret}}"
refresh_token = "{{refresh_token}}"

[streams.people.read]
path    = "people"
records = "data"
"""
NAMELESS = 'hub_id     = "properties.synchub_id"\n'


@pytest.fixture
def crm() -> Iterator[StandInCrm]:
    with StandInCrm() as made:
        yield made


def _office(folder: Path, crm: StandInCrm, *, mapping: str = MAPPING, **member: Any) -> Office:
    settings = {
        "connector": "rest",
        "description": "rest/crm.toml",
        "url": crm.url,
        "secrets": {"token": "env:CRM_TOKEN"},
    }
    office = Office(
        folder,
        COLUMNS,
        systems=("shop", "crm"),
        foreign={"crm": Foreign(settings, "contacts", mapping)},
        match=("email", "phone + last_name"),
        members={"crm": member, "shop": {"on_delete": "propagate"}},
    )
    office.hub.write("rest/crm.toml", DESCRIPTION)
    office.hub.environ["CRM_TOKEN"] = crm.token
    return office


def _people(crm: StandInCrm) -> dict[str, dict[str, str]]:
    return {contact["email"]: contact for contact in crm.contacts().values()}


def test_both_ways(tmp_path: Path, crm: StandInCrm) -> None:
    office = _office(tmp_path, crm, on_delete="archive")
    office["shop"].add(email=BOB, first_name="Bob", last_name="Ray")
    ann = crm.create_contact(email=ANN, firstname="Ann", lastname="Lee")
    assert "reached: 1 stream, contacts" in office.hub("check").stdout
    assert office.hub.sync()["contacts.crm"]["created"] == 1
    assert (office["shop"].row(ANN)["last_name"], _people(crm)[BOB]["lastname"]) == ("Lee", "Ray")
    office["shop"].edit(BOB, first_name="Robert", last_name=None)
    crm.edit(ann, phone="+49301234567")
    assert office.hub.sync()["contacts.crm"]["updated"] == 1
    assert (_people(crm)[BOB]["firstname"], _people(crm)[BOB]["lastname"]) == ("Robert", "")
    assert office["shop"].row(ANN)["phone"] == "+49301234567"
    assert written(office.hub.sync()) == 0
    crm.create_contact(email=CID)
    office["shop"].remove(BOB)
    office.hub("sync", "--allow", "deletes=1")
    assert set(_people(crm)) == {ANN, CID}
    crm.archive(ann)
    office.hub("sync", "--allow", "deletes=1")
    assert office["shop"].emails() == [CID]
    assert written(office.hub.sync()) == 0


@pytest.mark.parametrize("mapping", [MAPPING, MAPPING.replace(NAMELESS, "")], ids=["keeps the hub's id", "does not"])
@pytest.mark.parametrize("email", [ANN, None])
def test_a_contact_whose_answer_was_lost_is_made_once(
    tmp_path: Path, crm: StandInCrm, email: str | None, mapping: str
) -> None:
    """Ann is made and the connection breaks. The next run finds her by the hub's id, by e-mail, or in the whole list."""
    office = _office(tmp_path, crm, mapping=mapping)
    office["shop"].add(email=BOB, first_name="Bob", last_name="Ray")
    office.hub("sync")
    office["shop"].add(email=email, first_name="Ann", last_name="Lee", phone="+49301234567")
    crm.drop_answer("/batch/create")
    office.hub("sync", code=1)
    for _run in range(2):
        office.hub("sync", code=None)
    assert sorted(found["firstname"] for found in crm.contacts().values()) == ["Ann", "Bob"]
    assert written(office.hub.sync()) == 0


def test_a_contact_that_somebody_entered_just_before(tmp_path: Path, crm: StandInCrm) -> None:
    office = _office(tmp_path, crm)
    office["shop"].add(email=ANN, first_name="Ann", last_name="Lee")
    crm.meanwhile("/batch/create", lambda: crm.create_contact(email=ANN, phone="+49301234567"))
    office.hub("sync")
    office.hub("sync")
    (ann,) = crm.contacts().values()
    assert (ann["lastname"], office["shop"].row(ANN)["phone"]) == ("Lee", "+49301234567")
    assert written(office.hub.sync()) == 0


def test_a_description_is_linted_like_the_hub_file(tmp_path: Path, crm: StandInCrm) -> None:
    office = _office(tmp_path, crm)
    office.hub.write("rest/crm.toml", DESCRIPTION.replace("records = ", "recrods = "))
    told = office.hub("check", "--offline", code=2).stdout
    line = DESCRIPTION.split("records = ")[0].count("\n") + 1
    assert f"rest/crm.toml:{line}:1: unknown key 'recrods': did you mean 'records'?" in " ".join(told.split())
    refused = office.hub("sync", code=2).stderr
    assert f"rest/crm.toml:{line}:1: unknown key 'recrods'" in " ".join(refused.split())


def test_no_secret_is_told(tmp_path: Path, crm: StandInCrm) -> None:
    office = _office(tmp_path, crm)
    crm.revoke_token()
    done = office.hub("-v", "--debug", "sync", code=None)
    assert "refused the credentials (401)" in done.stdout + done.stderr
    assert crm.token not in done.stdout + done.stderr


def test_two_runs_at_once_and_a_refresh_token_that_rotates(tmp_path: Path) -> None:
    """Two processes that start with one refresh token: each uses the one that the other has left, and none is lost."""
    with people_api() as api:
        hub = Hub(tmp_path)
        hub.write("rest/people.toml", PEOPLE.format(token_url=api.url.replace("/v1", "/oauth/token")))
        hub.write(
            "hub.toml",
            f'[systems.people]\nconnector = "rest"\ndescription = "rest/people.toml"\nurl = "{api.url}"\n'
            'secrets = { refresh_token = "file:refresh", client_secret = "env:SECRET" }\n',
        )
        hub.write("refresh", "refresh-0\n").chmod(0o600)
        hub.environ["SECRET"] = "app-secret"
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: hub("check"), range(3)))
        assert all("reached: 1 stream, people" in one.stdout for one in done)
        assert (api.handed_out, (tmp_path / "refresh").read_text()) == (3, "refresh-3")
        api.refresh_token = "taken back"
        told = " ".join(hub("check", code=1).stdout.split())
        assert "people refused the refresh token (400): the refresh token was used already" in told
        assert "synchub secret set" in told
