"""An airbyte-cdk that does what the settings of a manifest say: every shape of a source that goes wrong, without one that does.

The settings: `streams` is the catalog's, `lines` what it prints when it reads (text as it is, all else as JSON), `log` what it
complains about, `exit` its exit code, `hang` how long it then does nothing, `status` what comes of a check. `{"long": N}` among
the lines is a record of N bytes, `{"endless": N}` N bytes without an end of line; `note` is a file where it writes down how it
was called.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from synchub.api import environment_of

PROGRAM = """#!{python} -IS
import json, os, sys, time

command = sys.argv[1]
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
said = json.load(open(options["--config"]))
if "note" in said:
    files = {{name: json.load(open(path)) for name, path in options.items() if path.endswith(".json")}}
    paths = {{name: [path, os.stat(path).st_mode & 0o777] for name, path in options.items()}}
    with open(said["note"], "a") as note:
        note.write(json.dumps([sys.argv, dict(os.environ), files, paths]) + "\\n")
for line in said.get("log", ()):
    print(line, file=sys.stderr, flush=True)
lines = list(said.get("lines", ()))
if command == "discover":
    lines = [{{"type": "LOG", "log": {{"level": "INFO", "message": "looking"}}}}]
    if "streams" in said:
        lines.append({{"type": "CATALOG", "catalog": {{"streams": said["streams"]}}}})
if command == "check":
    lines = [{{"type": "CONNECTION_STATUS", "connectionStatus": said["status"]}}] if "status" in said else []
for line in lines:
    if isinstance(line, dict) and "long" in line:
        line = {{"type": "RECORD", "record": {{"stream": "people", "data": {{"id": 99, "notes": "x" * line["long"]}}}}}}
    if isinstance(line, dict) and "endless" in line:
        sys.stdout.write("x" * line["endless"])
    else:
        print(line if isinstance(line, str) else json.dumps(line), flush=True)
if command == "read":
    time.sleep(said.get("hang", 0))
    sys.exit(said.get("exit", 0))
"""
SPEC = {"properties": {"token": {"type": "string", "airbyte_secret": True}}}


def write_engine(folder: Path, spec: Any = SPEC) -> Path:
    """Put it where `synchub plugin add` would, into the hub of a folder, and a manifest that says what its secrets are. Returns
    the manifest."""
    place = environment_of(folder, "airbyte-cdk")
    (place / "bin").mkdir(parents=True)
    (place / "spec.json").write_text(json.dumps(spec), "utf-8")
    programs = {
        "source-declarative-manifest": PROGRAM.format(python=sys.executable),
        "python": f"#!/bin/sh\ncat {place}/spec.json\n",
    }
    for name, text in programs.items():
        (place / "bin" / name).write_text(text, "utf-8")
        (place / "bin" / name).chmod(0o755)
    (place / "synchub.json").write_text('{"program": "bin/source-declarative-manifest"}', "utf-8")
    manifest = folder / "people.yaml"
    manifest.write_text("streams: []\n", "utf-8")
    return manifest


def stream(name: str = "people", *, incremental: bool = False, **more: Any) -> dict[str, Any]:
    """An entry of the catalog: people with an id, a mail address, a time and notes."""
    text = {"type": ["null", "string"]}
    fields = {"id": {"type": "integer"}, "mail": text, "changed": {**text, "format": "date-time"}, "notes": text}
    return {
        "name": name,
        "json_schema": {"type": "object", "properties": fields},
        "supported_sync_modes": ["full_refresh", *(["incremental"] if incremental else [])],
        "source_defined_primary_key": [["id"]],
        **({"source_defined_cursor": True, "default_cursor_field": ["changed"]} if incremental else {}),
        **more,
    }


def record(number: int, of: str = "people", /, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": of, "data": {"id": number, **values}, "emitted_at": 1}}


def state(value: Any, of: str = "people") -> dict[str, Any]:
    kept = {"type": "STREAM", "stream": {"stream_descriptor": {"name": of}, "stream_state": value}}
    return {"type": "STATE", "state": {**kept, "sourceStats": {"recordCount": 1.0}}}


def ended(status: str = "COMPLETE", of: str = "people") -> dict[str, Any]:
    said = {"stream_descriptor": {"name": of}, "status": status}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": said}}


def fault(text: str, kind: str = "system_error", trace: str = "") -> dict[str, Any]:
    said = {"message": text, "failure_type": kind, "stack_trace": trace}
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": said}}


def log(text: str, level: str = "INFO") -> dict[str, Any]:
    return {"type": "LOG", "log": {"level": level, "message": text}}
