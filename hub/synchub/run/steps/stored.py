"""What systems hold after a write: as they said themselves, or as looked up."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from synchub.api import CanLookup, Operation, Result, Row
from synchub.mapping.forms import empty
from synchub.mapping.moments import microseconds
from synchub.mapping.native import native_frame
from synchub.model import NATIVE, RAW, TO, VALUE
from synchub.read.stage import fingerprints
from synchub.run.work import Part
from synchub.write.batch import OPERATION, stored_frame


def told_or_looked_up(
    part: Part, sent: pl.DataFrame, asked: Sequence[Operation], results: Sequence[Result]
) -> pl.DataFrame:
    """The native rows that operations left behind (see `stored_frame`). Answers that don't say are looked up."""
    rows = _rows(part, asked, results)
    return stored_frame(sent["id"].to_list(), rows, part.mapping.natives, native_frame)


def _rows(part: Part, asked: Sequence[Operation], results: Sequence[Result]) -> Sequence[Row | None]:
    """What is stored now, row by row; None where it can't be known."""
    rows: list[Row | None] = []
    unsaid: dict[str, int] = {}
    enough: dict[tuple[object, ...], bool] = {}  # rows come with the same fields over and over
    for place, (operation, result) in enumerate(zip(asked, results, strict=True)):
        rows.append(result.stored if result.status in ("ok", "unchanged") else None)
        if result.status != "ok" or operation.kind not in ("create", "update"):
            continue
        told = (operation.kind, None if result.stored is None else tuple(result.stored), tuple(operation.values))
        if told not in enough:
            enough[told] = _says(part, operation, result)
        name = result.remote_id or operation.remote_id
        if not enough[told] and name is not None:
            unsaid[name] = place
    if unsaid and isinstance(part.connector, CanLookup):
        for name, row in part.present(list(unsaid)).items():
            if name in unsaid:
                rows[unsaid[name]] = row
    return rows


def stored_of(part: Part, planned: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Stored rows (see `stored_frame`) as the mapping reads them: id, n.*, v.*, stored_at: the row's own time, and raw_hash."""
    times = empty(frame.height).cast(pl.Int64)
    if part.mapping.updated is not None:
        native, form = part.mapping.updated
        times = microseconds(frame[native], form)
    natives = _natives_of(part, frame)
    odd = _otherwise(part, natives, planned)
    unlike = odd.select(pl.any_horizontal(pl.lit(False), pl.all())).to_series()
    values = _values_of(part, frame, unlike, [name for name in odd.columns if odd[name].any()])
    told = natives.with_columns(times.alias("stored_at"), _raw_hash(part, frame, planned, unlike))
    return told.join(values, on="id", how="left", maintain_order="left")


def _raw_hash(part: Part, frame: pl.DataFrame, planned: pl.DataFrame, unlike: pl.Series) -> pl.Series:
    """The fingerprint that each row that was made will be read with, if nobody changes it; null where not all of the row was
    told, or any of it is not what was sent: then it is to be heard."""
    native = frame.select(part.mapping.natives)
    made = (planned["kind"] == "create").any()
    if not made or part.stream.version not in (None, *part.mapping.natives) or native.width == 0:
        return pl.Series(RAW, [None], dtype=pl.Int64).new_from_index(0, frame.height)
    whole = native.select(pl.all_horizontal(pl.all().is_not_null())).to_series() & ~unlike
    return fingerprints(native).zip_with(whole, pl.Series([None], dtype=pl.Int64))


def _otherwise(part: Part, natives: pl.DataFrame, planned: pl.DataFrame) -> pl.DataFrame:
    """A column a field: whether a row holds something else there than what it was sent."""
    names = [name for name in part.mapping.inward_fields if NATIVE + name in natives.columns]
    sent = planned.select("id", *(TO + name for name in names if TO + name in planned.columns))
    both = natives.join(sent, on="id", how="left", maintain_order="left")
    return both.select(
        (
            pl.col(NATIVE + name).is_not_null()
            & (pl.col(NATIVE + name) != (pl.col(TO + name) if TO + name in both.columns else pl.lit("")).fill_null(""))
        ).alias(name)
        for name in names
    )


def _values_of(part: Part, frame: pl.DataFrame, unlike: pl.Series, names: list[str]) -> pl.DataFrame:
    """id, v.*: what stored rows mean, for those that are not just what was sent, in the fields where any is not; the
    others need no second look."""
    mapped = part.mapping.inward(frame.filter(unlike), only=names).frame
    ids = frame.filter(unlike).select(OPERATION).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    values = mapped.select("row", *(column for column in mapped.columns if column.startswith(VALUE)))
    return ids.rename({OPERATION: "id"}).join(values, on="row", how="left", maintain_order="left").drop("row")


def _natives_of(part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """id, n.*: the stored native text of each field, at the native field that it is written to or was read from."""
    columns = [frame[OPERATION].alias("id")]
    for name in part.mapping.inward_fields:
        sources = [frame[native] for native in part.mapping.fields[name].natives]
        if len(sources) == 1:
            columns.append(sources[0].alias(NATIVE + name))
        elif sources:
            filled = [pl.when(pl.lit(source) != "").then(pl.lit(source)) for source in sources]
            columns.append(frame.select(pl.coalesce(*filled, pl.lit(sources[0])).alias(NATIVE + name)).to_series())
    return pl.DataFrame(columns)


def _says(part: Part, operation: Operation, result: Result) -> bool:
    """Whether an answer tells all that must be known: after a create the whole record, else what was sent."""
    if result.stored is None:
        return False
    if operation.kind == "create":
        return all(name.split(".")[0] in result.stored or name in result.stored for name in part.mapping.natives)
    return all(name.split(".")[0] in result.stored or name in result.stored for name in operation.values)
