"""What goes wrong in one run: counts the calls, and says which of them is struck."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from synchub.record.store import Store
from synchub.testing.memory_seams import Killed
from synchub.testing.simulation.steps import HUB, Deed, Fault

POINTS = ("staged", "decided", "journaled", "sent", "recorded")
"""The named points of a run between which its process may end."""
STORE = {"disk full": "database or disk is full", "restarting": "unable to open database file"}
KILLED, MEANWHILE = "killed", "meanwhile"


class Strikes:
    """The faults of one run. `do` is called with what somebody does meanwhile."""

    def __init__(self, faults: Sequence[Fault], do: Callable[[Deed], None], log: Callable[[str], None]) -> None:
        self._faults, self._do, self._log = faults, do, log
        self._calls: Counter[tuple[int, str]] = Counter()

    def __call__(self, system: int, call: str) -> Fault | None:
        """Count a call. Somebody may do something just then, or the process ends; any other fault is returned."""
        self._calls[system, call] += 1
        count = self._calls[system, call]
        found = None
        for fault in self._faults:
            if (fault.system, fault.call) != (system, call) or not (
                count == fault.nth or (fault.lasting and count > fault.nth)
            ):
                continue
            if fault.kind == MEANWHILE:
                if fault.deed is not None and count == fault.nth:
                    self._do(fault.deed)
                continue
            self._log(f"{fault.kind} at {call} {count} of {'the hub' if system == HUB else f's{system}'}")
            if fault.kind == KILLED:
                raise Killed(call)
            found = found or fault
        return found


def watch_store(store: Store, strikes: Callable[[str], Fault | None]) -> None:
    """From now on the store fails whenever `strikes` says so, as SQLite does."""

    def struck(call: str) -> None:
        fault = strikes(call)
        if fault is not None:
            raise OperationalError(call, None, sqlite3.OperationalError(STORE[fault.kind]))

    event.listen(store.engine, "begin", lambda _connection: struck("begin"))
    event.listen(store.engine, "commit", lambda _connection: struck("commit"))
