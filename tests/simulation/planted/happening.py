"""Faults in what becomes of events."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import polars as pl
from simulation.planted.placing import Plant, instead, not_done
from sqlalchemy import text

from synchub.record import bulk, journal, known
from synchub.run.steps.reading import note_read


def passed_on_again_and_again() -> Plant:
    """Nobody knows what was passed on already, as long as nothing is open."""

    def make(_due: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        query = "SELECT id, record, 0 FROM event WHERE record IS NOT NULL ORDER BY id"
        return lambda tx, *_rest: bulk.select(tx, text(query), dict.fromkeys(("id", "record", "held"), pl.Int64))

    return instead("synchub.record.events:not_passed_on", make)


def sent_again_without_an_answer() -> Plant:
    """What became of an event that was never answered is not asked: it is sent again."""

    def make(_settle: Callable[..., None]) -> Callable[..., None]:
        def given_up(work: Any) -> None:
            with work.store.write() as tx:
                _give_up(tx, journal.open_operations(tx, [part.state.id for part in work.parts]))

        return given_up

    return instead("synchub.run.events.line:settle", make)


def asked_by_nobody() -> Plant:
    """A system that can't be asked is believed to have made nothing."""

    def make(_wait: Callable[..., None]) -> Callable[..., None]:
        def lost(work: Any, _part: Any, creates: pl.DataFrame) -> None:
            with work.store.write() as tx:
                _give_up(tx, creates)

        return lost

    return instead("synchub.run.steps.settling:_wait", make)


def _give_up(tx: Any, operations: pl.DataFrame) -> None:
    journal.close(tx, operations.select("id", state=pl.lit(journal.FAILED), reason=pl.lit("")))


def what_it_passed_on_is_heard() -> Plant:
    """What the hub has passed on counts as something that happened there, once its row is not as it was told."""
    return instead("synchub.run.events.taking:unlinked", lambda _: lambda _tx, _part, frame: frame)


def what_is_shown_is_not_linked() -> Plant:
    """A row that is read, and is what was sent without an answer, is not known for that."""
    return not_done("synchub.run.events.line:link_shown")


def shown_in_full_and_still_open() -> Plant:
    """What was never answered, and a full read does not show, is not sent again."""
    return not_done("synchub.run.events.line:conclude")


def who_waits_is_overlooked() -> Plant:
    """An event whose contact is not known when it is read never gets one."""
    return not_done("synchub.run.events.line:attach")


def of_nobody_is_dropped() -> Plant:
    """An event whose contact is not known is not taken in."""

    def make(store: Callable[..., None]) -> Callable[..., None]:
        return lambda tx, rows: store(tx, rows.drop_nulls("record"))

    return instead("synchub.record.events:store", make)


def known_twice() -> Plant:
    """An event that is read once more is taken in once more."""
    return instead("synchub.run.events.taking:_hashes", lambda _: lambda rows, *_rest: _never_seen(rows.height))


def _never_seen(count: int) -> pl.Series:
    return pl.Series([next(_NUMBERS) for _ in range(count)], dtype=pl.Int64)


_NUMBERS = count()


def events_stay_with_who_is_gone() -> Plant:
    """Of two records that are joined the events of one stay behind."""

    def make(text: Callable[[str], Any]) -> Callable[[str], Any]:
        return lambda said: text(
            said.replace(
                "UPDATE event SET record = :kept WHERE", "UPDATE event SET record = record WHERE :kept = -1 AND"
            )
        )

    return instead("synchub.run.people.joining:text", make)


def whoever_comes_first() -> Plant:
    """An event belongs to the first contact whose key looks like its own, whether that holds it still or not."""

    def make(by_key: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def first(tx: Any, _work: Any, contact: Any, waiting: pl.DataFrame) -> pl.DataFrame:
            maybe = known.candidates(tx, waiting["ref_hash"].unique()).rename({"record": "contact"})
            return (
                waiting.join(maybe, left_on="ref_hash", right_on="hash")
                .unique("id", keep="first")
                .select("id", record="contact")
            )

        return first

    return instead("synchub.run.events.taking:_by_key", make)


def cursor_saved_before_data() -> Plant:
    """Where to read on is remembered before what was read is stored."""

    def make(read: Callable[..., Any]) -> Callable[..., Any]:
        def early(work: Any) -> Any:
            staged = read(work)
            with work.store.write() as tx:
                for part in work.parts:
                    note_read(tx, work, part, staged[part.name])
            return staged

        return early

    return instead("synchub.run.events.line:_read", make)
