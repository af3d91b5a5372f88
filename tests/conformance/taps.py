"""A scene of the singer connector: a tap over a file of JSON lines, as a program of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synchub.api import Row
from synchub.testing.conformance import Scene
from synchub_connectors.singer.connector import Singer

TAP = """#!{python} -IS
import json, os, sys

options = dict(zip(sys.argv[1:], sys.argv[2:] + [""]))
with open(options["--config"]) as file:
    config = json.load(file)
if config["token"] != "let me in, please":
    sys.exit("the token is wrong")
if os.path.exists("{folder}/down"):
    sys.exit("the system can't be reached")
text = {{"type": ["null", "string"]}}
schema = {{"type": "object", "properties": {{"id": {{"type": "string"}}, "email": text, "name": text, "changed": text}}}}
about = [{{"breadcrumb": [], "metadata": {{"replication-method": "{method}", "table-key-properties": ["id"]}}}}]
if "--discover" in sys.argv:
    print(json.dumps({{"streams": [{{"tap_stream_id": "people", "stream": "people", "schema": schema, "metadata": about}}]}}))
    sys.exit()
print(json.dumps({{"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]}}))
last = ""
if "--state" in options:
    with open(options["--state"]) as file:
        last = json.load(file)["last"]
with open("{folder}/people.jsonl") as file:
    rows = sorted((json.loads(line) for line in file), key=lambda row: row["changed"])
for number, row in enumerate(rows):
    if row["changed"] >= last:
        print(json.dumps({{"type": "RECORD", "stream": "people", "record": row}}))
        if "{method}" == "INCREMENTAL" and (number % 1000 == 0 or number == len(rows) - 1):
            print(json.dumps({{"type": "STATE", "value": {{"last": row["changed"]}}}}))
"""


class People(Scene):
    """People behind a tap that reads them whole."""

    connector = Singer
    stream = "people"
    mapping = {"email": "email", "full_name": "name"}  # noqa: RUF012 - as the base class has it
    plugin = "synchub_connectors"
    many = 10_001
    method = "FULL_TABLE"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "people.jsonl"
        self.file.touch()
        self.planted = 0
        tap = folder / "tap-people"
        tap.write_text(TAP.format(python=sys.executable, folder=folder, method=self.method), "utf-8")
        tap.chmod(0o755)

    def settings(self) -> Mapping[str, Any]:
        return {"tap": "./tap-people", "secrets": {"token": "let me in, please"}}

    def plant(self, values: Row) -> str:
        self.planted += 1
        name = f"row {self.planted}"
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**values, "id": name, "changed": self.now().isoformat()}) + "\n")
        return name

    def change(self, name: str, values: Row) -> None:
        rows = dict(self.rows())
        rows[name] = {**rows[name], **values, "changed": self.now().isoformat()}
        self._save(rows)

    def remove(self, name: str) -> None:
        self._save({other: row for other, row in self.rows().items() if other != name})

    def rows(self) -> Mapping[str, Row]:
        return {row["id"]: row for row in map(json.loads, self.file.read_text("utf-8").splitlines())}

    def _save(self, rows: Mapping[str, Row]) -> None:
        self.file.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), "utf-8")

    def cut(self) -> None:
        (self.folder / "down").touch()

    def mend(self) -> None:
        (self.folder / "down").unlink()


class Changing(People):
    """The same, behind a tap that goes on from where it was."""

    method = "INCREMENTAL"
