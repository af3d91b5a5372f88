"""The loop, days of it: what runs when, what is told of it, and what a new process goes on with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from synchub.errors import BusyError, ConfigurationError, RetryLater
from synchub.schedule import Schedule
from synchub.serve.stopping import Stopped
from synchub.spec.options import RunOptions
from synchub.spec.reports import MemberRun

HOUR = timedelta(hours=1)


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


def test_a_new_sync_runs_at_once_and_then_by_its_schedule(stage):
    stage.play(0.6)

    assert stage.began == ["28 12:00:00 contacts", "28 12:15:05 contacts", "28 12:30:05 contacts"]


def test_a_thousand_runs_are_a_quarter_of_an_hour_apart_through_a_change_of_clocks(stage):
    stage.play(250.1)

    times = [when for when, _ in stage.hub.done]
    assert len(times) == 1001
    assert {later - earlier for earlier, later in pairwise(times[1:])} == {timedelta(minutes=15)}
    assert stage.hub.unattended.let_go_of == 1001


def test_nine_hours_of_sleep_are_one_run(stage):
    stage.time.jumps[1] = 9 * HOUR
    stage.play(11)

    after = [line for line in stage.began if line > "28 21:50"]
    assert after[:2] == ["28 22:00:05 contacts", "28 22:15:05 contacts"]
    assert len(stage.began) == 1 + 3 + 1 + 3


def test_a_new_process_runs_what_was_missed_once_and_nothing_that_was_not(stage):
    stage.play(0.6)
    stage.again()
    stage.play(0.01)
    assert len(stage.began) == 3  # 12:45:05 is still to come

    stage.time.now += 5 * HOUR
    stage.again()
    stage.play(0.05)
    assert len(stage.began) == 4


def test_a_clock_that_is_put_back_stops_nothing(stage):
    stage.time.jumps = {1: -24 * HOUR}
    stage.play(1)
    before = len(stage.began)
    stage.time.ends = stage.time.now + HOUR
    stage.loop.run()

    assert 4 <= len(stage.began) - before <= 6


def test_a_clock_that_was_a_year_ahead_stops_nothing(stage):
    stage.time.now += 365 * 24 * HOUR
    stage.play(0.01)
    stage.time.now -= 365 * 24 * HOUR
    stage.play(1)

    assert len(stage.began) == 1 + 5


def test_several_that_are_due_each_get_their_turn_in_order(stage):
    stage.hub.unattended.schedules |= {
        "activity": Schedule("* * * * *", "UTC"),
        "contacts": Schedule("* * * * *", "UTC"),
    }
    stage.hub.takes = timedelta(minutes=2)
    stage.play(0.5)

    names = [name for _, name in stage.hub.done]
    assert names[:6] == ["contacts", "activity"] * 3


def test_a_lock_that_is_taken_is_told_once_and_tried_at_the_next_turn(stage, caplog):
    tries = []

    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        tries.append(stage.time.now)
        raise BusyError("Another run holds the lock: process 7.")

    stage.hub.act = act
    stage.play(1)

    assert [f"{when:%H:%M:%S}" for when in tries] == ["12:00:00", "12:15:05", "12:30:05", "12:45:05"]
    assert lines(caplog) == ["contacts is left out until its next turn: Another run holds the lock: process 7."]
    assert b'synchub_skipped_total{sync="contacts"} 4.0' in stage.metrics.text()


def test_a_run_that_cannot_begin_is_tried_once_a_turn_and_told_once(stage, caplog):
    tries = []

    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        tries.append(stage.time.now)
        raise ConfigurationError("env:TOKEN: the environment variable TOKEN is not set.")

    stage.hub.act = act
    stage.play(1)
    assert len(tries) == 4
    assert [notice.kind for notice in stage.hub.unattended.notices] == ["sync_failing"]

    stage.hub.act = lambda sync, options: []
    stage.play(0.3)
    assert [notice.kind for notice in stage.hub.unattended.notices] == ["sync_failing", "sync_well"]


def test_a_bug_ends_a_run_and_not_the_loop_and_its_words_are_kept_out_of_the_log(stage, caplog):
    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        raise KeyError("ann@lee.example")

    stage.hub.act = act
    stage.play(1)

    assert len([line for line in lines(caplog) if "KeyError. This is a bug" in line]) == 4
    assert "ann@lee.example" not in "\n".join(lines(caplog, logging.INFO))


def test_a_store_that_cannot_be_used_is_told_once_and_waited_for(stage, caplog):
    stage.hub.unattended.broken = RetryLater("The hub's store can't be used now: disk I/O error.")
    stage.play(0.5)
    assert lines(caplog) == ["The hub's store can't be used now: disk I/O error."]
    assert stage.board.trouble

    stage.hub.unattended.broken = None
    stage.play(0.1)
    assert stage.board.trouble == ""
    assert len(stage.began) == 1


def failing(stage, *systems: str) -> None:
    """From now on these systems fail whenever they take part."""

    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        return [
            MemberRun(name, name, "people", problem=options.paused.get(name, "no answer" if name in systems else ""))
            for name in ("crm", "shop")
        ]

    stage.hub.act = act


def test_a_system_that_fails_is_left_alone_longer_and_longer_and_told_of_once(stage):
    failing(stage, "crm")
    stage.play(24.1)

    took_part = [
        when for (when, _), paused in zip(stage.hub.done, stage.hub.paused, strict=True) if "crm" not in paused
    ]
    apart = [later - earlier for earlier, later in pairwise(took_part)]
    assert len(stage.hub.done) == 97
    assert all("shop" not in paused for paused in stage.hub.paused)
    assert apart[2:] == sorted(apart[2:])
    assert apart[-1] > 5 * HOUR
    assert len(took_part) < 12
    (notice,) = stage.hub.unattended.notices
    assert (notice.kind, notice.subject) == ("system_down", "crm")
    assert "crm failed 3 runs in a row" in notice.text
    assert b'synchub_system_up{system="crm"} 0.0' in stage.metrics.text()
    assert b'synchub_system_up{system="shop"} 1.0' in stage.metrics.text()


def test_a_restart_does_not_forget_that_a_system_is_left_alone(stage):
    failing(stage, "crm")
    stage.play(1.5)
    tries = sum("crm" not in paused for paused in stage.hub.paused)
    stage.again()
    stage.play(0.3)

    assert sum("crm" not in paused for paused in stage.hub.paused) == tries
    assert len(stage.hub.unattended.notices) == 1


def test_a_system_that_is_back_is_told_of_once(stage):
    failing(stage, "crm")
    stage.play(2)
    failing(stage)
    stage.play(6)

    assert [notice.kind for notice in stage.hub.unattended.notices] == ["system_down", "system_up"]
    assert stage.hub.unattended.known == {}
    assert b'synchub_system_up{system="crm"} 1.0' in stage.metrics.text()


def test_what_a_system_says_of_people_is_in_no_notice(stage, caplog):
    caplog.set_level(logging.INFO)

    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        return [MemberRun("crm", "crm", "people", problem="crm refused 'Ann Lee' <ann@lee.example>: \"030 123\".")]

    stage.hub.act = act
    stage.play(1)

    told = [*lines(caplog, logging.INFO), *(notice.text for notice in stage.hub.unattended.notices)]
    assert len([line for line in told if "refused" in line]) > 3
    assert not [line for line in told if "Ann" in line or "lee.example" in line or "030" in line]


def test_a_run_is_logged_with_its_number_and_counts(stage, caplog):
    caplog.set_level(logging.INFO)
    stage.play(0.1)

    (record,) = caplog.records
    assert record.getMessage() == "run 1 of contacts: done in 3.0 s; crm: 1 read; shop: 1 read"
    said: dict[str, Any] = vars(record)
    assert (said["run"], said["sync"], said["state"], said["seconds"]) == ("1", "contacts", "done", 3.0)
    assert said["members"]["crm"]["system"] == "crm"


def test_being_asked_to_stop_breaks_a_run_off_and_ends_the_loop(stage, caplog):
    caplog.set_level(logging.INFO)

    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        stage.time.ends = stage.time.now
        return []

    stage.hub.act = act
    stage.play(1)

    assert stage.began == []
    assert "broken off at a safe point" in caplog.text
    assert stage.hub.unattended.let_go_of == 1
    assert stage.board.running is None


def test_a_wait_in_a_run_ends_when_we_are_asked_to_stop(stage, caplog):
    def act(sync: str, options: RunOptions) -> Sequence[MemberRun]:
        raise Stopped

    stage.hub.act = act
    stage.play(1)

    assert stage.began == []
    assert lines(caplog) == []
