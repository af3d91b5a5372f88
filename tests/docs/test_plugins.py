"""docs/plugins.md: every hook is there, and the plugins on the page run as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acceptance.command import Hub, written
from docs.pages import ROOT, code, fences, read, table

from synchub.plugins.deprecations import DEPRECATIONS
from synchub.plugins.hooks import HOOKS

PAGE = ROOT / "docs" / "plugins.md"
CONNECTOR, RULE, TRANSFORM, TABLE, RESOURCE, TEST = (
    next(fence.text for fence in fences(PAGE, "python") if mark in fence.text)
    for mark in (
        "class JsonLines",
        "def shortest",
        "def strip_legal_form",
        "def dinner",
        "@dlt.resource",
        "class TestJsonLines",
    )
)
MAPPING, MEMBER, GUESTS, QUALITY = (
    next(fence.text for fence in fences(PAGE, "toml") if mark in fence.text)
    for mark in ("mappings/people.toml", 'connector = "jsonlines"', 'connector = "guests"', "jsonlines.quality.toml")
)

HUB = """
[hub]
region = "DE"

[systems.list]
connector = "spreadsheet"
path      = "list.csv"

[entities.contact.rules]
job_title = ["shortest", "newest"]
"""
LIST = """
[syncs.contacts.members.list]
stream  = "list"
mapping = "list"
"""
LIST_MAPPING = """
entity = "contact"
key    = "id"

[fields]
email     = "mail"
full_name = "name"
company   = { native = "firm", transform = ["strip_legal_form"] }
job_title = "job"

