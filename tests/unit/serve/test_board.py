"""Whether all is well, and what is said when it is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from synchub.run.told.timing import Turn
from synchub.schedule import Schedule
from synchub.serve.board import Board, health

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HOURLY = Schedule("0 * * * *", "UTC")
OFTEN = Schedule("* * * * *", "UTC")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def reasons(board: Board, now: datetime = NOW) -> list[str]:
    ok, told = health(board, now)
    assert (told["status"] == "ok") is ok is (told["reasons"] == [])
    return list(told["reasons"])


def seen(*turns: Turn, beat: datetime = NOW) -> Board:
    board = Board("acme", beat)
    board.see(turns, beat)
    return board


def test_all_is_well_while_what_is_due_is_hardly_late():
    assert reasons(seen(Turn("a", HOURLY, NOW - minutes(59)), Turn("b", OFTEN, NOW - minutes(9)))) == []


@pytest.mark.parametrize(("schedule", "late"), [(HOURLY, 61), (OFTEN, 11)])
def test_a_sync_that_is_overdue_by_much(schedule: Schedule, late: float):
    (reason,) = reasons(seen(Turn("a", schedule, NOW - minutes(late), 7, "done")))

    assert reason.startswith("a is due since 2026-01-01T1")


def test_a_sync_that_never_gets_to_run_is_overdue_since_it_was_first_due():
    board = Board("acme", NOW)
    for minute in range(15):  # as it never ran, it is due just now, every time
        board.see([Turn("a", OFTEN, NOW + minutes(minute))], NOW + minutes(minute))
        board.beat = NOW + minutes(minute)

    assert reasons(board, NOW + minutes(14)) == ["a is due since 2026-01-01T12:00:00+00:00"]
    board.see([Turn("a", OFTEN, NOW + minutes(15), 1, "done")], NOW + minutes(15))
    assert reasons(board, NOW + minutes(15)) == []


def test_the_sync_that_runs_is_not_overdue_and_the_one_that_waits_for_it_is():
    board = seen(Turn("a", OFTEN, NOW - minutes(20)), Turn("b", OFTEN, NOW - minutes(20)))
    board.running = ("a", NOW - minutes(20))

    assert [reason[:1] for reason in reasons(board)] == ["b"]


def test_a_loop_that_does_not_move():
    assert reasons(seen(beat=NOW - minutes(1))) == []
    assert reasons(seen(beat=NOW - minutes(3))) == ["the loop has not moved since 2026-01-01T11:57:00+00:00"]


def test_a_run_may_take_its_time_between_two_steps_but_not_for_ever():
    board = seen(beat=NOW - minutes(20))
    board.running = ("a", NOW - minutes(300))
    assert reasons(board) == []

    board.beat = NOW - minutes(31)
    assert reasons(board) == ["the run of a has taken no step since 2026-01-01T11:29:00+00:00"]


def test_a_store_that_cannot_be_used_is_a_reason_and_a_wrong_edit_is_not():
    board = seen()
    board.note = "the configuration was changed and is wrong"
    ok, told = health(board, NOW)
    assert (ok, told["notes"]) == (True, [board.note])

    board.trouble = "The store can't be used."
    assert reasons(board) == ["The store can't be used."]
