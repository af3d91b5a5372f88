from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from synchub.api import Budget
from synchub.http.pace import Pace


class Time:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept = Event()
        self._lock = Lock()

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        with self._lock:
            self.seconds += seconds
        self.slept.set()


def sent(pace: Pace, time: Time, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        with pace.turn():
            moments.append(time.seconds)
    return moments


def test_no_more_requests_than_the_budget_in_any_span() -> None:
    time = Time()
    pace = Pace(Budget("crm", 5, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    moments = sent(pace, time, 23)
    for number, moment in enumerate(moments[5:], 5):
        assert moment - moments[number - 5] >= 10.0


def test_within_the_budget_nobody_waits() -> None:
    time = Time()
    pace = Pace(Budget("crm", 5, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    assert sent(pace, time, 5) == [1000.0] * 5


def test_the_budget_is_used_up_not_wasted() -> None:
    time = Time()
    pace = Pace(Budget("crm", 5, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    assert sent(pace, time, 50)[-1] < 1000.0 + 9 * 10.0 + 1.0


def test_without_a_budget_nobody_waits() -> None:
    time = Time()
    pace = Pace(None, monotonic=time.monotonic, sleep=time.sleep)
    assert sent(pace, time, 1000)[-1] == 1000.0


def test_a_hold_holds_everybody_and_is_never_shortened() -> None:
    time = Time()
    pace = Pace(None, monotonic=time.monotonic, sleep=time.sleep)
    pace.hold(30)
    pace.hold(5)
    assert sent(pace, time, 1) == [1030.0]


def test_nowhere_on_the_way_are_there_more_than_the_budget_in_any_span() -> None:
    time = Time()
    pace = Pace(Budget("crm", 5, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    arrived = []
    for number in range(40):
        with pace.turn():
            # Every fifth is long on its way there, those after it come at once and their answers are slow.
            there, back = (0.4, 0.1) if number % 5 == 0 else (0.0001, 0.02)
            time.sleep(there)
            arrived.append(time.seconds)
            time.sleep(back)
    for number, moment in enumerate(arrived[5:], 5):
        assert moment - arrived[number - 5] >= 10.0


def test_what_is_not_answered_yet_counts() -> None:
    time = Time()
    pace = Pace(Budget("crm", 2, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    with pace.turn():
        time.sleep(60)
        assert sent(pace, time, 2) == [1060.0, 1070.0]
    assert time.seconds == 1070.0


def test_a_request_that_fails_is_under_way_no_more() -> None:
    time = Time()
    pace = Pace(Budget("crm", 1, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    with pytest.raises(OSError, match="reset"), pace.turn():
        raise OSError("reset")
    assert sent(pace, time, 1) == [1010.0]


def test_one_waits_until_one_that_is_under_way_is_answered() -> None:
    time = Time()
    pace = Pace(Budget("crm", 1, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    with ThreadPoolExecutor(1) as threads:
        with pace.turn():
            other = threads.submit(sent, pace, time, 1)
            assert time.slept.wait(10)
            answered = time.seconds
        (moment,) = other.result()
    assert moment >= answered + 10.0


def test_threads_share_one_count() -> None:
    time = Time()
    pace = Pace(Budget("crm", 10, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: sent(pace, time, 1), range(100)))
    assert time.seconds >= 1000.0 + 9 * 10.0
