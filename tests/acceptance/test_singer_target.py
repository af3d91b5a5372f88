"""Targets that others wrote, from the package index: planned, written, kept in agreement by the installed command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from acceptance.command import Hub, written
from acceptance.installed import hub_in, installed
from psycopg.rows import dict_row
from servers.postgresql import PASSWORD, USER, PostgreSQL
from servers.target import TOKEN, write_target

TARGETS = ("target-jsonl==0.1.4", "meltanolabs-target-postgres==0.8.1")
LIST = "id,mail,name,score,born,changed\n{}"
ANN = "1,ann@acme.com,Ann Lee,12.5,1990-01-02,2024-05-06T07:08:09Z\n"
BOB = "2,bob@acme.com,Bob Ray,,,\n"
HUB = """
[systems.list]
connector = "spreadsheet"
path      = "list.csv"

[systems.warehouse]
connector = "singer-target"
target    = "{target}"
{more}

[systems.warehouse.streams.people]
mail    = "text"
name    = "text"
score   = "number"
born    = "date"

[systems.warehouse.settings]
{settings}

[entities.contact.fields]
score = "number"

[syncs.contacts]
entity = "contact"

[syncs.contacts.members.list]
stream    = "list"
mapping   = "list"
direction = "in"

[syncs.contacts.members.warehouse]
stream    = "people"
mapping   = "warehouse"
direction = "out"
{member}
"""
MAPPING = """
entity = "contact"
key    = "{key}"

[fields]
email     = "mail"
full_name = "name"
score     = "score"
birthday  = "born"
"""


@pytest.fixture(scope="session")
def targets() -> Path:
    return installed("singer", *TARGETS)


@pytest.fixture
def hub(targets: Path, tmp_path: Path) -> Hub:
    made = hub_in(tmp_path / "hub", targets, {"POLARS_MAX_THREADS": "1", "TARGET_PASSWORD": PASSWORD})
    made.write("mappings/list.toml", MAPPING.format(key="id"))
    made.write("mappings/warehouse.toml", MAPPING.format(key="hub_id") + 'hub_id    = "hub_id"\n')
    made.write("list.csv", LIST.format(ANN + BOB))
    return made


def configure(hub: Hub, target: str, settings: dict[str, Any], *, more: str = "", member: str = "") -> None:
    table = "\n".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in settings.items())
    hub.write("hub.toml", HUB.format(target=target, settings=table, more=more, member=member))


def test_target_jsonl_gets_everybody_once_and_whole_records_after_that(hub: Hub) -> None:
    (hub.folder / "out").mkdir()
    configure(hub, "target-jsonl", {"destination_path": "out", "do_timestamp_file": False})
    hub("check")
    planned = hub("plan").stdout
    assert "ann@acme.com" in planned
    file = hub.folder / "out" / "people.jsonl"
    assert not file.exists()

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in file.read_text().splitlines()]

    assert written(hub.sync()) == 2
    assert [(row["mail"], row["name"]) for row in lines()] == [("ann@acme.com", "Ann Lee"), ("bob@acme.com", "Bob Ray")]
    assert written(hub.sync()) == 0
    hub.write("list.csv", LIST.format(ANN.replace("Ann Lee", "Ann Ray") + BOB))
    assert written(hub.sync()) == 1
    *_, last = lines()
    first, *_ = lines()
    assert last == {**first, "name": "Ann Ray"}
    assert written(hub.sync()) == 0
    assert len(lines()) == 3


def test_target_postgres_holds_what_the_hub_knows(hub: Hub, postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    configure(
        hub,
        "meltanolabs-target-postgres",
        {
            "host": "127.0.0.1",
            "port": postgresql.port,
            "user": USER,
            "database": url.rpartition("/")[2],
            "dialect+driver": "postgresql+psycopg",
            "default_target_schema": "hub",
        },
        more='deleted_at = "_sdc_deleted_at"\n\n[systems.warehouse.secrets]\npassword = "env:TARGET_PASSWORD"',
        member='on_delete = "archive"\nlimits    = { deletes = "100%" }',
    )

    def rows() -> list[dict[str, Any]]:
        with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as there:
            return there.execute(
                "SELECT hub_id, mail, name, score, born, _sdc_deleted_at FROM hub.people ORDER BY mail"
            ).fetchall()

    hub("check")
    hub("plan")
    assert written(hub.sync()) == 2
    ann, bob = rows()
    assert (ann["mail"], ann["name"], float(ann["score"]), str(ann["born"])[:10]) == (
        "ann@acme.com",
        "Ann Lee",
        12.5,
        "1990-01-02",
    )
    assert (bob["score"], bob["born"]) == (None, None)
    assert ann["hub_id"] != bob["hub_id"]
    assert written(hub.sync()) == 0

    # A change of one field, and one that is cleared: the others stay as they are.
    hub.write("list.csv", LIST.format(ANN.replace("12.5", "").replace("Lee", "Ray") + BOB))
    assert written(hub.sync()) == 1
    changed, _ = rows()
    assert {**changed, "name": "Ann Lee", "score": ann["score"]} == ann
    assert (changed["name"], changed["score"]) == ("Ann Ray", None)
    assert written(hub.sync()) == 0

    # Somebody is gone: the row says since when.
    hub.write("list.csv", LIST.format(BOB))
    assert written(hub.sync()) == 1
    gone, kept = rows()
    assert gone["_sdc_deleted_at"]
    assert gone["name"] == "Ann Ray"
    assert kept["_sdc_deleted_at"] is None
    assert written(hub.sync()) == 0


def test_target_postgres_that_can_not_get_in_loses_nothing(hub: Hub, postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    settings = {
        "host": "127.0.0.1",
        "port": postgresql.port,
        "user": USER,
        "database": url.rpartition("/")[2],
        "dialect+driver": "postgresql+psycopg",
    }
    secrets = '\n[systems.warehouse.secrets]\npassword = "env:TARGET_PASSWORD"'
    configure(hub, "meltanolabs-target-postgres", settings, more=secrets)
    wrong = Hub(hub.folder, {**hub.environ, "TARGET_PASSWORD": "not-the-password"})
    done = wrong("sync", "--json", code=1)
    (member,) = [one for one in json.loads(done.stdout)["runs"][0]["members"] if one["member"] == "warehouse"]
    assert "target-postgres ended with exit code 1" in member["problem"]
    assert "not-the-password" not in done.stdout + done.stderr
    assert written(hub.sync()) == 2
    assert written(hub.sync()) == 0


EVENTS = """
[systems.list]
connector = "spreadsheet"
path      = "list.csv"

