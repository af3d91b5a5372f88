"""What is sent to one member, and what is not, with the reason."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from synchub.plan.operations import plan_member
from synchub.plan.situation import Planned, Situation
from synchub.plan.withheld import ASIDE, REUSED, STALE, UNREAD
from synchub.spec.job import Member
from synchub.spec.mapping import MappingFile

FIELDS = ("email", "job_title", "opted_out")
FORM = {"link": pl.Int64, "field": pl.String, "state": pl.String, "golden": pl.String, "native": pl.String}
LINK = {
    "link": pl.Int64,
    "record": pl.Int64,
    "remote_id": pl.String,
    "tomb": pl.Int64,
    "version": pl.String,
    "doubt": pl.String,
    "unread": pl.String,
    **{prefix + name: pl.String for name in FIELDS for prefix in ("hn.", "hv.")},
}


def _outward(golden: pl.DataFrame) -> pl.DataFrame:
    """Every value goes as it is; a job title "?" has no outward form."""
    names = [name for name in FIELDS if name in golden.columns]
    unsaid = pl.col("job_title") == "?"
    sent = {
        f"to.{name}": pl.when(unsaid).then(None).otherwise(name) if name == "job_title" else pl.col(name)
        for name in names
    }
    return golden.select(
        **{f"as.{name}": pl.col(name) for name in names},
        **sent,
        **{"x.job_title": pl.when(unsaid).then(pl.lit("no form"))},
    )


def _plan(
    golden: dict[str, Any], link: dict[str, Any] | None = None, *, holds: dict[str, Any] | None = None, **more: Any
) -> Planned:
    """Plan record 1, whose row in the member (if there is one) holds `holds`."""
    options = {name: more.pop(name) for name in ("direction", "create", "on_delete") if name in more}
    member = Member(
        "shop", 0, "shop", "people", "m", MappingFile(entity="contact", key="id", fields={"email": "email"}), **options
    )
    held = {prefix + name: value for name, value in (holds or {}).items() for prefix in ("hn.", "hv.")}
    rows = [{"link": 10, "record": 1, "remote_id": "r1", **held, **(link or {})}] if holds is not None else []
    given: dict[str, Any] = {
        "open": pl.DataFrame(schema={"record": pl.Int64, "field": pl.String}),
        "forms": pl.DataFrame(schema=FORM),
        "doomed": pl.DataFrame(schema={"record": pl.Int64}),
        "blocked": pl.DataFrame(schema={"record": pl.Int64, "reason": pl.String}),
        "inside": None,
        **more,
    }
    schema = {"record": pl.Int64, "hub_id": pl.String, **dict.fromkeys(FIELDS, pl.String)}
    return plan_member(
        Situation(
            member=member,
            golden=pl.DataFrame([{"record": 1, "hub_id": "h-1", **golden}], schema=schema),
            fields=FIELDS,
            links=pl.DataFrame(rows, schema=LINK),
            outward=_outward,
            **given,
        )
    )


def _sent(planned: Planned) -> list[tuple[str, dict[str, str]]]:
    """(kind, what travels) of each operation."""
    rows = planned.operations.to_dicts()
    return [
        (row["kind"], {name[3:]: row[name] for name in row if name.startswith("to.") and row[name] is not None})
        for row in rows
    ]


def _reasons(planned: Planned) -> set[tuple[str, str]]:
    return set(planned.unsent.select("field", "reason").rows())


def _record(number: int = 1) -> pl.DataFrame:
    return pl.DataFrame({"record": [number]}, schema={"record": pl.Int64})


def test_only_what_differs_travels() -> None:
    planned = _plan({"email": "a", "job_title": "new"}, holds={"email": "a", "job_title": "old"})
    assert _sent(planned) == [("update", {"job_title": "new"})]
    assert planned.operations["was.job_title"].to_list() == ["old"]


def test_what_agrees_and_what_nobody_said_is_left_alone() -> None:
    assert _sent(_plan({"email": "a"}, holds={"email": "a", "job_title": "theirs"})) == []


def test_a_blank_is_sent_where_something_stands() -> None:
    assert _sent(_plan({"job_title": ""}, holds={"job_title": "old"})) == [("update", {"job_title": ""})]
    assert _sent(_plan({"job_title": ""}, holds={})) == []


def test_a_create_carries_what_is_filled() -> None:
    assert _sent(_plan({"email": "a", "job_title": ""})) == [("create", {"email": "a"})]


@pytest.mark.parametrize("options", [{"direction": "in"}, {"create": False}, {"can_create": False}])
def test_nothing_is_made_where_that_is_not_wanted(options: dict[str, Any]) -> None:
    assert _sent(_plan({"email": "a"}, **options)) == []


def test_what_was_deleted_is_not_made_again() -> None:
    assert _sent(_plan({"email": "a"}, {"tomb": 3}, holds={})) == []


def test_who_a_row_set_aside_could_be_is_not_made() -> None:
    planned = _plan({"email": "a"}, blocked=_record().with_columns(reason=pl.lit(ASIDE)))
    assert _sent(planned) == []
    assert _reasons(planned) == {("", "a row in review or quarantine could be it")}


def test_where_rows_cannot_be_changed_only_new_ones_are_sent() -> None:
    planned = _plan({"email": "b"}, holds={"email": "a"}, can_update=False)
    assert _sent(planned) == []
    assert _reasons(planned) == {("email", "rows there can't be changed")}
    assert _sent(_plan({"email": "b"}, can_update=False)) == [("create", {"email": "b"})]


def test_an_open_question_is_not_sent() -> None:
    planned = _plan(
        {"email": "b", "job_title": "new"},
        holds={"email": "a", "job_title": "old"},
        open=pl.DataFrame({"record": [1], "field": ["job_title"]}),
    )
    assert _sent(planned) == [("update", {"email": "b"})]
    assert _reasons(planned) == {("job_title", "a question is open")}


def test_a_value_without_a_form_stops_no_other_field() -> None:
    planned = _plan({"email": "b", "job_title": "?"}, holds={"email": "a", "job_title": "old"})
    assert _sent(planned) == [("update", {"email": "b"})]
    assert _reasons(planned) == {("job_title", "no form")}


@pytest.mark.parametrize(("golden", "native", "sent"), [("long", "lon", 0), ("other", "lon", 1), ("long", "edited", 1)])
def test_the_systems_own_form_is_left_while_both_sides_stand(golden: str, native: str, sent: int) -> None:
    form = pl.DataFrame([(10, "job_title", "own", "long", "lon")], schema=FORM, orient="row")
    assert len(_sent(_plan({"job_title": golden}, holds={"job_title": native}, forms=form))) == sent


def test_outside_the_filter_nothing_but_an_opt_out_goes() -> None:
    def nowhere(golden: pl.DataFrame) -> pl.Series:
        return pl.Series([False] * golden.height, dtype=pl.Boolean)

    holds = {"job_title": "old", "opted_out": "false"}
    assert _sent(_plan({"job_title": "new", "opted_out": "true"}, holds=holds, inside=nowhere)) == [
        ("update", {"opted_out": "true"})
    ]
    assert (
        _sent(_plan({"job_title": "new", "opted_out": "false"}, holds={**holds, "opted_out": "true"}, inside=nowhere))
        == []
    )
    assert _sent(_plan({"email": "a"}, inside=nowhere)) == []


@pytest.mark.parametrize("why", [STALE, REUSED])
def test_a_doubtful_row_is_not_written_at_all(why: str) -> None:
    planned = _plan({"job_title": "new", "opted_out": "true"}, {"doubt": why}, holds={"job_title": "old"})
    assert _sent(planned) == []
    assert ("", why) in _reasons(planned)


def test_a_row_in_quarantine_gets_an_opt_out_alone_and_unversioned() -> None:
    planned = _plan(
        {"job_title": "new", "opted_out": "true"}, {"unread": UNREAD, "version": "4"}, holds={"job_title": "old"}
    )
    assert _sent(planned) == [("update", {"opted_out": "true"})]
    assert planned.operations["version"].to_list() == [None]
    assert ("", UNREAD) in _reasons(planned)


@pytest.mark.parametrize(
    ("on_delete", "kinds"), [("ignore", ["update"]), ("archive", ["archive"]), ("propagate", ["delete"])]
)
def test_what_was_deleted_elsewhere(on_delete: str, kinds: list[str]) -> None:
    planned = _plan({"job_title": "new"}, holds={"job_title": "old"}, doomed=_record(), on_delete=on_delete)
    assert [kind for kind, _ in _sent(planned)] == kinds


@pytest.mark.parametrize("doubt", [{"doubt": REUSED}, {"unread": UNREAD}])
def test_a_doubtful_row_is_not_deleted_for_now(doubt: dict[str, str]) -> None:
    planned = _plan({}, doubt, holds={}, doomed=_record(), on_delete="propagate")
    assert _sent(planned) == []
    assert planned.unsent.rows() == [(1, 10, "", *doubt.values())]
