from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from synchub.api import Host
from synchub.testing.conformance.line import Line
from synchub.testing.host import START, LocalHost


def test_it_is_a_host(tmp_path: Path) -> None:
    host: Host = LocalHost("crm", tmp_path, timezone="Europe/Berlin", region="DE", currency="CHF")
    assert (host.system, host.folder, host.timezone) == ("crm", tmp_path, "Europe/Berlin")
    assert (host.region, host.currency) == ("DE", "CHF")
    assert [host.new_id(), host.new_id()] == ["crm-1", "crm-2"]
    host.state["seen"] = 5
    assert host.state == {"seen": 5}


def test_time_passes_by_sleeping_only() -> None:
    host = LocalHost()
    assert host.now() == host.now() == START
    host.sleep(2.5)
    host.sleep(60)
    assert (host.now() - START).total_seconds() == 62.5
    assert host.slept == [2.5, 60]


def test_a_clock_of_ones_own() -> None:
    times = iter([datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC)])
    host = LocalHost(clock=lambda: next(times))
    assert [host.now().day, host.now().day] == [1, 2]


def test_a_line_of_ones_own_carries_the_requests(tmp_path: Path) -> None:
    line = Line()
    host = LocalHost("crm", tmp_path, transport=line.adapter)
    line.answer(418)
    assert host.session("http://127.0.0.1:9").request("GET", "tea").status_code == 418
    assert line.asked == 1
    host.close()
