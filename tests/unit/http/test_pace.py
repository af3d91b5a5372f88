from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from synchub.api import Budget
from synchub.http.pace import Pace


class Time:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self._lock = Lock()

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        with self._lock:
            self.seconds += seconds


def sent(pace: Pace, time: Time, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        pace.wait()
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
    pace.wait()
    assert time.seconds == 1030.0


def test_threads_share_one_count() -> None:
    time = Time()
    pace = Pace(Budget("crm", 10, 10.0), monotonic=time.monotonic, sleep=time.sleep)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pace.wait(), range(100)))
    assert time.seconds >= 1000.0 + 9 * 10.0
