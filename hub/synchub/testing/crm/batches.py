"""Batches of up to a hundred records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synchub.testing.crm import refusals
from synchub.testing.crm.exchange import Answer, Asked
from synchub.testing.crm.objects import create_one, shown
from synchub.testing.crm.properties import stamp
from synchub.testing.crm.records import Records

LARGEST = 100
Inputs = list[dict[str, Any]]


def _inputs(asked: Asked) -> Inputs:
    inputs = asked.entry("inputs")
    if not isinstance(inputs, list) or not 0 < len(inputs) <= LARGEST:
        raise refusals.malformed(f"The number of inputs must be 1 to {LARGEST}.")
    return inputs


def _no_repeats(inputs: Inputs) -> None:
    ids = [str(told.get("id", "")) for told in inputs]
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise refusals.malformed(f"Duplicate IDs found in batch input: {repeated}.")


def _answer(records: Records, status: int, results: Inputs, errors: Inputs) -> Answer:
    at = stamp(records.now())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
    if errors:
        return Answer(207, {**body, "numErrors": len(errors), "errors": errors})
    return Answer(status, body)


def _traced(inputs: Inputs) -> bool:
    """Whether every input carries a trace id of its own."""
    traces = {told.get("objectWriteTraceId") for told in inputs}
    return None not in traces and len(traces) == len(inputs)


def _each(inputs: Inputs, do: Callable[[dict[str, Any]], dict[str, Any]], *, apart: bool) -> tuple[Inputs, Inputs]:
    """Do every input by itself: what came of those that worked, and the errors of the others.

    An error names its input by trace id, else by id. Not `apart`, the first error is the whole batch's.
    """
    results: Inputs = []
    errors: Inputs = []
    for told in inputs:
        trace = told.get("objectWriteTraceId")
        try:
            result = do(told)
        except refusals.Refusal as refusal:
            if not apart:
                raise
            context = {"ids": [str(told.get("id"))]} if trace is None else {"objectWriteTraceId": [trace]}
            errors.append(refusal.in_batch(context))
            continue
        results.append(result if trace is None else {**result, "objectWriteTraceId": trace})
    return results, errors


def read(records: Records, kind: str, asked: Asked) -> Answer:
    by = asked.body.get("idProperty") if isinstance(asked.body, dict) else None
    wanted = asked.entry("properties")
    results: dict[str, dict[str, Any]] = {}
    missing = []
    for told in _inputs(asked):
        record = records.find(kind, str(told["id"]), by=by, archived=asked.flag("archived"))
        if record is None:
            missing.append(str(told["id"]))
        else:
            results[record.id] = shown(kind, record, wanted, records)
    errors = [refusals.not_found(kind, missing).in_batch({})] if missing else []
    return _answer(records, 200, list(results.values()), errors)


def create(records: Records, kind: str, asked: Asked) -> Answer:
    """Without trace ids one refused input refuses all, and nothing is made."""
    inputs = _inputs(asked)
    made: list[str] = []

    def one(told: dict[str, Any]) -> dict[str, Any]:
        result = create_one(records, kind, told)
        made.append(result["id"])
        return result

    try:
        results, errors = _each(inputs, one, apart=_traced(inputs))
    except refusals.Refusal:
        for record in made:
            records.withdraw(kind, record)
        raise
    return _answer(records, 201, results, errors)


def update(records: Records, kind: str, asked: Asked) -> Answer:
    inputs = _inputs(asked)
    _no_repeats(inputs)

    def one(told: dict[str, Any]) -> dict[str, Any]:
        record = records.find(kind, str(told["id"]), by=told.get("idProperty"))
        if record is None:
            raise refusals.not_found(kind, [str(told["id"])])
        records.update(kind, record, told.get("properties") or {})
        result = shown(kind, record, told.get("properties") or {}, records)
        return {**result, "properties": {}} if records.terse else result

    return _answer(records, 200, *_each(inputs, one, apart=True))


def upsert(records: Records, kind: str, asked: Asked) -> Answer:
    inputs = _inputs(asked)
    _no_repeats(inputs)

    def one(told: dict[str, Any]) -> dict[str, Any]:
        by, value = told.get("idProperty") or "hs_object_id", str(told.get("id", ""))
        properties = told.get("properties") or {}
        record = records.find(kind, value, by=by)
        if record is None and by == "hs_object_id":
            raise refusals.not_found(kind, [value])
        if record is None:
            return {**create_one(records, kind, {"properties": {by: value, **properties}}), "new": True}
        records.update(kind, record, properties)
        return {**shown(kind, record, properties, records), "new": False}

    return _answer(records, 200, *_each(inputs, one, apart=True))


def archive(records: Records, kind: str, asked: Asked) -> Answer:
    """Ids that are unknown or gone already are passed over in silence."""
    for told in _inputs(asked):
        record = records.find(kind, str(told["id"]))
        if record is not None:
            records.archive(kind, record)
    return Answer(204)
