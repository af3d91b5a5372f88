"""Taps that others wrote, from the package index: installed, discovered, read whole and read on, with two-way members."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from acceptance.command import Hub, written
from acceptance.installed import hub_in, installed
from acceptance.into_a_list import LIST, MAPPING, MEMBER
from servers.serving import serving

TAPS = ("tap-jsonl==0.3.1", "tap-dbf==0.1.25", "tap-rest-api==0.2.22")
PEOPLE = [
    {"id": 1, "mail": "ann@acme.com", "name": "Ann Lee", "changed": "2024-05-01T10:00:00Z"},
    {"id": 2, "mail": "bob@acme.com", "name": "Bob Ray", "changed": "2024-05-02T10:00:00Z"},
]
SYSTEM = """

[systems.people]
connector = "singer"
tap       = "{tap}"
{more}
"""


@pytest.fixture(scope="session")
def taps() -> Path:
    return installed("singer", *TAPS)


@pytest.fixture
def hub(taps: Path, tmp_path: Path) -> Hub:
    made = hub_in(tmp_path / "hub", taps)
    made.write("list.csv", "id,mail,name\n")
    made.write("mappings/list.toml", MAPPING.format(key="id", mail="mail", name="name"))
    made.write("mappings/people.toml", MAPPING.format(key="id", mail="mail", name="name"))
    return made


def configure(hub: Hub, tap: str, stream: str, settings: dict[str, Any], more: str = "") -> None:
    table = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    hub.write(
        "hub.toml",
        LIST + (MEMBER + SYSTEM).format(tap=tap, stream=stream, more=f"{more}\n[systems.people.settings]\n{table}"),
    )


def listed(hub: Hub) -> list[str]:
    return sorted(line.split(",", 1)[1] for line in (hub.folder / "list.csv").read_text().splitlines()[1:])


BOTH = ["ann@acme.com,Ann Lee", "bob@acme.com,Bob Ray"]


def test_taps_are_listed_with_their_versions(hub: Hub) -> None:
    configure(hub, "tap-jsonl", "jsonl", {"path": "x.jsonl"})
    told = hub("plugin", "list").stdout
    for tap in TAPS:
        name, _, version = tap.partition("==")
        assert f"{name}  plugins/.venvs, version {version}" in told


def test_tap_jsonl_reads_what_changed(hub: Hub) -> None:
    file = hub.write("people.jsonl", "".join(json.dumps(row) + "\n" for row in PEOPLE))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    configure(hub, "tap-jsonl", "jsonl", {"path": str(file), "primary_keys": ["id"]})
    hub("check")
    (stream,) = hub.json("streams", "people", "jsonl")["streams"]
    assert stream["key"] == ["id"]
    assert {field["name"]: field["type"] for field in stream["fields"]}["changed"] == "datetime"
    assert written(hub.sync()) == 2
    assert listed(hub) == BOTH
    (member,) = [each for each in hub.json("status")["status"]["members"] if each["member"] == "people"]
    assert '"bookmarks":{"jsonl"' in member["cursor"]

    # One is left out and one is new: what only changed is no reason to delete anybody.
    file.write_text(json.dumps({**PEOPLE[0], "id": 3, "mail": "eve@acme.com", "name": "Eve Ito"}) + "\n")
    assert written(hub.sync()) == 1
    assert listed(hub) == [*BOTH, "eve@acme.com,Eve Ito"]
    assert written(hub.sync()) == 0


def test_tap_jsonl_can_be_read_whole(hub: Hub) -> None:
    file = hub.write("people.jsonl", "".join(json.dumps(row) + "\n" for row in PEOPLE))
    configure(hub, "tap-jsonl", "jsonl", {"path": str(file), "primary_keys": ["id"]}, 'full = ["jsonl"]')
    assert written(hub.sync()) == 2
    file.write_text(json.dumps(PEOPLE[0]) + "\n")
    assert written(hub.sync()) == 1
    assert listed(hub) == BOTH[:1]


def dbf(rows: list[dict[str, Any]]) -> bytes:
    """A table of dBASE III: an ID, a MAIL and a NAME of 30 characters."""
    fields = ("ID", "MAIL", "NAME")
    head = struct.pack("<4BIHH20x", 3, 124, 5, 1, len(rows), 32 + 32 * len(fields) + 1, 1 + 30 * len(fields))
    columns = b"".join(struct.pack("<11sc4xBB14x", name.encode(), b"C", 30, 0) for name in fields)
    cells = b"".join(b" " + b"".join(str(row[name.lower()]).encode().ljust(30) for name in fields) for row in rows)
    return head + columns + b"\r" + cells + b"\x1a"


def test_tap_dbf_reads_a_table_whole(hub: Hub) -> None:
    file = hub.folder / "people.dbf"
    file.write_bytes(dbf(PEOPLE))
    configure(hub, "tap-dbf", "people", {"path": str(file)}, 'full = ["people"]')
    hub.write("mappings/people.toml", MAPPING.format(key="ID", mail="MAIL", name="NAME"))
    (stream,) = hub.json("streams", "people")["streams"]
    configure(hub, "tap-dbf", stream["stream"], {"path": str(file)}, f'full = ["{stream["stream"]}"]')
    assert written(hub.sync()) == 2
    assert listed(hub) == BOTH
    file.write_bytes(dbf(PEOPLE[:1]))
    assert written(hub.sync()) == 1
    assert listed(hub) == BOTH[:1]


@contextmanager
def people_api(rows: list[dict[str, Any]], asked: list[str]) -> Iterator[str]:
    """People over HTTP, those that changed since what is asked for. Notes the paths that were asked for."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if not rows:  # refused: this tap tries everything else again for half a minute
                self.send_error(404)
                return
            since = parse_qs(urlparse(self.path).query).get("since", [""])[0]
            body = json.dumps([row for row in rows if row["changed"] >= since]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_tap_rest_api_goes_on_where_it_was_and_fails_without_harm(hub: Hub) -> None:
    """A tap of the first generation: no metadata in its catalog, a state of its own."""
    text = {"type": ["null", "string"]}
    fields = {"id": {"type": "integer"}, "mail": text, "name": text, "changed": {**text, "format": "date-time"}}
    hub.write("schema/people.json", json.dumps({"type": "object", "properties": fields}))
    rows, asked = [dict(row) for row in PEOPLE], list[str]()
    with people_api(rows, asked) as address:
        settings = {
            "url": f"{address}/people?since={{start_datetime}}",
            "streams": "people",
            "schema_dir": str(hub.folder / "schema"),
            "catalog_dir": str(hub.folder / "catalog"),
            "auth_method": "no_auth",
            "datetime_key": "changed",
            "start_datetime": "2020-01-01T00:00:00Z",
            "items_per_page": 100,
        }
        configure(hub, "tap-rest-api", "people", settings)
        hub("check")
        assert written(hub.sync()) == 2
        assert listed(hub) == BOTH
        rows[0] |= {"name": "Ann Lee-Ray", "changed": "2024-06-01T10:00:00Z"}
        asked.clear()
        assert written(hub.sync()) == 1
        assert listed(hub) == ["ann@acme.com,Ann Lee-Ray", BOTH[1]]
        assert asked
        assert all("2024-05-02" in path for path in asked)
        rows.clear()
        told = hub("sync", code=1)
    assert "tap-rest-api ended with exit code" in told.stdout + told.stderr
    assert listed(hub) == ["ann@acme.com,Ann Lee-Ray", BOTH[1]]
