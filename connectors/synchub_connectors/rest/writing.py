"""Writing record by record: one result for each operation, in their order.

A create that got no answer is never sent again from here, unless the system knows a repeated request by its idempotency
key: it may have taken effect. It comes back as `retry`, and who asked looks the record up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from synchub.api import AuthenticationError, Operation, Result, RetryLater, SynchubError
from synchub_connectors.rest import templates
from synchub_connectors.rest.client import Answer, Asked, Client
from synchub_connectors.rest.description import StreamOf
from synchub_connectors.rest.fetching import by_id
from synchub_connectors.rest.meaning import meaning_of, new_id, refusal
from synchub_connectors.rest.places import MISSING, at, put, text
from synchub_connectors.rest.values import body, identified, numbered_times, read_times, wire
from synchub_connectors.rest.writes import Meaning, Write


@dataclass
class Writing:
    """One call of `write` on one stream. `zone` is for times that name none."""

    client: Client
    stream: StreamOf
    zone: tzinfo
    trouble: SynchubError | None = None
    """Why the system is not asked any more in this call."""

    def perform(self, operations: Sequence[Operation], *, at_once: int) -> list[Result]:
        """One result each. Once the system stops answering, what is left comes back as `retry`, unsent."""
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            results = list(pool.map(self._one, operations))
        if isinstance(self.trouble, AuthenticationError) and all(result.status == "retry" for result in results):
            raise self.trouble
        return results

    def _one(self, operation: Operation) -> Result:
        if self.trouble is not None:
            return later(self.trouble)
        try:
            return self._sent(self.stream.writes()[operation.kind], operation)
        except (RetryLater, AuthenticationError) as trouble:
            self.trouble = trouble
            return later(trouble)

    def unfit(self, operation: Operation) -> Result | None:
        """The refusal of an operation that the description has no way for; None if it may be sent. A value without a field
        is not dropped."""
        stream, remote_id = self.stream, operation.remote_id
        if operation.kind not in stream.writes() or (operation.kind != "create" and not remote_id):
            return Result("rejected", remote_id, reason=f"the description has no call for {operation.kind}")
        for name in operation.values:
            if name not in stream.fields:
                return Result("rejected", remote_id, reason=f"the description has no field {name}", field=name)
            if not stream.field(name).writable:
                return Result("rejected", remote_id, reason=f"{name} can only be read", field=name)
        return None

    def _sent(self, call: Write, operation: Operation) -> Result:
        kind, remote_id = operation.kind, operation.remote_id
        present: dict[str, Any] | None = None
        headers: dict[str, str] = {}
        if call.etag or call.sends != "changes":
            present, headers = self._fetched(call, str(remote_id))
            if present is None:
                return Result(
                    "unchanged" if kind in ("delete", "archive") else "conflict", remote_id, reason="it is gone"
                )
        path = templates.path(call.path, {**self.client.values, "id": remote_id})
        if path is None:
            return Result("rejected", remote_id, reason="its id can't stand in an address")
        if call.idempotency_header is not None:
            headers[call.idempotency_header] = operation.idempotency_key
        if call.version_header is not None and operation.version is not None:
            headers[call.version_header] = operation.version
        safe = call.method in ("PUT", "DELETE") or call.idempotency_header is not None or kind != "create"
        params = templates.fill(call.params, {**self.client.values, "id": remote_id})
        sent = self.content(call, operation, present)
        answer, meaning = self.told(Asked(call.method, path, params, sent, headers, safe))
        if meaning != "ok":
            return refusal(kind, remote_id, meaning, answer.told, self.client.errors)
        return self._done(call, operation, answer)

    def told(self, asked: Asked) -> tuple[Answer, Meaning]:
        """The answer to a write, and what it means."""
        errors = self.client.errors
        answer = self.client.send(asked, accept=[int(status) for status in errors.statuses])
        meaning = meaning_of(answer.status, errors)
        return answer, "rejected" if meaning == "ok" and self.client.failed(answer) else meaning

    def _fetched(self, call: Write, remote_id: str) -> tuple[dict[str, Any] | None, dict[str, str]]:
        """The record as it is now, and the header by which the system sees that it is still so."""
        get = self.stream.get
        assert get is not None
        present, answer = by_id(self.client, self.stream, get, remote_id)
        tag = answer.headers.get("ETag") if answer is not None else None
        return present, {"If-Match": tag} if call.etag and tag else {}

    def row(self, told: Any) -> dict[str, Any] | None:
        """A record as an answer tells it."""
        row = identified(told, self.stream)
        read_times([row] if row is not None else [], numbered_times(self.stream))
        return row

    def content(self, call: Write, operation: Operation, present: Mapping[str, Any] | None) -> Any:
        """The body of a request; None where there is nothing to say."""
        values = self.wired(call, operation.values)
        if present is not None and call.sends != "changes":
            values = _whole(values, present, self.stream, only_touched=call.sends == "objects")
        into = deepcopy(templates.fill(call.body, {**self.client.values, "id": operation.remote_id}))
        if call.version_field is not None and operation.version is not None:
            version = operation.version
            put(into, call.version_field, int(version) if version.isdecimal() else version)
        if operation.kind in ("delete", "archive") and not values:
            return into or None
        return body(values, into, call.wrap)

    def wired(self, call: Write, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as JSON."""
        fields = self.stream
        return {name: wire(value, fields.field(name), self.zone, clear=call.clear) for name, value in values.items()}

    def _done(self, call: Write, operation: Operation, answer: Answer) -> Result:
        if operation.kind in ("delete", "archive"):
            return Result("ok", operation.remote_id)
        told = at(answer.told, call.record) if call.record is not None and answer.told is not MISSING else MISSING
        row = self.row(told)
        name = operation.remote_id or new_id(call, answer.told, answer.headers, self.stream.key)
        if not name:
            return Result("retry", reason="it was taken, and the answer does not say under which id")
        version = text(row, self.stream.version) if row is not None and self.stream.version is not None else ""
        return Result("ok", name, version=version or None, stored=row)


def _whole(
    values: Mapping[str, Any], present: Mapping[str, Any], stream: StreamOf, *, only_touched: bool
) -> dict[str, Any]:
    """Changed values in the objects that they lie in, or in the whole record, as these are now."""
    copy = deepcopy(dict(present))
    for name, value in values.items():
        put(copy, name, value)
    named = values if only_touched else [name for name in stream.fields if stream.field(name).writable]
    heads = dict.fromkeys(name if name in copy else name.split(".")[0] for name in named)
    return {head: copy[head] for head in heads if head in copy}


def later(trouble: SynchubError) -> Result:
    """Not done now."""
    after = trouble.after if isinstance(trouble, RetryLater) else None
    return Result("retry", reason=trouble.happened, retry_after=after)
