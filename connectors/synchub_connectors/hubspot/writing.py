"""Writing: operations in batches of a hundred, one result each, in their order.

A create that got no answer is never sent again from here: it may have taken effect. It comes back as `retry`,
and who asked looks the record up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from synchub.api import AuthenticationError, Operation, Result, RetryLater, SynchubError
from synchub_connectors.hubspot import finding, refusals
from synchub_connectors.hubspot.client import Client, Told, body, said
from synchub_connectors.hubspot.kinds import BATCH, CONTACT, KEY
from synchub_connectors.hubspot.rows import Shape
from synchub_connectors.hubspot.telling import done, failed
from synchub_connectors.hubspot.values import moment, write

NOTE_TO_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}
Batch = Mapping[int, Operation]
"""Operations of one kind, by their number in the call."""


@dataclass
class Writing:
    """One call of `write` on one stream. `shape` has all its fields; `zone` is for times that name none."""

    client: Client
    shape: Shape
    zone: tzinfo

    def perform(self, operations: Sequence[Operation]) -> list[Result]:
        """One result each. Once HubSpot stops answering, what is left comes back as `retry`, unsent."""
        results: dict[int, Result] = {}
        waiting = deque(batches(operations, self.shape.kind.writes))
        while waiting:
            batch = waiting.popleft()
            try:
                answered = self._send(batch)
            except (RetryLater, AuthenticationError) as trouble:
                if isinstance(trouble, AuthenticationError) and not results:
                    raise
                unsent = [number for each in (batch, *waiting) for number in each]
                results.update(dict.fromkeys(unsent, _later(trouble)))
                break
            if answered is None:
                apart: list[Batch] = [{number: one} for number, one in batch.items()]
                waiting.extendleft(reversed(apart))
            else:
                results.update(self._with_records(batch, answered))
        refused = Result("rejected", reason=f"{self.shape.kind.name} of HubSpot can't be changed like this")
        return [results.get(number, refused) for number in range(len(operations))]

    def _send(self, batch: Batch) -> dict[int, Result] | None:
        """Send a batch. None if it was refused as a whole: nothing was done, and each may go by itself."""
        kind = next(iter(batch.values())).kind
        inputs = {number: self._input(number, operation) for number, operation in batch.items()}
        response = self.client.write(self.shape.kind, kind, list(inputs.values()))
        told = body(response) or {}
        if response.status_code >= 400:
            error = told or {"message": said(response)}
            return None if len(batch) > 1 else {number: _refused(batch[number], error) for number in batch}
        if kind == "archive":
            return {number: Result("ok", remote_id=one.remote_id) for number, one in batch.items()}
        results = dict.fromkeys(batch, Result("retry", reason="HubSpot's answer does not mention it"))
        results |= {number: self._ok(batch[number], one) for number, one in done(inputs, told).items()}
        return results | {number: _refused(batch[number], one) for number, one in failed(inputs, told).items()}

    def _input(self, number: int, operation: Operation) -> Told:
        """An operation for the wire. The trace id tells the answers apart."""
        if operation.kind == "archive":
            return {"id": operation.remote_id}
        rich = self.shape.kind.html
        properties = {
            name: write(value, self.zone, rich=name in rich)
            for name, value in operation.values.items()
            if name not in (CONTACT, KEY)
        }
        told: Told = {"properties": properties, "objectWriteTraceId": str(number)}
        if operation.kind == "update":
            return {**told, "id": operation.remote_id}
        contact = operation.values.get(CONTACT) if self.shape.linked else None
        links = [{"to": {"id": str(contact)}, "types": [NOTE_TO_CONTACT]}] if contact else []
        return {**told, "associations": links}

    def _ok(self, operation: Operation, told: Told) -> Result:
        stored = None
        if operation.kind == "update":
            values = self.shape.values(told, operation.values)
            stored = values if len(values) == len(operation.values) else None
        at = told.get("updatedAt")
        return Result("ok", remote_id=str(told["id"]), updated_at=moment(at) if at else None, stored=stored)

    def _with_records(self, batch: Batch, results: dict[int, Result]) -> dict[int, Result]:
        """Fetch the records that were made, that were there already, or whose answer left fields out."""
        unknown = {
            number: one
            for number, one in results.items()
            if one.remote_id and one.stored is None and batch[number].kind != "archive"
        }
        try:
            rows = self._records([str(one.remote_id) for one in unknown.values()])
        except SynchubError:
            # It is done all the same; who asked looks up what is not told here.
            return results
        for number, one in unknown.items():
            row = rows.get(str(one.remote_id))
            if row is not None and batch[number].kind == "update":
                row = {name: row[name] for name in batch[number].values if name in row}
            results[number] = replace(one, stored=row)
        return results

    def _records(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        if not ids:
            return {}
        objects = self.client.read(self.shape.kind, ids, self.shape.properties)
        return {str(row[KEY]): row for row in finding.rows(self.client, self.shape, objects)}


def batches(operations: Sequence[Operation], allowed: frozenset[str]) -> Iterator[Batch]:
    """Operations that can travel together: of one kind, a hundred at most, no record twice."""
    open_: dict[str, dict[int, Operation]] = {}
    records: dict[str, set[str]] = {}
    for number, operation in enumerate(operations):
        kind, record = operation.kind, operation.remote_id or ""
        if kind not in allowed or (kind != "create" and not record):
            continue
        batch, present = open_.setdefault(kind, {}), records.setdefault(kind, set())
        if len(batch) == BATCH or record in present:
            yield batch
            batch, present = open_[kind], records[kind] = {}, set()
        batch[number] = operation
        if record:
            present.add(record)
    yield from (batch for batch in open_.values() if batch)


def _refused(operation: Operation, error: Told) -> Result:
    return refusals.result(error, creates=operation.kind == "create")


def _later(trouble: SynchubError) -> Result:
    after = trouble.after if isinstance(trouble, RetryLater) else None
    return Result("retry", reason=trouble.happened, retry_after=after)
