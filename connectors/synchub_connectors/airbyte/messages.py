"""The lines that a source of Airbyte prints, as messages; and what is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synchub_connectors.programs.lines import Noise, noise, parsed


@dataclass(frozen=True, slots=True)
class Record:
    stream: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """Where the source could go on from, as it wants to have it back. `stream` is empty if it is of all streams."""

    stream: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong: `text` for people, `kind` whose fault it is (config_error, transient_error, system_error), `trace`
    the program's own view."""

    text: str
    kind: str
    trace: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream was read: to its end, or not."""

    stream: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    streams: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of trying the settings."""

    well: bool
    text: str


@dataclass(frozen=True, slots=True)
class Renewed:
    """The configuration as the source has it now: with a new refresh token."""

    config: dict[str, Any]


Message = Record | State | Log | Fault | Ended | Catalog | Checked | Renewed | Noise | None
"""None: a message that says nothing of these."""


def message(line: bytes) -> Message:
    """What one line says."""
    said = parsed(line)
    match said:
        case {"type": "RECORD", "record": {"stream": str(stream), "data": dict(values)}}:
            return Record(stream, values)
        case {"type": "STATE", "state": dict(state)}:
            return _state(state)
        case {"type": "RECORD" | "STATE"}:
            return noise(line, damaged=True)
        case {"type": str()}:
            return _other(said)
    return noise(line)


def _other(said: dict[str, Any]) -> Message:
    match said:
        case {"type": "LOG", "log": {"message": str(text), **more}}:
            return Log(str(more.get("level") or ""), text)
        case {"type": "CATALOG", "catalog": {"streams": [*streams]}} if all(map(_named, streams)):
            return Catalog(streams)
        case {"type": "CONNECTION_STATUS", "connectionStatus": {"status": str(status), **more}}:
            return Checked(status == "SUCCEEDED", str(more.get("message") or ""))
        case {"type": "CONTROL", "control": {"connectorConfig": {"config": dict(config)}}}:
            return Renewed(config)
        case {"type": "TRACE", "trace": {"error": {"message": str(text), **more}}}:
            return Fault(text, str(more.get("failure_type") or ""), str(more.get("stack_trace") or ""))
        case {
            "type": "TRACE",
            "trace": {"stream_status": {"stream_descriptor": {"name": str(name)}, "status": status}},
        }:
            return Ended(name, status == "COMPLETE") if status in ("COMPLETE", "INCOMPLETE") else None
    return None


def _named(stream: Any) -> bool:
    return isinstance(stream, dict) and isinstance(stream.get("name"), str)


def _state(said: dict[str, Any]) -> State:
    """A state as it is to be given back: without the counts of what was read, which change every time."""
    kept = {key: value for key, value in said.items() if key not in ("sourceStats", "destinationStats")}
    match said:
        case {"stream": {"stream_descriptor": {"name": str(name)}}}:
            return State(name, kept)
    return State("", kept)
