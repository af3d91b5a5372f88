"""Native rows become canonical values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from synchub.mapping.fields import CompiledField
from synchub.mapping.forms import Form, Reading, empty, evaluate, lookup, read, trimmed
from synchub.mapping.keys import remote_ids
from synchub.mapping.moments import microseconds
from synchub.model import BLANK, NATIVE, REMOTE, UPDATED, VALUE, VERSION, VIA

WEAK = "d."
"""`d.FIELD`: true where the value is the mapping's own constant or default, and so is weak."""

ROW = "row"
"""The place of a row in the frame that came in, from 0."""

_ERRORS = {ROW: pl.Int64, REMOTE: pl.String, "field": pl.String, "value": pl.String, "reason": pl.String}


@dataclass(frozen=True, slots=True)
class Mapped:
    """Rows as the hub understands them.

    frame   one row for each that could be understood: row, remote_id, updated_at, version (if asked for), and
    for each field n.F, v.F, w.F (fields of several natives) and d.F (fields with a constant or default)
    errors  one row for each value that could not: row, remote_id, field, value, reason. None of these rows is
    in `frame`.
    """

    frame: pl.DataFrame
    errors: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of all rows. A reason says why a value, and with it the row, is refused."""

    native: pl.Series
    value: pl.Series
    via: pl.Series | None
    weak: pl.Series | None
    reasons: pl.Series


def map_inward(
    frame: pl.DataFrame,
    fields: Sequence[CompiledField],
    keys: Sequence[str],
    *,
    updated: tuple[str, Form] | None,
    version: str | None,
) -> Mapped:
    """Map rows of native text. `updated` is the native field of the row's own time and how it is read."""
    remote = remote_ids(frame, keys)
    out = [pl.Series(ROW, range(frame.height), dtype=pl.Int64), remote.alias(REMOTE)]
    times = empty(frame.height).cast(pl.Int64) if updated is None else microseconds(frame[updated[0]], updated[1])
    out.append(times.alias(UPDATED))
    if version is not None:
        out.append(evaluate(pl.when(pl.col("t") != BLANK).then("t"), t=frame[version]).alias(VERSION))
    no_key = evaluate(pl.when(pl.col("t").is_null()).then(pl.lit("the row has no key")), t=remote)
    errors = [_errors(remote, ",".join(keys), empty(frame.height), no_key)]
    for field in fields:
        column = _map_field(frame, field)
        out += _named(field.name, column)
        errors.append(_errors(remote, field.name, column.native, column.reasons))
    refused = pl.concat(errors).sort(ROW, maintain_order=True)
    good = pl.DataFrame(out)
    if refused.height:
        good = good.join(refused.select(ROW).unique(), on=ROW, how="anti", maintain_order="left")
    return Mapped(good, refused)


def _named(name: str, column: _Column) -> list[pl.Series]:
    found = [column.native.alias(NATIVE + name), column.value.alias(VALUE + name)]
    if column.via is not None:
        found.append(column.via.alias(VIA + name))
    if column.weak is not None:
        found.append(column.weak.alias(WEAK + name))
    return found


def _errors(remote: pl.Series, field: str, native: pl.Series, reasons: pl.Series) -> pl.DataFrame:
    if reasons.null_count() == len(reasons):
        return pl.DataFrame(schema=_ERRORS)
    columns = (
        pl.DataFrame({REMOTE: remote, "value": native, "reason": reasons})
        .with_row_index(ROW)
        .with_columns(pl.col(ROW).cast(pl.Int64))
    )
    return columns.filter(pl.col("reason").is_not_null()).select(
        ROW, REMOTE, pl.lit(field).alias("field"), "value", "reason"
    )


def _map_field(frame: pl.DataFrame, field: CompiledField) -> _Column:
    native, via = _pick(frame, field)
    if field.constant is not None:
        value = native
        return _Column(native, value, via, evaluate(pl.col("t").is_not_null(), t=native), empty(len(native)))
    texts = native
    for step in field.steps:
        texts = evaluate(step.expression(pl.col("t")).cast(pl.String), t=trimmed(texts))
    if field.steps:
        texts = _kept(texts, native)
    reading = _renamed(texts, field) if field.values else read(field.form, texts)
    return _settle(field, _Column(native, reading.values, via, None, reading.reasons))


def _renamed(texts: pl.Series, field: CompiledField) -> Reading:
    """What the mapping's own names stand for; the other texts as their type reads them."""
    folded = trimmed(texts).str.to_lowercase()
    named = lookup(folded, list(field.values), list(field.values.values()))
    if named.null_count() == texts.null_count():
        return Reading(named, empty(len(texts)))
    other = evaluate(pl.when(pl.col("n").is_null()).then("t").otherwise(pl.lit(BLANK)), t=texts, n=named)
    reading = read(field.form, other)
    return Reading(named.zip_with(named.is_not_null(), reading.values), reading.reasons)


def _kept(texts: pl.Series, native: pl.Series) -> pl.Series:
    """A transform may find nothing, but it never makes a delivered field absent, nor the other way round."""
    return evaluate(pl.when(pl.col("n").is_not_null()).then(pl.col("t").fill_null(BLANK)), t=texts, n=native)


def _settle(field: CompiledField, column: _Column) -> _Column:
    """Apply what the mapping says about values that are wrong or not there."""
    value, reasons = column.value, column.reasons
    failed = None if reasons.null_count() == len(reasons) else reasons.is_not_null()
    if failed is not None and (field.mapping.on_error != "quarantine" or not field.claims):
        # What an out-only field holds is overwritten anyway: no reason to refuse the record.
        blank = pl.Series([BLANK]).new_from_index(0, len(value))
        value = blank.zip_with(failed, value)
        reasons = empty(len(value))
    if field.default is None:
        return _Column(column.native, value, column.via, None, reasons)
    missing = value == BLANK
    if field.mapping.on_error == "blank" and failed is not None:
        missing &= ~failed
    weak = missing.fill_null(False)
    filled = pl.Series([field.default]).new_from_index(0, len(value)).zip_with(weak, value)
    return _Column(column.native, filled, column.via, weak, reasons)


def _pick(frame: pl.DataFrame, field: CompiledField) -> tuple[pl.Series, pl.Series | None]:
    """The native text that a field is read from, and the native field it stood in where there are several."""
    if field.constant is not None:
        return pl.Series([field.constant]).new_from_index(0, frame.height), None
    if field.expression is not None:
        known = pl.all_horizontal([pl.col(name).is_not_null() for name in field.natives] or [pl.lit(True)])
        computed = field.expression.fill_null(BLANK)
        return frame.select(t=pl.when(known).then(computed)).to_series(), None
    if not field.several:
        return frame[field.natives[0]], None
    return _first_filled(frame, field.natives)


def _first_filled(frame: pl.DataFrame, natives: Sequence[str]) -> tuple[pl.Series, pl.Series]:
    # An absent field ends the search: it may be filled, and then what follows it wouldn't count.
    text, via = pl.lit(BLANK), pl.lit(None, dtype=pl.String)
    for name in reversed(natives):
        column = pl.col(name)
        text = pl.when(column.is_null() | (column != BLANK)).then(column).otherwise(text)
        via = pl.when(column != BLANK).then(pl.lit(name)).when(column.is_null()).then(None).otherwise(via)
    picked = frame.select(text=text, via=via)
    return picked["text"], picked["via"]
