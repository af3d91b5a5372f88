"""Faults in what is read, and who it is taken for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import polars as pl
from simulation.planted.placing import Plant, instead, not_done

from synchub.model import BLANK, VALUE
from synchub.record import members

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
    """What a read did not show is gone, even if it broke off or told only what is new."""

    def make(listen: Callable[..., Any]) -> Callable[..., Any]:
        def hear(tx: Any, work: Any, part: Any, staged: Any) -> Any:
            complete, staged.complete = staged.complete, True
            heard = listen(tx, work, part, staged)
            staged.complete = complete
            return heard

        return hear

    return instead("synchub.run.line:listen", make)


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


def row_put_right_is_skipped() -> Plant:
    """A row in quarantine that is put right as it was is taken for one in which nothing changed."""
    return not_done("synchub.record.reviews:quarantined", [])


def stale_row_is_news() -> Plant:
    """A row that is older than what is known of it is heard like any other."""
    return instead("synchub.merge.hear:older", lambda _: lambda _known: pl.lit(False))


def cleared_field_is_not_heard() -> Plant:
    """A blank is taken for a field that was not delivered."""

    def make(changes: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def filled_only(rows: pl.DataFrame, how: Any) -> pl.DataFrame:
            filled = {f"m.{name}": pl.col(f"m.{name}") & (pl.col(VALUE + name) != BLANK) for name in how.inward}
            return changes(rows, how).with_columns(**filled)

        return filled_only

    return instead("synchub.merge.hear:_changes", make)


@contextmanager
def claims_dated_when_read() -> Iterator[None]:
    """A claim without a time of its own is dated by when its system was read, not by when the run began."""
    times: dict[str, int] = {}

    def reading(read: Callable[..., Any]) -> Callable[..., Any]:
        def dated(work: Any, part: Any) -> Any:
            times[part.name] = work.seams.micros()
            return read(work, part)

        return dated

    def listening(how: Callable[..., Any]) -> Callable[..., Any]:
        return lambda work, part: replace(how(work, part), start=times.get(part.name, work.clock))

    with ExitStack() as both:
        both.enter_context(instead("synchub.run.steps.reading:_read", reading))
        both.enter_context(instead("synchub.run.steps.listening:_how", listening))
        yield


def changed_mapping_is_not_followed() -> Plant:
    """A field that is mapped from elsewhere now is compared with what was read there before."""
    return not_done("synchub.run.line:remap")


# Recognising


def doubt_is_a_match() -> Plant:
    """Who can't be told is taken for the first that fits."""

    def make(assign: Callable[..., Any]) -> Callable[..., Any]:
        def guessed(*args: Any, **options: Any) -> Any:
            told = assign(*args, **options)
            could_be = told.suspects.group_by("node").agg(suspect=pl.col("record").min())
            rows = told.rows.join(could_be, on="node", how="left", maintain_order="left")
            asked = pl.col("outcome") == "review"
            found = pl.when(pl.col("suspect").is_null()).then(pl.lit("new")).otherwise(pl.lit("joined"))
            guess = rows.with_columns(
                outcome=pl.when(asked).then(found).otherwise("outcome"),
                record=pl.when(asked).then("suspect").otherwise("record"),
            )
            return replace(told, rows=guess.drop("suspect"), suspects=told.suspects.head(0))

        return guessed

    return instead("synchub.run.steps.recognising:assign", make)


def split_is_forgotten() -> Plant:
    """That a person parted two is not remembered."""
    return not_done("synchub.record.decisions:part_for_ever")
