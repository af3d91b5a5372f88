"""From planned frames to operations as connectors take them, and from their answers back to frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from synchub.api import Operation, Result, Row, Stream
from synchub.model import OVER, TO, WAS, FieldType

Values = Callable[[pl.Series, FieldType], list[Any]]
"""Native texts of one field as plain values of its type."""

Target = Callable[[str], str]
"""Canonical field to the native field it is written to."""


def operations(frame: pl.DataFrame, stream: Stream, target: Target, values: Values, *, salt: str) -> list[Operation]:
    """One operation a row: id, kind, remote_id, version, to.*, was.*, and via.* where a value came from another field."""
    sent = _plain(frame, stream, target, values, TO)
    before = dict(enumerate(_plain(frame, stream, target, values, WAS, only=TO)))
    removing = frame["kind"].is_in(["delete", "archive"])
    before.update(
        zip(removing.arg_true().to_list(), _plain(frame.filter(removing), stream, target, values, WAS), strict=True)
    )
    columns = frame.select("id", "kind", "remote_id", "version").rows()
    return [
        Operation(kind, remote_id, sent[place], f"{salt}-{number}", {} if kind == "create" else before[place], version)
        for place, (number, kind, remote_id, version) in enumerate(columns)
    ]


def _plain(
    frame: pl.DataFrame, stream: Stream, target: Target, values: Values, prefix: str, only: str = ""
) -> list[dict[str, Any]]:
    """Native field to plain value, for each row: what its columns `prefix` hold where those of `only` hold anything."""
    types: dict[str, FieldType] = {field.name: field.type for field in stream.fields}
    rows: list[dict[str, Any]] = [{} for _ in range(frame.height)]
    for column in frame.columns:
        if not column.startswith(prefix):
            continue
        name = column.removeprefix(prefix)
        marked = frame[(only or prefix) + name]
        if marked.null_count() == frame.height:
            continue
        native = target(name)
        places = marked.is_not_null().arg_true().to_list()
        natives = frame[OVER + name].to_list() if OVER + name in frame.columns else None
        for place, value in zip(places, values(frame[column].gather(places), types.get(native, "text")), strict=True):
            rows[place][(natives[place] if natives else None) or native] = value
    return rows


OPERATION = "operation number"
"""A column beside native fields, so it has a name that no native field is likely to have."""

RESULTS = {
    "id": pl.Int64,
    "status": pl.String,
    "result_id": pl.String,
    "result_version": pl.String,
    "result_at": pl.Int64,
    "reason": pl.String,
    "at_fault": pl.String,
}


def answers(numbers: Sequence[int], results: Sequence[Result]) -> pl.DataFrame:
    """Results as a frame, one row an operation, in order."""
    rows = [
        (
            number,
            result.status,
            result.remote_id,
            result.version,
            None if result.updated_at is None else int(result.updated_at.timestamp() * 1_000_000),
            result.reason,
            result.field,
        )
        for number, result in zip(numbers, results, strict=True)
    ]
    return pl.DataFrame(rows, schema=RESULTS, orient="row")


def all_made(numbers: pl.Series, names: pl.Series) -> pl.DataFrame:
    """The answers to creates that were all carried out, with the remote ids of what was made."""
    empty = {name: pl.lit(None, dtype=kind) for name, kind in RESULTS.items()}
    told = empty | {"status": pl.lit("ok"), "reason": pl.lit("")}
    return pl.DataFrame({"id": numbers, "result_id": names}).select(
        "id" if name == "id" else pl.col(name) if name == "result_id" else told[name].alias(name) for name in RESULTS
    )


def stored_frame(
    numbers: Sequence[int], rows: Sequence[Row | None], natives: Sequence[str], to_frame: Callable[..., pl.DataFrame]
) -> pl.DataFrame:
    """What systems say they stored: `operation` (its number), and a column a native field; null where nothing was said."""
    alike: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for number, row in zip(numbers, rows, strict=True):
        if row is not None:
            alike.setdefault(tuple(row), []).append((number, row))
    frames = [pl.DataFrame(schema={OPERATION: pl.Int64, **dict.fromkeys(natives, pl.String)})]
    for delivered, some in alike.items():
        ids = pl.Series(OPERATION, [number for number, _ in some], dtype=pl.Int64)
        frames.append(to_frame([row for _, row in some], natives, delivered=delivered).insert_column(0, ids))
    return pl.concat(frames)


def by_remote_id(
    rows: Sequence[Row],
    key: Sequence[str],
    to_frame: Callable[..., pl.DataFrame],
    remote_ids: Callable[[pl.DataFrame, Sequence[str]], pl.Series],
) -> Mapping[str, Row]:
    """Rows by the text that names them."""
    if not rows:
        return {}
    names = remote_ids(to_frame(rows, list(key)), key)
    return {name: row for name, row in zip(names.to_list(), rows, strict=True) if name is not None}
