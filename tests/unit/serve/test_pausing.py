"""Which systems are left alone, and until when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synchub.serve.pausing import FIRST, LONGEST, MINUTE, judge, left_alone
from synchub.spec.answers import Failing
from synchub.spec.reports import MemberRun, RunReport

NOW = 1_800_000_000_000_000
AT = datetime(2026, 1, 1, tzinfo=UTC)


def failing(failures: int, until: int | None) -> dict[str, Failing]:
    return {"crm": Failing("crm", failures, NOW - MINUTE, until, "no answer")}


def run(*problems: str) -> RunReport:
    """A run with two members of one system, and one of another that is well."""
    members = [MemberRun(f"m{place}", "crm", "s", problem=problem) for place, problem in enumerate(problems)]
    return RunReport("7", "contacts", AT, AT, "incomplete", (*members, MemberRun("shop", "shop", "s")))


@pytest.mark.parametrize(
    ("until", "alone"),
    [
        (None, False),  # failed, and is still tried
        (NOW - 1, False),  # it is time to try it again
        (NOW, False),
        (NOW + 1, True),
        (NOW + LONGEST, True),
        (NOW + LONGEST + 1, False),  # the clock was put back since
    ],
)
def test_a_system_is_left_alone_until_its_time(until: int | None, alone: bool):
    assert set(left_alone(failing(3, until), NOW, "UTC")) == ({"crm"} if alone else set())


def test_the_reason_says_until_when_and_why():
    (reason,) = left_alone(failing(4, NOW + FIRST), NOW, "Europe/Berlin").values()

    assert reason == (
        "It is left alone until 2027-01-15 09:10 CET, because it failed 4 runs in a row. The last time: no answer"
    )


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, None), (2, None), (3, 10), (4, 20), (5, 40), (7, 160), (8, 320), (9, 360), (99, 360)]
)
def test_pauses_grow_and_end_at_six_hours(failures: int, minutes: int | None):
    known = failing(failures - 1, None) if failures > 1 else {}
    (found,) = judge(run("no answer"), known, {}, now=NOW, pause_after=3, zone="UTC").failing

    assert (found.failures, found.until) == (failures, None if minutes is None else NOW + minutes * MINUTE)


def test_a_system_with_one_member_that_failed_failed():
    verdict = judge(run("", "no answer"), {}, {}, now=NOW, pause_after=1, zone="UTC")

    assert [(one.system, one.problem) for one in verdict.failing] == [("crm", "no answer")]
    assert [(kind, system) for kind, system, _ in verdict.notices] == [("system_down", "crm")]


def test_a_system_that_took_no_part_is_neither_down_again_nor_back():
    paused = {"crm": "It is left alone."}
    verdict = judge(run("It is left alone."), failing(3, NOW + 1), paused, now=NOW, pause_after=3, zone="UTC")

    assert (verdict.failing, verdict.well, verdict.notices) == ((), (), ())


def test_one_that_failed_too_seldom_to_be_left_alone_is_back_without_a_notice():
    verdict = judge(run(""), failing(2, None), {}, now=NOW, pause_after=3, zone="UTC")

    assert (verdict.well, verdict.notices) == (("crm",), ())


def test_a_run_that_failed_as_a_whole_says_nothing_of_systems():
    report = RunReport("7", "contacts", AT, AT, "failed", problem="The store is full.")
    verdict = judge(report, failing(2, None), {}, now=NOW, pause_after=3, zone="UTC")

    assert (verdict.failing, verdict.well) == ((), ())
