"""Faults in what is written, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from simulation.planted.placing import Plant, instead, not_done
from sqlalchemy import text

from synchub.errors import BusyError, RetryLater
from synchub.record import journal

# Writing


def create_without_a_lookup() -> Plant:
    """Nobody looks whether a row is there already before it is made."""
    return instead("synchub.run.steps.meanwhile:_not_there", lambda _: lambda _work, _part, creates, _done: creates)


def update_without_a_last_look() -> Plant:
    """Nobody looks whether a row was changed since it was read before it is overwritten."""
    return instead("synchub.run.steps.meanwhile:_unmoved", lambda _: lambda _work, _part, planned, _done: planned)


def version_is_not_sent() -> Plant:
    """A system that would refuse to overwrite a change is not told which version the plan was made against."""

    def make(operations: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: [replace(one, version=None) for one in operations(*args, **options)]

    return instead("synchub.run.steps.sending:operations", make)


def retry_without_lookup() -> Plant:
    """A write that got no answer is sent again at once."""

    def make(send: Callable[..., Any]) -> Callable[..., Any]:
        def twice(*given: Any) -> Any:
            try:
                return send(*given)
            except RetryLater:
                return send(*given)

        return twice

    return instead("synchub.run.steps.performing:send", make)


def left_open_is_not_settled() -> Plant:
    """Nobody asks what became of writes that got no answer."""
    return not_done("synchub.run.line:settle")


# Recording


def echo_not_suppressed() -> Plant:
    """What was written is not noted as held: read back, it looks like somebody's word."""
    return not_done("synchub.run.steps.recording:_update_links")


def journal_closed_before_the_link() -> Plant:
    """That a write landed is stored before what it left behind."""

    def make(record: Callable[..., None]) -> Callable[..., None]:
        def twice(work: Any, part: Any, sent: pl.DataFrame, *rest: Any) -> None:
            with work.store.write() as tx:
                journal.close(tx, sent.select("id", state=pl.lit(journal.DONE), reason=pl.lit("")))
            record(work, part, sent, *rest)

        return twice

    return instead("synchub.run.steps.performing:record", make)


def marks_off_what_did_not_land() -> Plant:
    """A record is taken for done once it was sent."""

    def make(write: Callable[..., Any]) -> Callable[..., Any]:
        def all_done(*given: Any) -> Any:
            done = write(*given)
            done.undone = []
            return done

        return all_done

    return instead("synchub.run.line:_write", make)


def losing_value_is_overwritten() -> Plant:
    """Of what a row says in a field only the last is kept."""

    def make(add_claims: Callable[..., None]) -> Callable[..., None]:
        def overwrite(tx: Any, claims: pl.DataFrame, *, run: int) -> None:
            pairs = [{"link": link, "field": field} for link, field in claims.select("link", "field").rows()]
            if pairs:
                tx.execute(text("DELETE FROM claim WHERE link = :link AND field = :field"), pairs)
            add_claims(tx, claims, run=run)

        return overwrite

    return instead("synchub.record.intake:add_claims", make)


def history_is_not_kept() -> Plant:
    """What is read and is no claim is thrown away."""
    return not_done("synchub.record.intake:add_history")


def own_form_is_forgotten() -> Plant:
    """What a system made of a value is not remembered: it is sent again and again."""

    def make(forms: Callable[..., None]) -> Callable[..., None]:
        def others(tx: Any, work: Any, links: Any, landed: Any) -> None:
            forms(tx, work, links, replace(landed, forms=landed.forms.filter(pl.col("state") != "own")))

        return others

    return instead("synchub.run.steps.recording:_forms", make)


def secrets_are_kept() -> Plant:
    """What a connector says is noted as it is."""

    def make(ready: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: replace(ready(*given), redact=str)

    return instead("synchub.run.readying:_part", make)


def alternation_goes_unnoticed() -> Plant:
    """Nobody counts how often a system changes back what was written."""
    return not_done("synchub.run.line:notice_alternation")


def lock_outlives_its_process() -> Plant:
    """The lock is a file that a process which ends by itself takes away."""

    @contextmanager
    def hold(store: Any, entity: str, _describe: str) -> Iterator[None]:
        file = Path(f"{store.file}.{entity}.left")
        if file.exists():
            raise BusyError("Another run holds the lock.", not_done="Nothing was read.", next_step="Wait.")
        file.touch()
        try:
            yield
        except Exception:  # a process that was killed does not come by here
            file.unlink()
            raise
        file.unlink()

    return instead("synchub.run.syncs:hold", lambda _: hold)
