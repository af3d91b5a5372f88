"""Low-code manifests run by airbyte-cdk from the package index: the one of the manual, and one that others wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from acceptance.command import Hub, written
from acceptance.installed import hub_in, installed
from acceptance.into_a_list import LIST, MAPPING, MEMBER
from servers.serving import serving

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "airbyte-source-rocket-chat"
BESIDE = "airbyte-source-courier"
"""Its settings and schemas lie in files beside its manifest."""
TOKEN = "let-me-in-please"
SYSTEM = """

[systems.people]
connector = "airbyte"
manifest  = "{manifest}"

[systems.people.secrets]
token = "env:TOKEN"

[systems.people.settings]
{settings}
"""


@pytest.fixture(scope="session")
def engine() -> Path:
    """airbyte-cdk and the packages."""
    return installed("airbyte", f"{PACKAGE}==0.1.13", f"{BESIDE}==0.1.0")


@dataclass
class People:
    """People over HTTP. `asked`: the paths that were asked for."""

    rows: list[dict[str, Any]]
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        if path == "/api/v1/users.list":
            start = int(query.get("offset", ["0"])[0])
            return {"users": self.rows[start : start + 1]}
        changed = [row for row in self.rows if row["changed"] >= query["since"][0]]
        return {"people": changed if query["page"] == ["1"] else []}


@contextmanager
def people_api(rows: list[dict[str, Any]], header: str, token: str) -> Iterator[People]:
    people = People(rows)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            people.asked.append(self.path)
            asked = urlparse(self.path)
            known = self.headers.get(header) == token
            body = json.dumps(people.answer(asked.path, parse_qs(asked.query)) if known else {}).encode()
            self.send_response(200 if known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as server:
        people.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield people


@pytest.fixture
def hub(engine: Path, tmp_path: Path) -> Hub:
    made = hub_in(tmp_path / "hub", engine, {"TOKEN": TOKEN})
    made.write("list.csv", "id,mail,name\n")
    made.write("mappings/list.toml", MAPPING.format(key="id", mail="mail", name="name"))
    shutil.copy(ROOT / "docs" / "examples" / "airbyte" / "people.yaml", made.folder)
    return made


def configure(hub: Hub, manifest: str, stream: str, **settings: str) -> None:
    table = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    hub.write("hub.toml", LIST + (MEMBER + SYSTEM).format(manifest=manifest, stream=stream, settings=table))


def listed(hub: Hub) -> list[str]:
    return sorted(line.split(",", 1)[1] for line in (hub.folder / "list.csv").read_text().splitlines()[1:])


def test_the_manifest_of_the_manual_goes_on_where_it_was_and_fails_without_harm(hub: Hub) -> None:
    rows = [
        {"id": 1, "mail": "ann@acme.com", "name": "Ann Lee", "changed": "2024-05-01T10:00:00Z"},
        {"id": 2, "mail": "bob@acme.com", "name": "Bob Ray", "changed": "2024-05-02T10:00:00Z"},
    ]
    hub.write("mappings/people.toml", MAPPING.format(key="id", mail="mail", name="name"))
    with people_api(rows, "Authorization", f"Bearer {TOKEN}") as people:
        configure(hub, "people.yaml", "people", base_url=people.address)
        hub("check")
        (stream,) = hub.json("streams", "people", "people")["streams"]
        assert (stream["key"], stream["updated_at"]) == (["id"], "changed")
        assert {each["name"]: each["type"] for each in stream["fields"]}["changed"] == "datetime"
        assert written(hub.sync()) == 2
        assert listed(hub) == ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Ray"]

        rows[0] |= {"name": "Ann Lee-Ray", "changed": "2024-06-01T10:00:00Z"}
        del rows[1]  # what only changed is no reason to delete anybody
        people.asked.clear()
        assert written(hub.sync()) == 1
        assert listed(hub) == ["ann@acme.com,Ann Lee-Ray", "bob@acme.com,Bob Ray"]
        assert people.asked
        assert all("since=2024-05-02T10" in path for path in people.asked)

        hub.environ["TOKEN"] = "another-token"
        told = hub("sync", code=1)
        assert "people.yaml was refused: HTTP Status Code: 401" in told.stdout + told.stderr
        assert "another-token" not in told.stdout + told.stderr
        told = hub("check", code=1)
        assert "people.yaml was refused" in told.stdout + told.stderr
    assert listed(hub) == ["ann@acme.com,Ann Lee-Ray", "bob@acme.com,Bob Ray"]


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("DpathExtraktor", "DpathExtractor", "people.yaml can't be run: {"),
        ("page_token_option", "page_token_option: [", "The manifest people.yaml can't be read: while parsing"),
    ],
)
def test_a_manifest_with_a_mistake_says_so_in_a_few_lines(hub: Hub, wrong: str, right: str, told: str) -> None:
    file = hub.folder / "people.yaml"
    text = file.read_text()
    file.write_text(text.replace(right, wrong) if right in text else text.replace(f"{wrong}:", right))
    hub.write("mappings/people.toml", MAPPING.format(key="id", mail="mail", name="name"))
    configure(hub, "people.yaml", "people", base_url="http://127.0.0.1:9")
    done = hub("check", code=1)
    assert " ".join(done.stdout.split()).count(told) == 1
    assert len(done.stdout) < 1500


def test_a_manifest_of_a_package_is_read_whole(hub: Hub) -> None:
    """Of airbyte-source-rocket-chat 0.1.13: it asks for one person at a time, and reads in full."""
    rows = [
        {"_id": "a", "username": "ann@acme.com", "name": "Ann Lee"},
        {"_id": "b", "username": "bob@acme.com", "name": "Bob Ray"},
    ]
    hub.write("mappings/people.toml", MAPPING.format(key="_id", mail="username", name="name"))
    with people_api(rows, "X-Auth-Token", TOKEN) as people:
        configure(hub, PACKAGE, "users", endpoint=people.address, user_id="u")
        assert f"{PACKAGE}  plugins/.venvs, version 0.1.13" in hub("plugin", "list").stdout
        (stream,) = hub.json("streams", "people", "users")["streams"]
        assert stream["key"] == ["_id"]
        assert written(hub.sync()) == 2
        assert listed(hub) == ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Ray"]
        del rows[1]
        assert written(hub.sync()) == 1
    assert listed(hub) == ["ann@acme.com,Ann Lee"]


def test_a_package_whose_settings_and_schemas_are_files_beside_its_manifest(hub: Hub) -> None:
    """Of airbyte-source-courier 0.1.0."""
    hub.write("mappings/people.toml", MAPPING.format(key="id", mail="recipient", name="event"))
    configure(hub, BESIDE, "messages")
    hub.write("hub.toml", (hub.folder / "hub.toml").read_text().replace("\ntoken = ", "\napi_key = "))
    (stream,) = [each for each in hub.json("streams", "people")["streams"] if each["stream"] == "messages"]
    found = {each["name"]: each["type"] for each in stream["fields"]}
    assert (stream["key"], found["recipient"], found["enqueued"]) == (["id"], "text", "number")


def test_schemas_of_ones_own_manifest_are_files_beside_it(hub: Hub) -> None:
    file = hub.folder / "people.yaml"
    text = file.read_text()
    cut = text.index("    schema_loader:")
    rest = text[cut:].splitlines()[1:]
    after = next(number for number, line in enumerate(rest) if not line.startswith("      "))
    file.write_text("\n".join([text[:cut].rstrip("\n"), *rest[after:], ""]))
    shape = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "mail": {"type": "string"}, "name": {"type": "string"}},
    }
    hub.write("schemas/people.json", json.dumps(shape))
    hub.write("mappings/people.toml", MAPPING.format(key="id", mail="mail", name="name"))
    rows = [{"id": 1, "mail": "ann@acme.com", "name": "Ann Lee", "changed": "2024-05-01T10:00:00Z"}]
    with people_api(rows, "Authorization", f"Bearer {TOKEN}") as people:
        configure(hub, "people.yaml", "people", base_url=people.address)
        (stream,) = hub.json("streams", "people", "people")["streams"]
        assert [each["name"] for each in stream["fields"]] == ["id", "mail", "name"]
        assert written(hub.sync()) == 1
    assert listed(hub) == ["ann@acme.com,Ann Lee"]


def test_a_secret_in_the_open_is_refused_before_anything_is_asked(hub: Hub) -> None:
    hub.write("mappings/people.toml", MAPPING.format(key="id", mail="mail", name="name"))
    with people_api([], "Authorization", f"Bearer {TOKEN}") as people:
        configure(hub, "people.yaml", "people", base_url=people.address, token="env:TOKEN")
        text = hub.folder / "hub.toml"
        text.write_text(text.read_text().replace('[systems.people.secrets]\ntoken = "env:TOKEN"\n', ""))
        told = hub("check", code=1).stdout
        assert "token stands under `settings`, and the manifest people.yaml calls it secret" in " ".join(told.split())
        assert people.asked == []
