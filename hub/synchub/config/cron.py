"""Whether a text is a cron expression of five fields: minute, hour, day of month, month, day of week."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from cronsim import CronSim, CronSimError

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

FIELDS: Final[tuple[tuple[str, int, int, tuple[str, ...]], ...]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of week", 0, 7, DAYS),
)
"""Name, smallest and largest number, and names for numbers, counted from the smallest."""

PART = re.compile(r"(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:/(\d+))?", re.ASCII)


def cron_flaw(expression: str) -> tuple[str, str] | None:
    """What is wrong with an expression and what to do about it; None if nothing is."""
    words = expression.split()
    if len(words) != len(FIELDS):
        message = f"a schedule has five fields, '{expression}' has {len(words)}"
        return message, 'minute, hour, day of month, month, day of week: "*/15 * * * *"'
    for word, (name, smallest, largest, names) in zip(words, FIELDS, strict=True):
        for part in word.lower().split(","):
            if not _fits(part, smallest, largest, names):
                return f"'{word}' is no {name} of a schedule", f"{smallest} to {largest}, *, */5, 1-5 or 1,3"
    return None if _comes(expression) else (f"'{expression}' never comes", "no month that it names has such a day")


def _comes(expression: str) -> bool:
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        return False
    return True


def _fits(part: str, smallest: int, largest: int, names: tuple[str, ...]) -> bool:
    match = PART.fullmatch(part)
    if match is None or match[4] == "0" or (match[4] and int(match[4]) > largest):
        return False
    if match[1]:
        return True
    first, last = (_number(word, smallest, names) for word in (match[2], match[3] or match[2]))
    return first is not None and last is not None and smallest <= first <= last <= largest


def _number(word: str, smallest: int, names: tuple[str, ...]) -> int | None:
    if word in names:
        return names.index(word) + smallest
    return int(word) if word.isdecimal() and len(word) < 3 else None
