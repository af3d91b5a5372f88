"""A scene of the airbyte connector: a manifest over a file of JSON lines, run by a stand-in for airbyte-cdk."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.taps import People as Tapped
from servers.manifest import write_engine

from synchub.api import environment_of
from synchub_connectors.airbyte.connector import Airbyte

SOURCE = """#!{python} -IS
import json, os, sys

command = sys.argv[1]
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
with open(options["--config"]) as file:
    config = json.load(file)


def say(kind, **more):
    print(json.dumps({{"type": kind, **more}}), flush=True)


def fail(text, kind):
    if command == "check":
        say("CONNECTION_STATUS", connectionStatus={{"status": "FAILED", "message": text}})
        sys.exit()
    say("TRACE", trace={{"type": "ERROR", "emitted_at": 1, "error": {{"message": text, "failure_type": kind}}}})
    sys.exit(1)


if config["token"] != "let me in, please":
    fail("HTTP Status Code: 401. Error: Unauthorized.", "config_error")
if os.path.exists("{folder}/down"):
    fail("Exhausted available request attempts. ConnectionError", "transient_error")
if command == "check":
    say("CONNECTION_STATUS", connectionStatus={{"status": "SUCCEEDED"}})
    sys.exit()
text = {{"type": ["null", "string"]}}
schema = {{"type": "object", "properties": {{"id": {{"type": "string"}}, "email": text, "name": text, "changed": text}}}}
if command == "discover":
    stream = {{"name": "people", "json_schema": schema, "source_defined_primary_key": [["id"]]}}
    say("CATALOG", catalog={{"streams": [{{**stream, "supported_sync_modes": {modes}}}]}})
    sys.exit()
last = ""
if "--state" in options:
    with open(options["--state"]) as file:
        last = json.load(file)[0]["stream"]["stream_state"]["last"]
people = {{"stream_descriptor": {{"name": "people"}}}}
with open("{folder}/people.jsonl") as file:
    rows = sorted((json.loads(line) for line in file), key=lambda row: row["changed"])
for number, row in enumerate(rows):
    if row["changed"] >= last:
        say("RECORD", record={{"stream": "people", "data": row, "emitted_at": 1}})
        if number % 1000 == 0 or number == len(rows) - 1:
            say("STATE", state={{"type": "STREAM", "stream": {{**people, "stream_state": {{"last": row["changed"]}}}}}})
say("TRACE", trace={{"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {{**people, "status": "COMPLETE"}}}})
"""


class People(Tapped):
    """People behind a manifest that reads them whole."""

    connector = Airbyte
    modes: tuple[str, ...] = ("full_refresh",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        write_engine(folder)
        program = environment_of(folder, "airbyte-cdk") / "bin" / "source-declarative-manifest"
        program.write_text(SOURCE.format(python=sys.executable, folder=folder, modes=json.dumps(self.modes)), "utf-8")

    def settings(self) -> Mapping[str, Any]:
        return {"manifest": "people.yaml", "secrets": {"token": "let me in, please"}}


class Changing(People):
    """The same, behind a manifest that goes on from where it was."""

    modes = ("full_refresh", "incremental")
