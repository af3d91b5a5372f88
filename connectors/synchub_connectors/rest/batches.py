"""Writing many records by one request, and telling from the answer what became of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from synchub.api import AuthenticationError, Operation, Result, RetryLater
from synchub_connectors.rest import templates
from synchub_connectors.rest.client import Answer, Asked
from synchub_connectors.rest.meaning import meaning_of, refusal
from synchub_connectors.rest.places import MISSING, at, filled, put, text
from synchub_connectors.rest.values import body
from synchub_connectors.rest.writes import Batch, Write
from synchub_connectors.rest.writing import Writing, later

Numbered = Mapping[int, Operation]
"""Operations of one kind, by their number in the call of `write`."""


def perform(writing: Writing, operations: Sequence[Operation]) -> dict[int, Result]:
    """The results of those operations whose call takes many records at once, by number."""
    results: dict[int, Result] = {}
    waiting = deque(_batches(writing, operations))
    while waiting:
        batch = waiting.popleft()
        if writing.trouble is not None:
            results |= dict.fromkeys(batch, later(writing.trouble))
            continue
        try:
            told = _send(writing, batch)
        except (RetryLater, AuthenticationError) as trouble:
            if isinstance(trouble, AuthenticationError) and not results:
                raise
            writing.trouble = trouble
            told = dict.fromkeys(batch, later(trouble))
        if told is None:  # refused as a whole: each may go by itself
            waiting.extendleft([{number: one} for number, one in reversed(list(batch.items()))])
        else:
            results |= told
    return results


def _batches(writing: Writing, operations: Sequence[Operation]) -> Iterator[Numbered]:
    """Operations that can travel together: of one kind, no record twice."""
    open_: dict[str, dict[int, Operation]] = {}
    for number, one in enumerate(operations):
        call = writing.stream.writes()[one.kind]
        if call.batch is None:
            continue
        batch = open_.setdefault(one.kind, {})
        twice = one.remote_id is not None and any(other.remote_id == one.remote_id for other in batch.values())
        if len(batch) == call.batch.size or twice:
            yield batch
            batch = open_[one.kind] = {}
        batch[number] = one
    yield from (batch for batch in open_.values() if batch)


def _send(writing: Writing, batch: Numbered) -> dict[int, Result] | None:
    """Send a batch. None if it was refused as a whole and may be sent in parts."""
    kind = next(iter(batch.values())).kind
    call = writing.stream.writes()[kind]
    said = call.batch
    assert said is not None
    client = writing.client
    items = [_item(writing, call, said, number, one) for number, one in batch.items()]
    into: Any = deepcopy(templates.fill(call.body, client.values))
    if said.items:
        put(into, said.items, items)
    asked = Asked(
        call.method,
        templates.path(call.path, client.values) or call.path,
        templates.fill(call.params, client.values),
        into if said.items else items,
        safe=kind != "create",
    )
    answer, meaning = writing.told(asked)
    if meaning == "ok":
        return _told(writing, call, said, batch, answer)
    if len(batch) > 1 and meaning != "retry":
        return None
    return {n: refusal(kind, one.remote_id, meaning, answer.told, client.errors) for n, one in batch.items()}


def _item(writing: Writing, call: Write, said: Batch, number: int, operation: Operation) -> Any:
    if operation.kind in ("delete", "archive") and said.ids_only:
        return operation.remote_id
    item = body(writing.wired(call, operation.values), {}, "")
    if operation.remote_id is not None:
        put(item, said.id, operation.remote_id)
    if call.version_field is not None and operation.version is not None:
        put(item, call.version_field, operation.version)
    if said.trace is not None:
        put(item, said.trace, str(number))
    return item


def _told(writing: Writing, call: Write, said: Batch, batch: Numbered, answer: Answer) -> dict[int, Result]:
    """What became of each. Who isn't mentioned may have been done or not: it is looked up."""
    kind = next(iter(batch.values())).kind
    if answer.told is MISSING and kind in ("delete", "archive") and said.ok is None:
        return {number: Result("ok", one.remote_id) for number, one in batch.items()}
    results = dict.fromkeys(batch, Result("retry", reason="the answer does not mention it"))
    for number, one in _pairs(said, said.results, said.trace, batch, answer.told):
        results[number] = _result(writing, call, said, batch[number], one)
    for number, one in _pairs(said, said.errors, said.error_trace, batch, answer.told):
        results[number] = _refused(writing, said, batch[number], one, "rejected")
    return results


def _pairs(said: Batch, place: str | None, trace: str | None, batch: Numbered, told: Any) -> Iterator[tuple[int, Any]]:
    """Each element of a list in the answer with the number of the operation that it speaks of."""
    listed = filled(told, place) if told is not MISSING and place is not None else None
    elements = listed if isinstance(listed, list) else []
    in_order = trace is None and len(elements) == len(batch)
    by_id = {one.remote_id: number for number, one in batch.items() if one.remote_id is not None}
    for element, number in zip(elements, [*batch, *[-1] * len(elements)], strict=False):
        if trace is not None:
            traced = text(element, trace)
            number = int(traced) if traced.isdecimal() else -1
        elif not in_order or (batch[number].remote_id and text(element, said.id) in by_id):
            number = by_id.get(text(element, said.id), -1)
        if number in batch:
            yield number, element


def _result(writing: Writing, call: Write, said: Batch, operation: Operation, told: Any) -> Result:
    status = text(told, said.status)
    meaning = meaning_of(int(status), writing.client.errors) if status.isdecimal() else "ok"
    if meaning == "ok" and said.ok is not None and filled(told, said.ok) is not True:
        meaning = "rejected"
    if meaning != "ok":
        return _refused(writing, said, operation, told, meaning)
    if operation.kind in ("delete", "archive"):
        return Result("ok", operation.remote_id)
    row = writing.row(at(told, call.record)) if call.record is not None else None
    named = text(told, call.id) if call.id is not None else text(row or told, writing.stream.key)
    name = operation.remote_id or named
    if not name:
        return Result("retry", reason="it was taken, and the answer does not say under which id")
    return Result("ok", name, stored=row)


def _refused(writing: Writing, said: Batch, operation: Operation, told: Any, meaning: Any) -> Result:
    result = refusal(operation.kind, operation.remote_id, meaning, told, writing.client.errors)
    return replace(result, reason=text(told, said.reason)[:300]) if text(told, said.reason) else result
