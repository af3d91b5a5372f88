"""When each sync is due, from the run table and hub.toml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from synchub.record import journal, pauses
from synchub.run.opening import Opened
from synchub.run.told.telling import aware
from synchub.schedule import Schedule, lateness
from synchub.spec.answers import PausedSystem
from synchub.spec.job import Sync


@dataclass(frozen=True, slots=True)
class Turn:
    """One sync with a schedule, and when its next run is due.

    run, state   its last run, 0 and None if it never ran
    last_done    when the last run began that was done in every part
    """

    sync: str
    schedule: Schedule
    due: datetime
    run: int = 0
    state: str | None = None
    last_done: datetime | None = None


def turns(tx: Connection, hub: Opened) -> tuple[Turn, ...]:
    """Every sync that has a schedule, those of entities that others refer to first."""
    syncs = sorted(hub.configuration.syncs.values(), key=lambda sync: bool(sync.entity.refers_to))
    return tuple(turn for sync in syncs for turn in _turn(tx, hub, sync))


def _turn(tx: Connection, hub: Opened, sync: Sync) -> Iterator[Turn]:
    """Nothing for one that is only run by hand. A run that broke off is gone on with at once: only the lock tells
    whether its process still works on it."""
    schedule = schedule_of(hub, sync)
    if schedule is None:
        return
    now, zone = hub.seams.clock(), hub.configuration.settings.timezone
    last, done = journal.newest(tx, sync.name), journal.newest(tx, sync.name, "done")
    broken = last is None or last[2] in (journal.READING, journal.WRITING)
    yield Turn(
        sync.name,
        schedule,
        schedule.due(None if broken or last is None else _time(last[1]), now),
        last[0] if last else 0,
        last[2] if last else None,
        aware(done[1], zone) if done else None,
    )


def next_run(tx: Connection, hub: Opened, sync: Sync) -> datetime | None:
    """When `serve` begins a sync's next run; None if it has no schedule."""
    return next((turn.due for turn in _turn(tx, hub, sync)), None)


def schedule_of(hub: Opened, sync: Sync) -> Schedule | None:
    """A sync's schedule, with the seconds by which it is late; None if it is only run by hand."""
    if sync.schedule is None:
        return None
    settings = hub.configuration.settings
    return Schedule(
        sync.schedule, settings.timezone, lateness(settings.name, sync.name, hub.configuration.serve.jitter)
    )


def paused(tx: Connection, hub: Opened) -> Iterator[PausedSystem]:
    """Systems that are left alone now."""
    zone = hub.configuration.settings.timezone
    for system, failing in pauses.load(tx).items():
        if failing.until is not None and system in hub.configuration.systems:
            yield PausedSystem(
                system, aware(failing.until, zone), failing.failures, hub.redactor.redact(failing.problem)
            )


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
