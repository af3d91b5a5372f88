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
        return _canonical(_iso(texts, zone))
    pattern = vector_pattern(format)
    if pattern is None:
        return empty(len(texts))
    text = pl.col("t")
    # Without a time of day Polars makes a date of a text, not a moment.
    parsed = (
        text.str.to_datetime(format, time_unit="us", strict=False)
        if "%H" in format and "%M" in format
        else text.str.to_date(format, strict=False).cast(pl.Datetime("us"))
    )
    return _canonical(_placed(evaluate(pl.when(text.str.contains(pattern)).then(parsed), t=texts), zone))


def _iso(texts: pl.Series, zone: str) -> pl.Series:
    """ISO texts as naive times in UTC. In steps: Polars would work out a part again wherever it is used."""
    parts = texts.to_frame("t").select("t", pl.col("t").str.extract_groups(_SHAPE).alias("parts")).unnest("parts")
    seconds = pl.col("second").fill_null("00") + "." + pl.col("fraction").fill_null("0").str.head(6)
    written = pl.col("day") + "T" + pl.col("minute") + ":" + seconds
    day = pl.when(pl.col("t").str.contains(r"^\d{4}-\d\d-\d\d$")).then("t") + "T00:00:00.0"
    hours, minutes = pl.col("hours").cast(pl.Int64), pl.col("minutes").cast(pl.Int64)
    naive = pl.coalesce(written, day).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    zoned = parts.select(
        "utc",
        "sign",
        naive=naive,
        # Python knows no offset of a day and more: left to `parse`.
        east=pl.when(hours < 24).then(hours * 60 + minutes) * pl.when(pl.col("sign") == "-").then(-1).otherwise(1),
    )
    local = zoned["naive"].set(zoned["utc"].is_not_null() | zoned["sign"].is_not_null(), None)
    return (
        zoned.with_columns(local=_placed(local, zone))
        .select(
            pl.when(pl.col("utc").is_not_null())
            .then("naive")
            .when(pl.col("sign").is_not_null())
            .then(pl.col("naive") - pl.duration(minutes="east"))
            .otherwise("local")
        )
        .to_series()
    )


def _placed(naive: pl.Series, zone: str) -> pl.Series:
    """Naive local times as naive UTC; null where the clocks left no such time, or no table is sure."""
    if zone == "UTC" or naive.null_count() == len(naive):
        return naive
    tabled = naive.dt.year().is_between(*_TABLED).fill_null(False)
    local = naive.set(~tabled, None).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _canonical(utc: pl.Series) -> pl.Series:
    moment = pl.col("u")
    fraction = pl.when(moment.dt.microsecond() != 0).then(moment.dt.strftime("%.6f")).otherwise(pl.lit(""))
    # Python knows the years 1 to 9999; a shift of zones may leave them.
    known = moment.dt.year().is_between(2, 9998)
    return evaluate(pl.when(known).then(moment.dt.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"), u=utc)
