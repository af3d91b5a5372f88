"""The loop: look what is due, run it, tell of it, wait. What must outlive the process is in the store.

    files changed? ─ what is due? ─ run it ─ which systems failed? ─ tell ─ wait

One sync runs at a time: two of one entity never overlap, and one whose entity refers to another's comes after it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from synchub.errors import BusyError, SynchubError
from synchub.run.told.timing import Turn
from synchub.serve.board import Board
from synchub.serve.kept import Served
from synchub.serve.metrics import Metrics
from synchub.serve.pausing import judge, left_alone
from synchub.serve.stopping import Pulse, Stopped, Waiter
from synchub.serve.words import fields, impersonal, sentence
from synchub.spec.options import RunOptions
from synchub.spec.reports import Notice, NoticeKind, RunReport

LOOK: Final = 10.0
"""Seconds from one look at what is due to the next, at the most."""
BACK: Final = timedelta(minutes=1)
"""A clock that goes back by more than this was put back."""
BAD: Final = ("failed", "stopped")


@dataclass
class Loop:
    """Runs the syncs of a hub until `stop` is asked to.

    current   the hub as it is by now
    clock     the time now, aware; may jump either way
    """

    current: Callable[[], Served]
    stop: Waiter
    clock: Callable[[], datetime]
    board: Board
    metrics: Metrics
    log: logging.Logger
    _seen: datetime | None = None
    _not_before: dict[str, datetime] = field(default_factory=dict)
    """Each sync is tried once a tick, whether the run table tells of it or not."""
    _ended: dict[str, tuple[int, str]] = field(default_factory=dict)
    """How runs ended that this process did: also those that could not begin, and of which no table tells."""
    _busy: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Until we are asked to stop. A run that is under way then breaks off at a safe point."""
        try:
            while not self.stop.asked:
                self.stop.wait(self.round())
        except Stopped:
            self.log.info("The run was broken off at a safe point; the next one goes on from there.")

    def round(self) -> float:
        """Run what is due, each once. Returns the seconds in which there is nothing to do."""
        try:
            hub = self.current()
            for turn in self._due(hub):
                if not self.stop.asked:
                    self._take(hub, turn)
            self.board.trouble = ""
        except SynchubError as error:
            self._trouble(error)
            return LOOK
        return self._idle()

    def _due(self, hub: Served) -> list[Turn]:
        turns, now = hub.unattended.turns(), self.clock()
        if self._seen is not None and now < self._seen - BACK:
            self._not_before.clear()
        self._seen = self.board.beat = now
        self.board.see(turns, now)
        self.metrics.turns(turns)
        return [turn for turn in turns if max(turn.due, self._not_before.get(turn.sync, turn.due)) <= now]

    def _idle(self) -> float:
        now = self.clock()
        nexts = [max(turn.due, self._not_before.get(turn.sync, turn.due)) for turn in self.board.turns]
        return min([LOOK, *(max((each - now).total_seconds(), 0) for each in nexts)])

    def _trouble(self, error: SynchubError) -> None:
        told = impersonal(error.line)
        if self.board.trouble != told:
            self.log.error("%s", told)
        self.board.trouble, self.board.beat = told, self.clock()

    def _take(self, hub: Served, turn: Turn) -> None:
        """One sync's turn: run it, and tell what came of it."""
        began = self.clock()
        self._not_before[turn.sync] = turn.schedule.after(began)
        self.board.running = (turn.sync, began)
        self.metrics.running(True)
        try:
            paused = left_alone(hub.unattended.failing(), _micros(began), hub.unattended.zone)
            report = self._run(hub, turn.sync, paused, began)
        finally:
            self._let_go(hub)
            self.board.running, self.board.beat = None, self.clock()
            self.metrics.running(False)
        if report is not None:
            self._tell(hub, turn, report, paused)

    def _run(self, hub: Served, sync: str, paused: dict[str, str], began: datetime) -> RunReport | None:
        """A run's report, also of one that could not begin; None if another process has the lock."""
        try:
            (report,) = hub.sync([sync], RunOptions(paused=paused), Pulse(self.stop, self._beat))
        except BusyError as error:
            if sync not in self._busy:
                self.log.warning("%s is left out until its next turn: %s", sync, error.happened, extra={"sync": sync})
            self._busy.add(sync)
            self.metrics.skipped(sync)
            return None
        except SynchubError as error:
            report = RunReport("", sync, began, self.clock(), "failed", problem=error.line, exit_code=error.exit_code)
        except Exception as error:  # a bug: its text may hold anybody's values
            self.log.error("The run of %s broke off: %s. This is a bug in synchub.", sync, type(error).__name__)
            self.log.debug("Here it broke off:", exc_info=error)
            report = RunReport(
                "", sync, began, self.clock(), "failed", problem=f"It broke off: {type(error).__name__}."
            )
        self._busy.discard(sync)
        return report

    def _beat(self) -> None:
        self.board.beat = self.clock()

    def _let_go(self, hub: Served) -> None:
        try:
            hub.unattended.let_go()
        except Exception as error:
            self.log.warning("A connection could not be closed: %s.", type(error).__name__)

    def _tell(self, hub: Served, turn: Turn, report: RunReport, paused: dict[str, str]) -> None:
        seconds = ((report.ended or self.clock()) - report.started).total_seconds()
        self.log.info("%s", sentence(report, seconds), extra=fields(report, seconds))
        self.metrics.ended(report.sync, report.state, seconds)
        self.metrics.told(report)
        self._note_systems(hub, report, paused)
        number, state = self._ended.get(turn.sync, (turn.run, turn.state))
        before = state if number == turn.run else turn.state
        self._ended[turn.sync] = (int(report.run) if report.run else turn.run, report.state)
        if report.state in BAD and before not in BAD:
            self._notice(hub, "sync_failing", report.sync, f"The sync {report.sync} {report.state}: {report.problem}")
        elif report.state not in BAD and before in BAD:
            self._notice(hub, "sync_well", report.sync, f"The sync {report.sync} runs again.")

    def _note_systems(self, hub: Served, report: RunReport, paused: dict[str, str]) -> None:
        own, now = hub.unattended, _micros(self.clock())
        failing = own.failing()
        verdict = judge(report, failing, paused, now=now, pause_after=own.settings.pause_after, zone=own.zone)
        if verdict.failing or verdict.well:
            own.note(verdict.failing, verdict.well)
        self.survey(hub)
        for notice in verdict.notices:
            self._notice(hub, *notice)

    def survey(self, hub: Served) -> None:
        """Tell what the store knows: which systems are left alone, and what waits for people."""
        down = [name for name, one in hub.unattended.failing().items() if one.until is not None]
        self.board.paused = down
        self.metrics.systems(hub.unattended.systems, down)
        self.metrics.waiting(hub.unattended.waiting())

    def _notice(self, hub: Served, kind: NoticeKind, subject: str, text: str) -> None:
        told = Notice(kind, hub.unattended.name, subject, impersonal(text), self.clock())
        self.log.warning("%s", told.text, extra={"notice": kind, "subject": subject})
        hub.unattended.tell(told, self.log)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