[systems.visits]
connector = "spreadsheet"
path      = "visits.csv"

[systems.lake]
connector = "singer-target"
target    = "./target-fake"

[systems.lake.streams.visits]
who  = "text"
kind = "text"
at   = "datetime"

[systems.lake.settings]
file = "{file}"

[systems.lake.secrets]
token = "env:TARGET_PASSWORD"

[syncs.contacts]
entity = "contact"

[syncs.contacts.members.list]
stream    = "list"
mapping   = "list"
direction = "in"

[syncs.activity]
entity = "event"

[syncs.activity.members.visits]
stream    = "visits"
mapping   = "visits"
direction = "in"

[syncs.activity.members.lake]
stream    = "visits"
mapping   = "lake"
direction = "out"
"""


def event_mapping(contact: str, more: str, key: str) -> str:
    own = f'contact = {{ native = "{contact}", by = "email" }}\ntype = "kind"\noccurred_at = "at"\n{more}'
    return f'entity = "event"\nkey = "{key}"\n\n[fields]\n{own}'


def test_events_are_passed_on_once_though_the_target_was_down(tmp_path: Path) -> None:
    """A target of our own: it can be cut off, and counts."""
    write_target(tmp_path)
    file = tmp_path / "rows.json"
    hub = Hub(tmp_path, {"POLARS_MAX_THREADS": "1", "TARGET_PASSWORD": TOKEN})
    hub.write("hub.toml", EVENTS.format(file=file))
    hub.write("mappings/list.toml", 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\n')
    hub.write("mappings/visits.toml", event_mapping("mail", "", "id"))
    hub.write("mappings/lake.toml", event_mapping("who", 'hub_id = "hub_id"\n', "hub_id"))
    hub.write("list.csv", "id,mail\n1,ann@acme.com\n")
    hub.write("visits.csv", "id,mail,kind,at\n7,ann@acme.com,visit,2024-01-02T03:04:05Z\n")
    file.with_name("rows.json.down").touch()
    hub("check", code=1)
    hub.sync(code=1)
    assert not file.exists()
    file.with_name("rows.json.down").unlink()
    assert written(hub.sync()) == 1
    (row,) = json.loads(file.read_text()).values()
    assert (row["who"], row["kind"], row["at"]) == ("ann@acme.com", "visit", "2024-01-02T03:04:05Z")
    file.unlink()
    assert written(hub.sync()) == 0
    assert not file.exists()
    told = hub("streams", "lake", "visits").stdout
    assert "can only be written" in told
