"""What `serve` is doing, for whoever asks whether it is well. The loop writes it, other threads read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from synchub.run.told.timing import Turn

STILL: Final = timedelta(minutes=2)
"""Between runs the loop looks around every few seconds."""
STUCK: Final = timedelta(minutes=30)
"""A run that took no step for so long hangs: requests end sooner than that."""
LATE: Final = timedelta(minutes=10)


@dataclass
class Board:
    """`trouble`: why the loop can't work at all. `note`: what is wrong and stops nothing."""

    hub: str
    beat: datetime
    turns: Sequence[Turn] = ()
    running: tuple[str, datetime] | None = None
    paused: Sequence[str] = ()
    trouble: str = ""
    note: str = ""
    waiting_since: Mapping[str, tuple[int, datetime]] = field(default_factory=dict)
    """Syncs that are due: the number of their last run, and since when they wait for the next."""

    def see(self, turns: Sequence[Turn], now: datetime) -> None:
        """Note how syncs stand just now."""
        since = {}
        for turn in turns:
            run, before = self.waiting_since.get(turn.sync, (turn.run, turn.due))
            if turn.due <= now:
                since[turn.sync] = (turn.run, min(before, turn.due) if run == turn.run else turn.due)
        self.turns, self.waiting_since = turns, since


def health(board: Board, now: datetime) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and what is said of it. Nobody's values are in it."""
    running, reasons = board.running, []
    if board.trouble:
        reasons.append(board.trouble)
    if now - board.beat > (STUCK if running else STILL):
        what = f"the run of {running[0]} has taken no step" if running else "the loop has not moved"
        reasons.append(f"{what} since {board.beat.isoformat(timespec='seconds')}")
    reasons += [reason for turn in board.turns if (reason := _overdue(board, turn, now))]
    return not reasons, {
        "status": "failing" if reasons else "ok",
        "reasons": reasons,
        "hub": board.hub,
        "running": None if running is None else {"sync": running[0], "since": running[1].isoformat()},
        "syncs": [
            {"sync": turn.sync, "last_run": turn.run or None, "state": turn.state, "due": turn.due.isoformat()}
            for turn in board.turns
        ],
        "paused": list(board.paused),
        "notes": [board.note] if board.note else [],
    }


def _overdue(board: Board, turn: Turn, now: datetime) -> str:
    """Overdue by much: a whole period, and never less than ten minutes. Nothing is said of the one that runs."""
    _, since = board.waiting_since.get(turn.sync, (0, turn.due))
    if board.running is not None and board.running[0] == turn.sync:
        return ""
    if now - since <= max(LATE, turn.schedule.period(since)):
        return ""
    return f"{turn.sync} is due since {since.isoformat(timespec='seconds')}"
