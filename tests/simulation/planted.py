"""Engines with a fault in them: one part is replaced for as long as a history is played.

Every fault is one that a real sync engine could have, and of a kind of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from synchub.errors import BusyError, RetryLater
from synchub.merge.chains import VERDICT, decide
from synchub.merge.rules import RULES
from synchub.model import BLANK, VALUE
from synchub.record import journal, members
from synchub.spec.entities import FieldDeclaration

Plant = AbstractContextManager[None]


@contextmanager
def instead(place: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """At `place` (module:name) stands what `make` makes of what stood there. Only an engine that is meant to be broken is
    changed so; nothing else in these tests reaches into it."""
    module, _, name = place.partition(":")
    home = import_module(module)
    original = getattr(home, name)
    setattr(home, name, make(original))
    try:
        yield
    finally:
        setattr(home, name, original)


def not_done(place: str, result: Any = None) -> Plant:
    """What stands at a place is not done; `result` is all that it gives."""
    return instead(place, lambda _: lambda *_args, **_options: result)


# Reading


def cursor_saved_before_data() -> Plant:
    """What was read is noted as read before it is stored."""

    def make(read_all: Callable[..., Any]) -> Callable[..., Any]:
        def read(work: Any) -> Any:
            staged = read_all(work)
            with work.store.write() as tx:
                for part in work.parts:
                    if staged[part.name].cursor is not None:
                        own = {"cursor": staged[part.name].cursor, "mapping": part.mapping.fingerprint}
                        members.save(tx, replace(part.state, **own))
            return staged

        return read

    return instead("synchub.run.line:read_all", make)


def delete_on_a_half_read() -> Plant:
    """What a read did not show is gone, even if it broke off."""
    return not_done("synchub.run.steps.listening:_may_miss", True)


def bad_row_is_dropped() -> Plant:
    """A row that can't be understood is not kept."""
    return not_done("synchub.run.line:quarantine", 0)


def bad_row_stops_its_page() -> Plant:
    """With a row that can't be understood all that came with it is left out."""

    def make(lay_down: Callable[..., None]) -> Callable[..., None]:
        def lay(page: Any, order: Any, staged: Any) -> None:
            errors, rows = len(staged.errors), len(staged.rows)
            lay_down(page, order, staged)
            if len(staged.errors) > errors:
                del staged.rows[rows:]

        return lay

    return instead("synchub.read.stage:_lay_down", make)


def stale_row_is_news() -> Plant:
    """A row that is older than what is known of it is heard like any other."""
    return instead("synchub.merge.hear:_older", lambda _: lambda _known: pl.lit(False))


def cleared_field_is_not_heard() -> Plant:
    """A blank is taken for a field that was not delivered."""

    def make(changes: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def filled_only(rows: pl.DataFrame, how: Any) -> pl.DataFrame:
            filled = {f"m.{name}": pl.col(f"m.{name}") & (pl.col(VALUE + name) != BLANK) for name in how.inward}
            return changes(rows, how).with_columns(**filled)

        return filled_only

    return instead("synchub.merge.hear:_changes", make)


# Recognising


# Merging


def opt_out_decided_by_newest() -> Plant:
    """Consent is a field like any other."""

    def newest(claims: pl.DataFrame, _consent_from: Any) -> pl.DataFrame:
        opted = claims.filter(pl.col("field") == "opted_out")
        if opted.is_empty():
            return pl.DataFrame(schema=VERDICT)
        return decide(opted, ("newest",), FieldDeclaration("opted_out", "bool"), RULES)

    return instead("synchub.merge.golden:decide_consent", lambda _: newest)


def newest_decided_by_rank() -> Plant:
    """The first system in hub.toml is right, whoever spoke last."""

    def make(chosen: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def ranked(claims: pl.DataFrame, chain: Any, field: Any, rules: Any) -> pl.DataFrame:
            dated = claims.with_columns(at=pl.lit(None, dtype=pl.Int64)) if tuple(chain) == ("newest",) else claims
            return chosen(dated, chain, field, rules)

        return ranked

    return instead("synchub.merge.chains:decide", make)


# Planning


def _planned_otherwise(change: Callable[[Any], Any]) -> Plant:
    return instead("synchub.run.steps.agreeing:plan_member", lambda plan: lambda now: plan(change(now)))


def deleted_row_is_made_again() -> Plant:
    """Where a row was deleted there seems to be none."""
    return _planned_otherwise(lambda now: replace(now, links=now.links.filter(pl.col("tomb").is_null())))


def delete_carried_everywhere() -> Plant:
    """Every system follows a delete, whatever its `on_delete` says."""
    return _planned_otherwise(lambda now: replace(now, member=replace(now.member, on_delete="propagate")))


def opt_out_stays_inside_where() -> Plant:
    """Who is outside `where` is not even told of an opt-out."""
    return instead("synchub.plan.operations:_ALWAYS_SENT", lambda _: frozenset())


def doubles_are_planned() -> Plant:
    """A row is made for a record though another record has one there with the same key."""
    return instead(
        "synchub.run.steps.agreeing:without_doubles", lambda _: lambda _tx, _work, _part, planned, *_rest: planned
    )


# Writing


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

    return instead("synchub.run.hub:hold", lambda _: hold)
