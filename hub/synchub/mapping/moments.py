"""The type datetime: moments in UTC, from ISO texts in whole columns, the rest one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from synchub.mapping.dates import vector_pattern
from synchub.mapping.forms import Form, Unreadable, empty, evaluate, read
from synchub.mapping.loose_dates import any_moment, as_format

_SHAPE: Final = (
    r"^(?<day>\d{4}-\d\d-\d\d)[T ](?<minute>[0-2]\d:[0-5]\d)"
    r"(?::(?<second>[0-5]\d)(?:\.(?<fraction>\d{1,9}))?)?"
    r"(?:(?<utc>Z)|(?<sign>[+-])(?<hours>\d\d):?(?<minutes>[0-5]\d))?$"
)
_TABLED: Final = (1971, 2036)
"""Years for which every time zone table agrees."""


def datetime_form(format: str | None, timezone: str, region: str) -> Form:
    """A moment. What names no zone is in `timezone`, but a `format` that ends in Z is in UTC."""
    zone = "UTC" if format is not None and format.endswith("Z") else timezone
    local = ZoneInfo(zone)

    def parse(text: str) -> str:
        if format is None:
            return canonical_moment(any_moment(text, region, "date and time"), local)
        return canonical_moment(as_format(text, format, "date and time"), local)

    return Form(parse, lambda texts: _sure(texts, format, zone))


def canonical_moment(moment: datetime, local: ZoneInfo) -> str:
    """The canonical text of a moment; a naive one is in `local`."""
    aware = moment.replace(tzinfo=local) if moment.tzinfo is None else moment
    try:
        utc = aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise Unreadable("is too far away in time") from None
    return utc.isoformat() + "Z"


def moments_of(texts: pl.Series) -> pl.Series:
    """Canonical texts as moments: Datetime in microseconds, UTC. Null where the text is null or blank."""
    return texts.str.strip_suffix("Z").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f", time_unit="us", time_zone="UTC", strict=False
    )


def microseconds(texts: pl.Series, form: Form) -> pl.Series:
    """Native texts as microseconds since 1970 in UTC (Int64); null where there is no time to be read."""
    return moments_of(read(form, texts).values).cast(pl.Int64)


def _sure(texts: pl.Series, format: str | None, zone: str) -> pl.Series:
    if format is None:
        return evaluate(_canonical(_iso(pl.col("t"), zone)), t=texts)
    pattern = vector_pattern(format)
    if pattern is None:
        return empty(len(texts))
    text = pl.col("t")
    # Without a time of day Polars makes a date of a text, not a moment.
    has_time = "%H" in format and "%M" in format
    parsed = (
        text.str.to_datetime(format, time_unit="us", strict=False)
        if has_time
        else text.str.to_date(format, strict=False).cast(pl.Datetime("us"))
    )
    return evaluate(_canonical(_placed(pl.when(text.str.contains(pattern)).then(parsed), zone)), t=texts)


def _iso(text: pl.Expr, zone: str) -> pl.Expr:
    parts = text.str.extract_groups(_SHAPE).struct
    seconds = parts.field("second").fill_null("00") + "." + parts.field("fraction").fill_null("0").str.head(6)
    written = parts.field("day") + "T" + parts.field("minute") + ":" + seconds
    naive = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    day = pl.when(text.str.contains(r"^\d{4}-\d\d-\d\d$")).then(
        text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    )
    hours, minutes = parts.field("hours").cast(pl.Int64), parts.field("minutes").cast(pl.Int64)
    east = (hours * 60 + minutes) * pl.when(parts.field("sign") == "-").then(-1).otherwise(1)
    # Python knows no offset of a day and more: left to `parse`.
    shifted = naive - pl.duration(minutes=pl.when(hours < 24).then(east))
    return (
        pl.when(parts.field("utc").is_not_null())
        .then(naive)
        .when(parts.field("sign").is_not_null())
        .then(shifted)
        .otherwise(_placed(pl.coalesce(naive, day), zone))
    )


def _placed(naive: pl.Expr, zone: str) -> pl.Expr:
    """Naive local times as naive UTC; null where the clocks left no such time, or no table is sure."""
    if zone == "UTC":
        return naive
    local = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    utc = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return pl.when(naive.dt.year().is_between(*_TABLED)).then(utc)


def _canonical(utc: pl.Expr) -> pl.Expr:
    seconds = utc.dt.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = pl.when(utc.dt.microsecond() == 0).then(pl.lit("")).otherwise(utc.dt.strftime("%.6f"))
    # Python knows the years 1 to 9999; a shift of zones may leave them.
    return pl.when(utc.dt.year().is_between(2, 9998)).then(seconds + fraction + "Z")
