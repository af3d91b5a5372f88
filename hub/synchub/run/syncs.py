"""Running syncs, and planning them: what is looked at, in which order, and what is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from synchub.errors import ConfigurationError, SynchubError
from synchub.plugins.observers import run_ended, run_started
from synchub.record import aging, journal
from synchub.record.lock import hold
from synchub.run import line, plans
from synchub.run.events import line as event_line
from synchub.run.opening import Opened
from synchub.run.readying import begin, pretend, work_on
from synchub.run.told import telling
from synchub.run.work import Work
from synchub.spec.job import Sync
from synchub.spec.options import Progress, RunOptions
from synchub.spec.reports import PlanReport, RunReport


class Syncs:
    """The syncs of an open hub."""

    def __init__(self, opened: Opened) -> None:
        self._hub = opened
        self._zone = opened.configuration.settings.timezone

    def plan(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[PlanReport]:
        """Read and decide for each sync, keep nothing (but the plan itself, if it is to be saved)."""
        return [self._plan(sync, options, progress) for sync in self._syncs(syncs, options)]

    def sync(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[RunReport]:
        """Run each sync, one after the other. Of several, one that can't even begin is reported, and the others go on."""
        chosen = self._syncs(syncs, options)
        if len(chosen) == 1:
            return [self._sync(chosen[0], options, progress)]
        return [self._sync_or_tell(sync, options, progress) for sync in chosen]

    def _plan(self, sync: Sync, options: RunOptions, progress: Progress) -> PlanReport:
        with work_on(self._hub, sync, options, progress, trial=True) as work:
            pretend(work)
            plans.prepare(self._hub, work)
            outcome = _line(work).plan(work)
            saved = plans.save(work, outcome) if options.save else None
            return telling.plan_report(work, outcome, self._zone, saved)

    def _sync(self, sync: Sync, options: RunOptions, progress: Progress) -> RunReport:
        at_work = telling.at_work(self._hub.store, sync.entity.name, self._zone)
        with hold(self._hub.store, sync.entity.name, at_work), work_on(self._hub, sync, options, progress) as work:
            plans.prepare(self._hub, work)
            plans.accept(work)
            begin(work)
            self._observed(work)
            outcome, problem = None, None
            try:
                outcome = _line(work).sync(work)
            except SynchubError as error:
                problem = error
            report = telling.run_report(work, outcome, self._zone, problem=problem)
            with work.store.write() as tx:
                journal.end(tx, work.run, state=report.state, now=work.seams.micros(), summary=_summary(report))
                self._age_out(tx, work)
            run_ended(self._hub.plugins, report, work.log)
            return report

    def _age_out(self, tx: Connection, work: Work) -> None:
        settings = self._hub.configuration.settings
        old, quiet = (aging.horizon(work.clock, age) for age in (settings.history, settings.quiet_runs))
        aging.age_out(tx, work.entity, before=old)
        aging.thin_out(tx, work.sync.name, quiet=quiet, old=old)

    def _observed(self, work: Work) -> None:
        started = telling.aware(work.clock, self._zone)
        run_started(self._hub.plugins, RunReport(str(work.run), work.sync.name, started, None, "running"), work.log)

    def _sync_or_tell(self, sync: Sync, options: RunOptions, progress: Progress) -> RunReport:
        try:
            return self._sync(sync, options, progress)
        except SynchubError as error:
            now = telling.aware(self._hub.seams.micros(), self._zone)
            return RunReport("", sync.name, now, now, "failed", problem=error.line, exit_code=error.exit_code)

    def _syncs(self, names: Sequence[str], options: RunOptions) -> list[Sync]:
        """The syncs asked for, entities that others refer to first. Where none is named: that of the saved plan; for one
        record those whose records can be named."""
        known = self._hub.configuration.syncs
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ConfigurationError(
                f"There is no sync {', '.join(unknown)}. There is: {', '.join(known) or 'none'}.",
                not_done="Nothing was read or written.",
                next_step="Correct the name, or add the sync to hub.toml.",
            )
        if not names and options.plan is not None:
            names = plans.syncs_of(self._hub.store, options.plan)
        if not names and options.record is not None:
            names = [name for name, sync in known.items() if sync.entity.match]
        chosen = [known[name] for name in (names or known)]
        return sorted(chosen, key=lambda sync: bool(sync.entity.refers_to))


def _line(work: Work) -> Any:
    """Records are brought into agreement; things that happened are only passed on."""
    return event_line if work.entity.name == "event" else line


def _summary(report: RunReport) -> dict[str, Any]:
    """What `runs` shows later: counts, never a person's values."""
    kept = asdict(report)
    return {name: kept[name] for name in ("members", "put_back", "own_form", "problem", "notes", "exit_code")} | {
        "conflicts": report.conflict_count
    }