[[tests]]
native  = { firm = "Acme GmbH" }
contact = { company = "Acme" }
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with the three plugins of the page: people in JSON lines and in a list."""
    made = Hub(tmp_path / "hub")
    made.write("hub.toml", HUB + MEMBER + LIST)
    made.write("mappings/people.toml", MAPPING)
    made.write("mappings/list.toml", LIST_MAPPING)
    for name, text in (("jsonlines", CONNECTOR), ("shortest", RULE), ("legal", TRANSFORM)):
        made.write(f"plugins/{name}.py", text)
    made.write(
        "people.jsonl",
        '{"id": "a", "email": "ann@acme.com", "name": "Ann Lee", "changed": "2024-05-01T10:00:00Z"}\n',
    )
    made.write(
        "list.csv",
        "id,mail,name,firm,job\n1,ann@acme.com,,Acme GmbH,Boss\n2,bob@acme.com,Bob Ray,Acme Ltd,\n",
    )
    for path in (made.folder, *made.folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    return made


def people(hub: Hub) -> list[dict[str, str]]:
    return [json.loads(line) for line in (hub.folder / "people.jsonl").read_text().splitlines()]


def test_the_plugins_of_the_page_are_loaded(hub: Hub) -> None:
    told = hub("plugin", "list").stdout
    for offer in ("connector: jsonlines", "rule: shortest", "transform: strip_legal_form"):
        assert offer in told
    hub("check")
    hub("test")


def test_the_connector_syncs_both_ways(hub: Hub) -> None:
    assert written(hub.sync()) == 2
    assert [(row["email"], row["name"]) for row in people(hub)] == [
        ("ann@acme.com", "Ann Lee"),
        ("bob@acme.com", "Bob Ray"),
    ]
    assert "1,ann@acme.com,Ann Lee,Acme GmbH,Boss" in (hub.folder / "list.csv").read_text()
    assert written(hub.sync()) == 0

    rows = people(hub)
    rows[1] |= {"name": "Robert Ray", "changed": "2034-05-01T10:00:00Z"}
    hub.write("people.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert written(hub.sync()) == 1
    assert "Robert Ray" in (hub.folder / "list.csv").read_text()
    assert written(hub.sync()) == 0


def test_the_rule_decides(hub: Hub) -> None:
    hub.write("mappings/people.toml", MAPPING.replace('full_name = "name"', 'job_title = "name"'))
    hub.sync()
    assert people(hub)[0]["name"] == "Boss"


def test_the_table_is_read_and_its_rows_may_go(tmp_path: Path) -> None:
    made = Hub(tmp_path / "hub")
    made.write("hub.toml", GUESTS + HUB.partition("[entities")[0] + LIST)
    made.write(
        "mappings/guests.toml", 'entity = "contact"\nkey = "mail"\n[fields]\nemail = "mail"\nfull_name = "name"\n'
    )
    made.write("mappings/list.toml", 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\nfull_name = "name"\n')
    made.write("plugins/guests.py", TABLE)
    made.write("people.csv", "mail,name\nann@acme.com,Ann Lee\nbob@acme.com,Bob Ray\n")
    made.write("seats.csv", "mail,seat\nann@acme.com,1\nbob@acme.com,2\n")
    made.write("list.csv", "id,mail,name\n")
    for path in (made.folder, *made.folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    made("check")
    (dinner,) = made.json("streams", "guests", "dinner")["streams"]
    assert [field["name"] for field in dinner["fields"]] == ["mail", "name"]
    assert written(made.sync()) == 2
    assert "bob@acme.com,Bob Ray" in (made.folder / "list.csv").read_text()
    made.write("seats.csv", "mail,seat\nann@acme.com,1\n")
    assert written(made.sync()) == 0
    assert "gone" in made("why", "contact", "bob@acme.com").stdout


def test_the_resource_of_dlt_is_read_and_its_rows_may_go(tmp_path: Path) -> None:
    made = Hub(tmp_path / "hub", {"RUNTIME__DLTHUB_TELEMETRY": "false", "HOME": str(tmp_path)})
    settings = GUESTS.replace("guests", "signups").replace('"dinner"', '"people"')
    made.write("hub.toml", settings + HUB.partition("[entities")[0] + LIST)
    mapping = 'entity = "contact"\nkey = "id"\n[fields]\nemail = "mail"\nfull_name = "name"\n'
    made.write("mappings/signups.toml", mapping)
    made.write("mappings/list.toml", mapping)
    made.write("plugins/signups.py", RESOURCE)
    made.write("list.csv", "id,mail,name\n")
    people = [{"id": 7, "mail": "ann@acme.com", "name": "Ann Lee", "changed": "2024-05-01T10:00:00Z"}]
    made.write("signups/1.json", json.dumps(people))
    made.write("signups/2.json", json.dumps({"id": 8, "mail": "bob@acme.com", "name": "Bob Ray", "changed": None}))
    for path in (made.folder, *made.folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    made("check")
    assert written(made.sync()) == 2
    assert "bob@acme.com,Bob Ray" in (made.folder / "list.csv").read_text()
    assert written(made.sync()) == 0
    (made.folder / "signups" / "2.json").unlink()
    made.sync()
    assert "gone" in made("why", "contact", "bob@acme.com").stdout


@pytest.fixture
def tried(hub: Hub) -> Hub:
    """The same with the connector's scene, its test and what it claims."""
    hub.write("tests/test_jsonlines.py", TEST)
    hub.write("plugins/jsonlines.quality.toml", QUALITY)
    return hub


def test_the_test_of_the_page_passes(tried: Hub) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tried.folder, "tests"],
        cwd=tried.folder,
        env={**os.environ, "PYTHONPATH": str(tried.folder / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 20


def test_the_connector_of_the_page_is_of_the_tier_that_it_claims(tried: Hub) -> None:
    told = tried.json("plugin", "check", "plugins/jsonlines.py", "--strict")["quality"]
    assert (told["connector"], told["tier"], told["claimed"], told["notes"]) == ("jsonlines", "silver", "silver", [])


def test_every_hook_has_a_line() -> None:
    rows = table(read("docs/plugins.md"), "hook", "returns")
    assert [name for row in rows for name in code(row["hook"])] != []
    assert {name for row in rows for name in code(row["hook"])} == set(HOOKS)


def test_the_shortened_transform_is_the_one_in_plugins() -> None:
    own = (ROOT / "plugins" / "legal_form.py").read_text()
    for line in (
        "def synchub_transforms()",
        'Transform("strip_legal_form", strip_legal_form',
        "def strip_legal_form(text",
    ):
        assert line in own
        assert line in TRANSFORM


def test_all_that_is_deprecated_is_in_the_manual() -> None:
    page = read(PAGE)
    listed = table(page, "what", "since", "removed in", "do")
    assert [tuple(row.values()) for row in listed] == [
        (f"`{one.what}`", one.since, one.gone, one.use) for one in DEPRECATIONS
    ]
    assert ("Nothing yet." in page) == (not DEPRECATIONS)
