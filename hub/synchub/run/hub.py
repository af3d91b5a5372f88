"""The hub as the commands see it: one method a command, each short, each telling what it calls.

What a method needs is imported when it is called: `status` need not load all that a sync is made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from synchub.run.opening import Opened
from synchub.spec.answers import (
    CheckReport,
    ExportReport,
    Outcome,
    StatusReport,
    StoreReport,
    StreamReport,
    TestsReport,
)
from synchub.spec.options import Format, Progress, RunOptions
from synchub.spec.reports import Explanation, PlanReport, RunReport, RunsReport

if TYPE_CHECKING:
    from synchub.run.people.quarantining import Quarantined
    from synchub.run.people.reviewing import Reviewed
    from synchub.run.unattended import Unattended


class Hub:
    """An open hub. Raises a SynchubError whatever goes wrong."""

    def __init__(self, opened: Opened) -> None:
        self._hub = opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._hub.close()

    @cached_property
    def review(self) -> Reviewed:
        from synchub.run.people.reviewing import Reviewed

        return Reviewed(self._hub)

    @cached_property
    def quarantine(self) -> Quarantined:
        from synchub.run.people.quarantining import Quarantined

        return Quarantined(self._hub)

    @cached_property
    def unattended(self) -> Unattended:
        from synchub.run.unattended import Unattended

        return Unattended(self._hub)

    def check(self, *, offline: bool) -> CheckReport:
        from synchub.run.told.checking import check

        return check(self._hub, offline=offline)

    def test(self) -> TestsReport:
        from synchub.run.told.checking import run_mapping_tests

        return run_mapping_tests(self._hub)

    def streams(self, system: str | None, stream: str | None, *, mapping: bool) -> Sequence[StreamReport]:
        from synchub.run.told.looking import look_at_streams

        return look_at_streams(self._hub, system, stream, mapping=mapping)

    def plan(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[PlanReport]:
        from synchub.run.syncs import Syncs

        return Syncs(self._hub).plan(syncs, options, progress)

    def sync(self, syncs: Sequence[str], options: RunOptions, progress: Progress) -> Sequence[RunReport]:
        from synchub.run.syncs import Syncs

        return Syncs(self._hub).sync(syncs, options, progress)

    def status(self) -> StatusReport:
        from synchub.run.told.looking import look_at_status

        return look_at_status(self._hub)

    def runs(self, run: str | None) -> RunsReport:
        from synchub.run.told.looking import look_at_runs

        return look_at_runs(self._hub, run)

    def why(self, entity: str, key: str) -> Explanation:
        from synchub.run.told.explaining import explain

        return explain(self._hub, entity, key)

    def set(self, entity: str, key: str, assignments: Mapping[str, str], *, reason: str) -> Outcome:
        from synchub.run.people.setting import set_values

        return set_values(self._hub, entity, key, assignments, reason=reason)

    def merge(self, entity: str, key: str, other: str) -> Outcome:
        from synchub.run.people.joining import join_records

        return join_records(self._hub, entity, key, other)

    def split(self, entity: str, key: str, links: Sequence[str]) -> Outcome:
        from synchub.run.people.joining import split_record

        return split_record(self._hub, entity, key, links)

    def undo_plan(self, run: str) -> PlanReport:
        from synchub.run.people.undoing import plan_undo

        return plan_undo(self._hub, run)

    def undo(self, run: str, progress: Progress) -> RunReport:
        from synchub.run.people.undoing import undo

        return undo(self._hub, run, progress)

    def store_upgrade(self) -> StoreReport:
        from synchub.run.told.storing import upgrade_store

        return upgrade_store(self._hub)

    def store_backup(self, file: Path | None) -> StoreReport:
        from synchub.run.told.storing import back_up_store

        return back_up_store(self._hub, file)

    def store_check(self) -> StoreReport:
        from synchub.run.told.storing import check_store

        return check_store(self._hub)

    def export(self, target: str, form: Format, progress: Progress) -> ExportReport:
        from synchub.run.publishing import export

        return export(self._hub, target, form, progress)
