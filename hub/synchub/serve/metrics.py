"""What Prometheus is told: counts, seconds and states by the names of hub.toml, nobody's values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from synchub.run.told.timing import Turn
from synchub.spec.reports import RunReport

BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
COUNTED = ("read", "changed", "created", "updated", "deleted", "failed", "quarantined")


class Metrics:
    """The numbers of one process. Counters begin at 0 with it."""

    def __init__(self) -> None:
        self._registry = made = CollectorRegistry()
        self._runs = Counter("synchub_runs", "Runs by how they ended.", ["sync", "state"], registry=made)
        self._seconds = Histogram(
            "synchub_run_seconds", "How long runs take.", ["sync"], buckets=BUCKETS, registry=made
        )
        self._skipped = Counter("synchub_skipped", "Runs left out: another had the lock.", ["sync"], registry=made)
        self._records = Counter(
            "synchub_records", "Records read and written.", ["sync", "member", "what"], registry=made
        )
        self._waiting = Gauge("synchub_waiting", "What waits for a person.", ["kind"], registry=made)
        self._success = Gauge(
            "synchub_last_success_timestamp_seconds",
            "When the last run began that was done in every part.",
            ["sync"],
            registry=made,
        )
        self._next = Gauge("synchub_next_run_timestamp_seconds", "When the next run is due.", ["sync"], registry=made)
        self._up = Gauge("synchub_system_up", "1, or 0 while a system is left alone.", ["system"], registry=made)
        self._running = Gauge("synchub_running", "1 while a run is under way.", registry=made)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)

    def running(self, is_running: bool) -> None:
        self._running.set(is_running)

    def skipped(self, sync: str) -> None:
        self._skipped.labels(sync).inc()

    def ended(self, sync: str, state: str, seconds: float) -> None:
        """A run came to its end, or could not even begin."""
        self._runs.labels(sync, state).inc()
        self._seconds.labels(sync).observe(max(seconds, 0))

    def told(self, report: RunReport) -> None:
        """What a run did, member by member."""
        for member in report.members:
            for what in COUNTED:
                self._records.labels(report.sync, member.member, what).inc(getattr(member, what))

    def turns(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            self._next.labels(turn.sync).set(turn.due.timestamp())
            if turn.last_done is not None:
                self._success.labels(turn.sync).set(turn.last_done.timestamp())

    def systems(self, systems: Iterable[str], down: Collection[str]) -> None:
        for system in systems:
            self._up.labels(system).set(system not in down)

    def waiting(self, counts: Mapping[str, int]) -> None:
        for kind in ("review", "quarantine"):
            self._waiting.labels(kind).set(counts.get(kind, 0))
