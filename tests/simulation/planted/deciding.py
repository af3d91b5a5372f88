"""Faults in what is decided: what is golden, what is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import polars as pl
from simulation.planted.placing import Plant, instead, not_done

from synchub.merge.chains import VERDICT, decide
from synchub.merge.claims import NEVER
from synchub.merge.rules import RULES
from synchub.spec.entities import FieldDeclaration

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


def ties_broken_by_reading() -> Plant:
    """Of two claims of one time the one counts that was read first."""

    def read_first(claims: pl.DataFrame) -> pl.DataFrame:
        return claims.sort(pl.col("at").fill_null(NEVER), "seq", descending=[True, False])

    return instead("synchub.merge.chains:ordered", lambda _: read_first)


def removed_tag_comes_back() -> Plant:
    """Sets only grow."""

    def make(moved: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
        def added(steps: pl.DataFrame, has: str, has_not: str, add: int) -> pl.DataFrame:
            found = moved(steps, has, has_not, add)
            return found if add else found.head(0)

        return added

    return instead("synchub.merge.rules:_moved", make)


def decision_is_a_claim_like_others() -> Plant:
    """What a person decided voids nothing."""
    return instead("synchub.merge.golden:standing", lambda _: lambda claims: claims)


def weak_word_counts() -> Plant:
    """What a weak member says counts even where others have a value."""
    return instead("synchub.merge.golden:strong", lambda _: lambda claims: claims)


def written_member_is_believed() -> Plant:
    """What stands in a member that is only written counts as its word."""

    def make(claims_of: Callable[..., Any]) -> Callable[..., Any]:
        def all_speak(tx: Any, records: Any, links: Any, places: Any) -> Any:
            return claims_of(tx, records, links, {n: replace(place, claims=True) for n, place in places.items()})

        return all_speak

    @contextmanager
    def both() -> Iterator[None]:
        def speaking(how: Callable[..., Any]) -> Callable[..., Any]:
            return lambda work, part: replace(how(work, part), claiming=frozenset(part.mapping.claiming_fields))

        with ExitStack() as planted:
            planted.enter_context(instead("synchub.record.known:claims_of", make))
            planted.enter_context(instead("synchub.run.steps.listening:_how", speaking))
            yield

    return both()


# Planning


def _planned_otherwise(change: Callable[[Any], Any]) -> Plant:
    return instead("synchub.run.steps.agreeing:plan_member", lambda plan: lambda now: plan(change(now)))


def deleted_row_is_made_again() -> Plant:
    """Where a row was deleted there seems to be none."""
    return _planned_otherwise(lambda now: replace(now, links=now.links.filter(pl.col("tomb").is_null())))


def delete_carried_everywhere() -> Plant:
    """Every system follows a delete, whatever its `on_delete` says."""
    return _planned_otherwise(lambda now: replace(now, member=replace(now.member, on_delete="propagate")))


def open_question_is_sent() -> Plant:
    """A field is sent though a person is being asked about it."""
    return _planned_otherwise(lambda now: replace(now, open=now.open.head(0)))


def amounts_are_not_changed() -> Plant:
    """An amount is sent as it is, whatever its currency."""
    return instead("synchub.mapping.exchange:convert", lambda _: lambda text, _rate, _target: text.partition(" ")[0])


def amounts_follow_the_rate() -> Plant:
    """An amount that would come to something else at the rate of today is sent anew."""

    def at_todays_rate(now: Any) -> Any:
        if not {"day.revenue", "revenue"} <= set(now.golden.columns) or "hv.revenue" not in now.links.columns:
            return now
        golden = now.golden.with_columns(pl.lit(now.today).alias("day.revenue"))
        today = golden.select("record").hstack(now.outward(golden).select("to.revenue"))
        joined = now.links.join(today, on="record", how="left", maintain_order="left")
        same = pl.col("to.revenue").cast(pl.Float64, strict=False) == pl.col("hn.revenue").cast(
            pl.Float64, strict=False
        )
        held = pl.when(same.fill_null(True)).then("hv.revenue").alias("hv.revenue")
        return replace(now, golden=golden, links=joined.with_columns(held).drop("to.revenue"))

    return _planned_otherwise(at_todays_rate)


def delete_beats_a_later_edit() -> Plant:
    """A delete is carried out though somebody works on the same person elsewhere."""

    def deleted(_tx: Any, records: pl.DataFrame, *_others: Any) -> pl.DataFrame:
        return records.filter(pl.col("deleted_run").is_not_null()).select(record="id")

    return instead("synchub.run.steps.agreeing:_doomed", lambda _: deleted)


def opt_out_stays_inside_where() -> Plant:
    """Who is outside `where` is not even told of an opt-out."""
    return instead("synchub.plan.withheld:_ALWAYS_SENT", lambda _: frozenset())


def doubles_are_planned() -> Plant:
    """A row is made for a record though another record has one there with the same key."""
    return instead(
        "synchub.run.steps.agreeing:without_doubles", lambda _: lambda _tx, _work, _part, planned, *_rest: planned
    )


def unaccepted_member_is_written() -> Plant:
    """A member that nobody accepted yet is written."""
    return instead("synchub.run.line:due", lambda _: lambda _work, _part, frame: frame)


def guard_is_not_asked() -> Plant:
    """A plan is carried out whatever its limits say."""
    return not_done("synchub.run.line:guard")
