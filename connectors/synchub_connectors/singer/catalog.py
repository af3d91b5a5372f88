"""A tap's catalog: what it offers as streams, and how one of them is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from synchub.api import PluginError, Stream
from synchub_connectors.programs.schemas import fields_of, properties

INCREMENTAL = "INCREMENTAL"
LOG_BASED = "LOG_BASED"
FULL_TABLE = "FULL_TABLE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream of a catalog. `said` is the entry itself; `method` how it is read: all of it, what changed, or
    as the tap likes ("")."""

    said: Mapping[str, Any]
    method: str
    cursor: str | None

    @property
    def name(self) -> str:
        return str(self.said.get("tap_stream_id") or self.said["stream"])

    @property
    def names(self) -> frozenset[str]:
        """What messages may call it."""
        return frozenset({self.name, str(self.said.get("stream") or self.name)})

    @property
    def key(self) -> tuple[str, ...]:
        own = self.said.get("key_properties") or _about(self.said)
        if isinstance(own, Mapping):
            own = own.get("table-key-properties") or own.get("view-key-properties") or ()
        return tuple(map(str, own))

    @property
    def stream(self) -> Stream:
        fields = fields_of(self.said.get("schema"))
        times = {field.name for field in fields if field.type in ("datetime", "date")}
        return Stream(
            self.name,
            fields,
            key=self.key,
            updated_at=self.cursor if self.cursor in times else None,
            incremental=self.method != FULL_TABLE,
        )


def entries(catalog: Any, *, full: Iterable[str] = (), cursors: Mapping[str, str] | None = None) -> dict[str, Entry]:
    """The streams of a catalog by name. Raises PluginError if it is none."""
    listed = catalog.get("streams") if isinstance(catalog, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) and _name(one) for one in listed):
        raise PluginError(
            "What the tap printed is no catalog: it has no list of streams.",
            not_done="Nothing was read from it.",
            next_step="Update the tap, or name a catalog file in `catalog`.",
        )
    asked, whole = cursors or {}, set(full)
    return {_name(said): _entry(said, asked.get(_name(said)), _name(said) in whole) for said in listed}


def _name(said: Mapping[str, Any]) -> str:
    return str(said.get("tap_stream_id") or said.get("stream") or "")


def _entry(said: Mapping[str, Any], asked: str | None, whole: bool) -> Entry:
    """An entry and how it is read: as hub.toml says, else as the tap does."""
    about = _about(said)
    cursor = asked or about.get("replication-key") or said.get("replication_key")
    offered = list(about.get("valid-replication-keys") or [])
    cursor = cursor or (offered[0] if len(offered) == 1 else None)
    method = (
        about.get("forced-replication-method")
        or about.get("replication-method")
        or said.get("replication_method")
        or (INCREMENTAL if said.get("replication_key") else "")
    )
    if asked is not None:
        method = INCREMENTAL
    return Entry(said, FULL_TABLE if whole else str(method), None if cursor is None else str(cursor))


def _about(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a catalog's metadata says of the stream itself."""
    for each in _metadata(said):
        if not each.get("breadcrumb"):
            return dict(each.get("metadata") or {})
    return {}


def _metadata(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = said.get("metadata")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def selected(catalog: Mapping[str, Any], wanted: Entry) -> dict[str, Any]:
    """The catalog with one stream chosen, all its fields, and no other; in new words and in old ones."""
    chosen = deepcopy(dict(catalog))
    for said in chosen["streams"]:
        mine = _name(said) == wanted.name
        said["selected"] = mine
        metadata = _metadata(said)
        own = next((each for each in metadata if not each.get("breadcrumb")), None)
        if own is None:
            own = {"breadcrumb": [], "metadata": {}}
            metadata.append(own)
        own["metadata"] = {**(own.get("metadata") or {}), "selected": mine}
        if isinstance(said.get("schema"), dict):
            said["schema"]["selected"] = mine
        if mine:
            _choose_fields(said, metadata)
            _choose_method(said, own["metadata"], wanted)
        said["metadata"] = metadata
    return chosen


def _choose_fields(said: dict[str, Any], metadata: list[dict[str, Any]]) -> None:
    known: dict[str, dict[str, Any]] = {}
    for each in metadata:
        match each.get("breadcrumb"):
            case [_, str(name)]:
                known[name] = each
    for name, schema in properties(said.get("schema")).items():
        if name not in known:
            known[name] = {"breadcrumb": ["properties", name], "metadata": {}}
            metadata.append(known[name])
        about = known[name].setdefault("metadata", {})
        if about.get("inclusion") != "unsupported":
            about["selected"] = True
            if isinstance(schema, dict):
                schema["selected"] = True


def _choose_method(said: dict[str, Any], about: dict[str, Any], wanted: Entry) -> None:
    if wanted.method:
        about["replication-method"] = said["replication_method"] = wanted.method
    if wanted.cursor is not None and wanted.method == INCREMENTAL:
        about["replication-key"] = said["replication_key"] = wanted.cursor
