"""Dates and times in any spelling, one by one: only what names a whole, real day is taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final

from dateutil import parser as dateutil_parser

from synchub.mapping.forms import Unreadable

_ISO: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)(.*)", re.DOTALL)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?")
_NUMERIC: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})(?!\d)(.*)", re.DOTALL)
_TIME: Final = re.compile(r"\d{1,2}:\d\d|\d{1,2}\s*[AaPp]\.?[Mm]")
_EPOCH: Final = re.compile(r"\d{13}|-\d{9,13}")
_LONGEST: Final = 60

_ZONES: Final = {
    "Z": 0,
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
}
"""Names of time zones as mail headers and people use them: hours east of UTC."""


_GERMAN_MONTHS: Final = {
    "januar": 1,
    "jän": 1,
    "jänner": 1,
    "februar": 2,
    "feber": 2,
    "märz": 3,
    "mär": 3,
    "mrz": 3,
    "maerz": 3,
    "mai": 5,
    "juni": 6,
    "juli": 7,
    "okt": 10,
    "oktober": 10,
    "dez": 12,
    "dezember": 12,
}
_GERMAN_DAYS: Final = {
    "montag": 0,
    "mo": 0,
    "dienstag": 1,
    "di": 1,
    "mittwoch": 2,
    "mi": 2,
    "donnerstag": 3,
    "do": 3,
    "freitag": 4,
    "fr": 4,
    "samstag": 5,
    "sa": 5,
    "sonnabend": 5,
    "sonntag": 6,
    "so": 6,
}


class _Words(dateutil_parser.parserinfo):
    """English and German names of months and days; years are never guessed from two digits."""

    def month(self, name: str) -> int | None:
        return _GERMAN_MONTHS.get(name.lower()) or super().month(name)

    def weekday(self, name: str) -> int | None:
        found = _GERMAN_DAYS.get(name.lower())
        return super().weekday(name) if found is None else found

    def convertyear(self, year: int, century_specified: bool = False) -> int:
        # The library would choose the century by today's date: one text would mean another day next year.
        if year < 100 and not century_specified:
            raise ValueError("a year of two digits")
        return year


def any_moment(text: str, region: str, what: str) -> datetime:
    """A date, with a time of day or without, in any spelling that names day, month and year.

    Aware if the text names a zone, else naive. A day alone is its midnight. 01/02/2024 is in February, but in
    the US in January; what can only be read one way is read that way.
    """
    refusal = Unreadable(f"is not a {what}")
    if len(text) > _LONGEST:
        raise refusal
    if _EPOCH.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
    if compact := _COMPACT.fullmatch(text):
        year, month, day, hour, minute, second, zone = compact.groups()
        time = f"{hour}:{minute}:{second or '00'}{zone or ''}" if hour else ""
        return _with_time(_real(year, month, day, refusal), time, refusal)
    if iso := _ISO.fullmatch(text):
        return _with_time(_real(iso[1], iso[3], iso[4], refusal), iso[5], refusal)
    if numeric := _NUMERIC.fullmatch(text):
        month, day = _month_and_day(numeric[1], numeric[3], month_first=region == "US" and numeric[2] != ".")
        return _with_time(_real(numeric[4], month, day, refusal), numeric[5], refusal)
    return _worded(text, region, refusal)


def as_format(text: str, format: str, what: str) -> datetime:
    """A date written in a given format, or as ISO 8601. Raises Unreadable."""
    try:
        return datetime.strptime(text, format)
    except ValueError:
        refusal = Unreadable(f"is not a {what} written as {format}")
    iso = _ISO.fullmatch(text)
    if iso is None or iso[2] != "-":
        raise refusal
    return _with_time(_real(iso[1], iso[3], iso[4], refusal), iso[5], refusal)


def _month_and_day(first: str, second: str, *, month_first: bool) -> tuple[str, str]:
    month, day = (first, second) if month_first else (second, first)
    return (day, month) if int(day) <= 12 < int(month) else (month, day)


def _real(year: str, month: str, day: str, refusal: Unreadable) -> datetime:
    try:
        return datetime(int(year), int(month), int(day))
    except ValueError:
        raise refusal from None


def _with_time(day: datetime, rest: str, refusal: Unreadable) -> datetime:
    rest = rest.strip().removeprefix("T").removeprefix(",").strip()
    if not rest:
        return day
    if not _TIME.match(rest):
        raise refusal
    # Only the time is left to the library: it would take parts of some dates for others.
    found = _ask(f"2000-01-01 {rest}", datetime(2000, 1, 1), day_first=False, refusal=refusal)
    if (found.year, found.month, found.day) != (2000, 1, 1):
        raise refusal
    return found.replace(year=day.year, month=day.month, day=day.day)


def _worded(text: str, region: str, refusal: Unreadable) -> datetime:
    # Digits alone, or words alone, never name a whole day; the library would fill in the rest.
    if not re.search(r"\d{4}", text) or not re.search(r"[^\W\d_]{3}", text):
        raise refusal
    day_first = region != "US" and not re.search(r"\d{4}[-/.]\d", text)
    one = _ask(text, datetime(1904, 1, 1), day_first=day_first, refusal=refusal)
    if one != _ask(text, datetime(1905, 2, 2), day_first=day_first, refusal=refusal):
        raise refusal
    return one


def _ask(text: str, default: datetime, *, day_first: bool, refusal: Unreadable) -> datetime:
    try:
        found = _parser().parse(text, default=default, dayfirst=day_first, tzinfos=_zone)
    except (ValueError, OverflowError, TypeError, AttributeError):
        raise refusal from None
    if not isinstance(found, datetime):
        raise refusal
    return found


@cache
def _parser() -> dateutil_parser.parser:
    return dateutil_parser.parser(_Words())


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    # Without this, the library asks the machine's own time zone what a name means.
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    if name.upper() not in _ZONES:
        raise ValueError(name)
    return timezone(timedelta(hours=_ZONES[name.upper()]))
