"""What can be wrong with a description as a whole: parts that don't fit each other. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from synchub_connectors.rest.faults import Fault, meant
from synchub_connectors.rest.templates import PLACEHOLDER, names

if TYPE_CHECKING:
    from synchub_connectors.rest.description import Description, StreamOf

ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
NO_ADDRESS = "must be an address, https://HOST/PATH, without parameters or a password"
LOCAL = re.compile(r"http://(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(/|$)")


def text_faults(description: Description) -> list[Fault]:
    """Addresses that are none, and credentials that would travel in clear text."""
    faults: list[Fault] = []
    for place, said in ((("url",), description.url), (("auth", "token_url"), description.auth.token_url)):
        bare = PLACEHOLDER.sub("x", said)
        if not said:
            continue
        if not ADDRESS.fullmatch(bare) and not PLACEHOLDER.fullmatch(said):
            faults.append((place, NO_ADDRESS))
        elif bare.startswith("http://") and description.auth.kind != "none" and not LOCAL.match(bare):
            faults.append((place, "must begin with https://: credentials travel there"))
    if not description.streams:
        faults.append((("streams",), "needs at least one stream"))
    return faults


def stream_faults(stream: StreamOf) -> list[Fault]:
    """What doesn't fit together in one stream."""
    return [*_field_faults(stream), *_placeholder_faults(stream), *_write_faults(stream)]


def _field_faults(stream: StreamOf) -> list[Fault]:
    faults: list[Fault] = []
    if stream.fields:
        for key in ("key", "updated_at", "version", "external_id"):
            name = getattr(stream, key)
            if name is not None and name not in stream.fields:
                faults.append(((key,), f"there is no field '{name}'{meant(name, stream.fields)}"))
        for name in stream.lookup:
            if name not in stream.fields:
                faults.append((("lookup", name), f"there is no field '{name}'{meant(name, stream.fields)}"))
    if stream.external_id is not None and stream.external_id not in stream.lookup:
        faults.append((("external_id",), f"can't be looked up by: add [streams.NAME.lookup.{stream.external_id}]"))
    if stream.deleted is not None and stream.changes is None:
        faults.append((("deleted",), "belongs to `changes`; without it every read is full and shows what is gone"))
    return faults


def _placeholder_faults(stream: StreamOf) -> list[Fault]:
    """Placeholders that a call doesn't have, and those that it can't do without."""
    faults: list[Fault] = []
    calls: list[tuple[tuple[str, ...], Any, set[str], set[str]]] = [(("read",), stream.read, set(), set())]
    calls += [(("changes",), stream.changes, {"since"}, {"since"})] if stream.changes else []
    calls += [(("deleted",), stream.deleted, {"since"}, set())] if stream.deleted else []
    calls += [(("get",), stream.get, {"id"}, {"id"})] if stream.get else []
    for name, lookup in stream.lookup.items():
        wanted = {"values"} if lookup.several > 1 else {"value"}
        calls.append((("lookup", name), lookup, wanted, wanted))
    for kind, write in stream.writes().items():
        lone = kind != "create" and write.batch is None
        calls.append(((kind,), write, {"id"} if lone else set(), {"id"} if lone else set()))
    for place, call, allowed, needed in calls:
        used = set(names(call.model_dump()))
        for name in sorted({"id", "value", "values", "since"} & used - allowed):
            faults.append((place, f"has no {{{name}}} to fill in"))
        for name in sorted(needed - used):
            faults.append((place, f"must say where {{{name}}} stands"))
    return faults


def _write_faults(stream: StreamOf) -> list[Fault]:
    writes = stream.writes()
    faults: list[Fault] = []
    if writes and not stream.fields:
        faults.append((("fields",), "must be declared where records are written"))
    if writes and stream.get is None and stream.key not in stream.lookup:
        faults.append(
            ((next(iter(writes)),), f"needs [streams.NAME.get]: what was written is looked up by {stream.key}")
        )
    fetches = {kind for kind, call in writes.items() if call.etag or call.sends != "changes"}
    fetches |= {"lookup"} if any(not lookup.whole for lookup in stream.lookup.values()) else set()
    if stream.get is None:
        faults += [((kind,), "needs [streams.NAME.get], which fetches the record first") for kind in sorted(fetches)]
    for kind, call in writes.items():
        faults += [((kind, key), text) for key, text in _call_faults(stream, kind, call)]
    return faults


def _call_faults(stream: StreamOf, kind: str, call: Any) -> list[tuple[str, str]]:
    faults = []
    said = call.model_fields_set
    versioned = call.version_header or call.version_field
    if kind in ("update", "delete", "archive") and stream.version is not None and not versioned:
        faults.append(("path", "does not send the version: say version_header or version_field"))
    if versioned and (stream.version is None or kind == "create"):
        key = "version_header" if call.version_header else "version_field"
        faults.append((key, "needs `version` of the stream" if kind != "create" else "a new record has no version"))
    for key in ("id", "id_header"):
        if kind != "create" and key in said:
            faults.append((key, "belongs to create: what is there has an id"))
    if kind != "update" and call.sends != "changes":
        faults.append(("sends", "belongs to update"))
    if kind == "create" and call.etag:
        faults.append(("etag", "a new record has none"))
    if call.batch is not None:
        for key in ("etag", "version_header", "idempotency_header", "id_header", "wrap", "sends"):
            if key in said:
                faults.append((key, "does not go with batch"))
    if kind == "create" and call.batch is None and not any((call.record is not None, call.id, call.id_header)):
        faults.append(("path", "does not say where the answer holds the new id: say record, id or id_header"))
    return faults
