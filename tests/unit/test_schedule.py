"""When a sync is due: plain ticks, what was missed, and the two nights a year in which clocks jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.config.cron import FIELDS, cron_flaw
from synchub.schedule import Schedule, lateness

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticks(cron: str, first: str, last: str, zone: str = BERLIN) -> list[str]:
    """Every time at which a sync would begin after `first`, up to `last`; as local times."""
    schedule, found, now = Schedule(cron, zone), [], at(first)
    while (now := schedule.after(now)) <= at(last):
        found.append(f"{now:%d %H:%M %Z}")
    return found


def test_ticks_are_in_the_zone_of_the_hub():
    assert ticks("30 9 * * mon-fri", "2026-11-20T00:00", "2026-11-24T00:00") == ["20 09:30 CET", "23 09:30 CET"]


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("30 2 * * *", ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]),  # 02:30 is left out: right after it
        ("0 3 * * *", ["28 03:00 CET", "29 03:00 CEST", "30 03:00 CEST"]),
    ],
)
def test_where_clocks_are_put_forward_nothing_is_left_out(cron: str, told: list[str]):
    assert ticks(cron, "2026-03-27T12:00", "2026-03-30T12:00") == told


def test_where_clocks_are_put_back_an_hour_that_comes_twice_runs_once():
    told = ticks("30 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00")

    assert told == ["25 02:30 CEST", "26 02:30 CET"]


def test_a_run_by_hand_in_the_second_of_two_same_hours_does_not_bring_back_the_first():
    second = at("2026-10-25T01:10")  # 02:10 CET; 02:30 CEST was forty minutes ago

    assert Schedule("30 2 * * *", BERLIN).after(second) > second + timedelta(hours=20)


@pytest.mark.parametrize("night", ["2026-03-28T22:00", "2026-10-24T22:00"])
def test_every_quarter_of_an_hour_is_just_that_in_both_nights(night: str):
    schedule, now, found = Schedule("*/15 * * * *", BERLIN), at(night), []
    for _ in range(40):
        now = schedule.after(now).astimezone(UTC)
        found.append(now)

    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=15)}


def test_a_sync_that_never_ran_is_due_at_once():
    now = at("2026-01-01T10:07")

    assert Schedule("0 3 * * *", BERLIN).due(None, now) == now


def test_what_was_missed_is_due_since_the_first_missed_tick():
    schedule = Schedule("*/15 * * * *", "UTC", late=5)

    assert schedule.due(at("2026-01-01T22:00:05"), at("2026-01-02T07:00")) == at("2026-01-01T22:15:05")


def test_a_run_from_the_future_is_one_of_a_wrong_clock():
    now = at("2026-01-01T10:00")
    schedule = Schedule("0 3 * * *", "UTC")

    assert schedule.due(now + timedelta(days=300), now) == now
    assert schedule.due(now + timedelta(seconds=20), now) == at("2026-01-02T03:00")


def test_each_sync_is_late_by_the_same_seconds_every_time():
    assert lateness("acme", "contacts", 20) == lateness("acme", "contacts", 20)
    assert len({lateness("acme", f"sync{number}", 20) for number in range(200)}) == 21
    assert lateness("acme", "contacts", 0) == 0
    assert Schedule("0 * * * *", "UTC", late=7).after(at("2026-01-01T10:00:07")) == at("2026-01-01T11:00:07")


def parts(name: str, smallest: int, largest: int, names: tuple[str, ...]) -> st.SearchStrategy[str]:
    number = st.integers(smallest, largest)
    span = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    first = st.one_of(st.just("*"), number.map(str), span, *([st.sampled_from(names)] if names else []))
    step = st.one_of(st.just(""), st.integers(1, largest).map(lambda every: f"/{every}"))
    return st.lists(st.tuples(first, step).map("".join), min_size=1, max_size=3).map(",".join)


@given(st.tuples(*(parts(*each) for each in FIELDS)).map(" ".join), st.sampled_from(["UTC", BERLIN]))
def test_what_check_takes_can_be_run(cron: str, zone: str):
    if cron_flaw(cron) is None:
        assert Schedule(cron, zone).after(at("2026-03-28T23:00")) > at("2026-03-28T23:00")


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_what_never_comes_is_told(cron: str):
    message, fix = cron_flaw(cron) or ("", "")

    assert "never comes" in message
    assert fix
