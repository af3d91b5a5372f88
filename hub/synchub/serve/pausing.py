"""Systems that fail run after run are left alone for a while, longer each time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from synchub.spec.answers import Failing
from synchub.spec.reports import NoticeKind, RunReport

MINUTE: Final = 60 * 1_000_000
FIRST: Final = 10 * MINUTE
LONGEST: Final = 360 * MINUTE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run tells of its systems: those that failed, those that are well again, and what people are to be told."""

    failing: tuple[Failing, ...] = ()
    well: tuple[str, ...] = ()
    notices: tuple[tuple[NoticeKind, str, str], ...] = ()
    """Kind, system, sentence."""


def left_alone(failing: Mapping[str, Failing], now: int, zone: str) -> dict[str, str]:
    """Systems that are to take no part in a run that begins now, each with the reason.

    A pause that would last longer than any was made by a clock that was put back since, and counts no more.
    """
    return {
        name: f"It is left alone until {_shown(one.until, zone)}, because it failed {one.failures} runs in a row. "
        f"The last time: {one.problem}"
        for name, one in failing.items()
        if one.until is not None and now < one.until <= now + LONGEST
    }


def judge(
    report: RunReport,
    failing: Mapping[str, Failing],
    paused: Mapping[str, str],
    *,
    now: int,
    pause_after: int,
    zone: str,
) -> Verdict:
    """What a run tells of its systems, given what was known before. Those that took no part tell nothing."""
    problems: dict[str, str] = {}
    for member in report.members:
        problems[member.system] = problems.get(member.system) or member.problem
    known = {system: problem for system, problem in problems.items() if system not in paused}
    failed = [_failed(failing.get(name), name, text, now, pause_after) for name, text in known.items() if text]
    well = [name for name, text in known.items() if not text and name in failing]
    told: list[tuple[NoticeKind, str, str]] = [
        ("system_down", one.system, _down(one, zone)) for one in failed if _is_news(one, failing)
    ]
    told += [
        ("system_up", name, f"The system {name} is back after {failing[name].failures} failed runs.")
        for name in well
        if failing[name].until is not None
    ]
    return Verdict(tuple(failed), tuple(well), tuple(told))


def _failed(before: Failing | None, system: str, problem: str, now: int, pause_after: int) -> Failing:
    failures = (before.failures if before else 0) + 1
    doubled = min(failures - pause_after, 10)
    until = now + min(FIRST * 2**doubled, LONGEST) if doubled >= 0 else None
    return Failing(system, failures, now, until, problem)


def _is_news(one: Failing, failing: Mapping[str, Failing]) -> bool:
    before = failing.get(one.system)
    return one.until is not None and (before is None or before.until is None)


def _down(one: Failing, zone: str) -> str:
    return (
        f"The system {one.system} failed {one.failures} runs in a row and is left alone until "
        f"{_shown(one.until, zone)}. The others go on without it. The last time: {one.problem}"
    )


def _shown(micros: int | None, zone: str) -> str:
    return f"{datetime.fromtimestamp((micros or 0) / 1_000_000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
