"""When a sync is due, by its cron expression. Pure: the time now and the last run are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim
from xxhash import xxh3_64_intdigest

SLACK: Final = timedelta(minutes=1)
"""A run that began later than now by more than this was begun by a clock that was put back since."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron expression in a time zone. `late`: seconds that this sync begins behind each tick.

    Where clocks are put forward, what would have been in the hour that is left out runs right after it; where they are
    put back, what names an hour runs once, and what runs every so many minutes goes on doing so.
    """

    cron: str
    zone: str
    late: int = 0

    def after(self, moment: datetime) -> datetime:
        """The first time to begin that belongs to a tick after `moment` (aware); in the schedule's zone."""
        for tick in CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone))):
            if tick.astimezone(UTC) > moment:  # of an hour that comes twice the first may lie behind
                return (tick.astimezone(UTC) + timedelta(seconds=self.late)).astimezone(ZoneInfo(self.zone))
        raise ValueError(f"{self.cron} never comes")

    def due(self, began: datetime | None, now: datetime) -> datetime:
        """When the next run is due, given when the last one began. In the past: at once, once for all that was missed."""
        if began is None or began > now + SLACK:
            return now.astimezone(ZoneInfo(self.zone))
        return self.after(began)

    def period(self, due: datetime) -> timedelta:
        """From one time to begin to the one after it."""
        return self.after(due) - due


def lateness(hub: str, sync: str, most: int) -> int:
    """Seconds, from 0 to `most`, by which this sync of this hub is late: always the same ones."""
    return xxh3_64_intdigest(f"{hub} {sync}".encode()) % (most + 1)
