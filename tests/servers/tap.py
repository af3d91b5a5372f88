"""A tap of Singer that does what its settings say: every shape of a tap that goes wrong, without one that does.

Its settings: `streams` is the catalog's, `lines` what it prints (text as it is, all else as JSON), `log` what it complains
about, `exit` its exit code, `hang` how long it then does nothing. `{"long": N}` among the lines is a record of N bytes,
`config` is put into its configuration file; `note` is a file where it writes down how it was called.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

PROGRAM = """#!{python} -IS
import json, os, sys, time

options = dict(zip(sys.argv[1::1], sys.argv[2::1] + [""]))
said = json.load(open(options["--config"]))
if "note" in said:
    with open(said["note"], "a") as note:
        files = {{name: json.load(open(path)) for name, path in options.items() if os.path.isfile(path)}}
        paths = {{name: [path, os.stat(path).st_mode & 0o777] for name, path in options.items() if os.path.isfile(path)}}
        note.write(json.dumps([sys.argv, dict(os.environ), files, paths]) + "\\n")
if "config" in said:
    json.dump({{**said, **said["config"]}}, open(options["--config"], "w"))
for line in said.get("log", ()):
    print(line, file=sys.stderr, flush=True)
if "--discover" in sys.argv:
    print(said.get("banner", "") + json.dumps({{"streams": said["streams"]}}))
    sys.exit(said.get("discover_exit", 0))
for line in said.get("lines", ()):
    if isinstance(line, dict) and "long" in line:
        line = {{"type": "RECORD", "stream": "people", "record": {{"id": 99, "notes": "x" * line["long"]}}}}
    print(line if isinstance(line, str) else json.dumps(line), flush=True)
time.sleep(said.get("hang", 0))
sys.exit(said.get("exit", 0))
"""


def write_tap(folder: Path, name: str = "tap-fake") -> Path:
    """Put the tap into a folder; it is started as `./NAME`."""
    file = folder / name
    file.write_text(PROGRAM.format(python=sys.executable), "utf-8")
    file.chmod(0o755)
    return file


def stream(name: str = "people", **about: Any) -> dict[str, Any]:
    """An entry of the catalog: people with an id, a mail address, a name, a time and notes. `about` is its metadata, to which
    belongs that it is read whole."""
    text = {"type": ["null", "string"]}
    return {
        "tap_stream_id": name,
        "stream": name,
        "key_properties": ["id"],
        "schema": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "mail": text,
                "name": text,
                "changed": {"type": ["null", "string"], "format": "date-time"},
                "notes": text,
            },
        },
        "metadata": [{"breadcrumb": [], "metadata": {"replication-method": "FULL_TABLE", **about}}],
    }


def schema(name: str = "people") -> dict[str, Any]:
    return {"type": "SCHEMA", "stream": name, "schema": stream(name)["schema"], "key_properties": ["id"]}


def record(number: int, of: str = "people", /, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": of, "record": {"id": number, **values}}


def state(value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": value}
