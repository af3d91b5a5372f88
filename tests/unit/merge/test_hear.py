"""What a system says now, against what it is known to hold."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from synchub.merge.hear import Listening, hear
from synchub.model.heard import Heard

FIELDS = ("a", "b", "street", "city")
COLUMNS = {
    "link": pl.Int64,
    "record": pl.Int64,
    "remote_id": pl.String,
    "updated_at": pl.Int64,
    "version": pl.String,
    "raw_hash": pl.Int64,
    "known_updated_at": pl.Int64,
    "known_version": pl.String,
    "known_seen_at": pl.Int64,
    "stale_run": pl.Int64,
    **{prefix + name: pl.String for name in FIELDS for prefix in ("n.", "v.", "hn.", "hv.")},
}
UNCONFIRMED = {"link": pl.Int64, "field": pl.String, "native": pl.String, "golden": pl.String}


def _comparable(_field: str, natives: pl.Series) -> pl.Series:
    return natives.str.to_lowercase()


def _hear(
    now: dict[str, str],
    before: dict[str, str],
    *,
    unconfirmed: list[tuple[Any, ...]] | None = None,
    claiming: tuple[str, ...] = FIELDS,
    identity: tuple[str, ...] = (),
    first_heard: tuple[str, ...] = (),
    **row: Any,
) -> Heard:
    """One row of link 10 on record 1: natives delivered now, natives held before. Values are natives in capitals. The
    hub read this member last at 50, knows the row as of 40, and starts this run, number 3, at 100."""
    cells = {
        "link": 10,
        "record": 1,
        "remote_id": "r1",
        "raw_hash": 99,
        "updated_at": 60,
        "known_updated_at": 40,
        **row,
    }
    cells |= {f"n.{name}": native for name, native in now.items()} | {
        f"v.{name}": native.upper() for name, native in now.items()
    }
    cells |= {f"hn.{name}": native for name, native in before.items()} | {
        f"hv.{name}": native.upper() for name, native in before.items()
    }
    how = Listening(
        inward=FIELDS,
        claiming=frozenset(claiming),
        groups={"address": ("street", "city")},
        identity=frozenset(identity),
        first_heard=frozenset(first_heard),
        comparable=_comparable,
        start=100,
        run=3,
        read_at=50,
    )
    return hear(
        pl.DataFrame([cells], schema=COLUMNS), pl.DataFrame(unconfirmed or [], schema=UNCONFIRMED, orient="row"), how
    )


def _claims(heard: Heard) -> list[tuple[Any, ...]]:
    return heard.claims.select("field", "value", "base", "at").sort("field").rows()


def test_a_change_is_a_claim_and_is_held() -> None:
    heard = _hear({"a": "new"}, {"a": "old"})
    assert _claims(heard) == [("a", "NEW", "OLD", 60)]
    assert heard.held.select("n.a", "v.a").rows() == [("new", "NEW")]
    assert heard.touched["record"].to_list() == [1]


def test_our_own_write_read_back_says_nothing() -> None:
    heard = _hear({"a": "same"}, {"a": "same"}, updated_at=99)
    assert (heard.claims.height, heard.held.height, heard.touched.height) == (0, 0, 0)
    assert heard.links.select("raw_hash", "updated_at").rows() == [(99, 99)]


def test_another_spelling_is_kept_and_is_no_claim() -> None:
    heard = _hear({"a": "SAME"}, {"a": "same"})
    assert heard.claims.is_empty()
    assert heard.held.select("n.a", "v.a").rows() == [("SAME", "SAME")]


def test_cleared_absent_and_never_filled_are_three_things() -> None:
    assert _claims(_hear({"a": ""}, {"a": "old"})) == [("a", "", "OLD", 60)]
    assert _claims(_hear({}, {"a": "old"})) == []
    assert _claims(_hear({"a": ""}, {})) == []


@pytest.mark.parametrize(("said", "counts"), [(60, 60), (10, 50), (500, 100), (None, 100)])
def test_a_claims_time_lies_between_the_last_look_and_this_run(said: int | None, counts: int) -> None:
    known = {} if said != 10 else {"known_updated_at": None}
    assert _claims(_hear({"a": "new"}, {"a": "old"}, updated_at=said, **known)) == [("a", "NEW", "OLD", counts)]


def test_a_confirmed_write_moves_the_earliest_time() -> None:
    assert _claims(_hear({"a": "new"}, {"a": "old"}, updated_at=60, known_seen_at=70)) == [("a", "NEW", "OLD", 70)]


def test_a_field_that_was_never_read_is_undated_where_no_time_is_told() -> None:
    assert _claims(_hear({"a": "new"}, {}, updated_at=None, first_heard=("a",))) == [("a", "NEW", None, None)]


def test_a_row_that_is_older_than_known_says_nothing_at_first() -> None:
    heard = _hear({"a": "old"}, {"a": "new"}, updated_at=30)
    assert (heard.claims.height, heard.held.height) == (0, 0)
    assert heard.links.select("raw_hash", "updated_at", "stale_run").rows() == [(None, 40, 3)]


def test_a_page_that_comes_twice_in_a_run_is_no_second_look() -> None:
    heard = _hear({"a": "old"}, {"a": "new"}, updated_at=30, stale_run=3)
    assert heard.links.select("raw_hash", "updated_at", "stale_run").rows() == [(None, 40, 3)]
    assert heard.held.is_empty()


def test_a_row_that_is_still_older_in_the_next_run_is_held_without_a_claim() -> None:
    heard = _hear({"a": "old"}, {"a": "new"}, updated_at=30, stale_run=2)
    assert heard.claims.is_empty()
    assert heard.held.select("n.a").rows() == [("old",)]
    assert heard.history.select("field", "value").rows() == [("a", "OLD")]
    assert heard.touched["record"].to_list() == [1]


def test_a_counted_version_tells_age_where_no_time_does() -> None:
    no_time = {"updated_at": None, "known_updated_at": None}
    assert _hear({"a": "old"}, {"a": "new"}, version="9", known_version="10", **no_time).claims.is_empty()
    assert _hear({"a": "new"}, {"a": "old"}, version="11", known_version="10", **no_time).claims.height == 1
    assert _hear({"a": "new"}, {"a": "old"}, version="x", known_version="y", **no_time).claims.height == 1


def test_a_late_row_does_not_take_the_known_version_with_it() -> None:
    assert _hear({"a": "old"}, {"a": "new"}, updated_at=30, version="9", known_version="10").links[
        "version"
    ].to_list() == ["10"]


def test_a_row_whose_keys_and_names_are_all_others_is_somebody_else() -> None:
    heard = _hear({"a": "bob", "b": "b@x"}, {"a": "ann", "b": "a@x"}, identity=("a", "b"))
    assert heard.reused["link"].to_list() == [10]
    assert (heard.claims.height, heard.held.height) == (0, 0)
    assert _hear({"a": "ann", "b": "b@x"}, {"a": "ann", "b": "a@x"}, identity=("a", "b")).reused.is_empty()
    assert _hear({"a": "bob"}, {"a": "ann"}, identity=("a", "b")).reused.is_empty()


def test_a_write_without_an_answer_that_reads_otherwise_is_the_systems_own_form() -> None:
    heard = _hear({"a": "alex"}, {"a": "alexandra"}, unconfirmed=[(10, "a", "alexandra", "Alexandra")])
    assert heard.claims.is_empty()
    assert heard.own_form.rows() == [(10, "a", "Alexandra", "alex")]
    assert heard.held.select("n.a", "v.a").rows() == [("alex", "ALEX")]


def test_a_write_without_an_answer_is_confirmed_when_it_is_read() -> None:
    heard = _hear({"a": "ann"}, {"a": "ann"}, unconfirmed=[(10, "a", "ann", "Ann")])
    assert heard.confirmed.rows() == [(10, "a")]
    assert heard.own_form.is_empty()


def test_a_foreign_edit_goes_to_history_and_is_looked_at() -> None:
    heard = _hear({"a": "new"}, {"a": "old"}, claiming=())
    assert heard.claims.is_empty()
    assert heard.history.select("field", "value").rows() == [("a", "NEW")]
    assert heard.held.select("n.a").rows() == [("new",)]
    assert heard.touched["record"].to_list() == [1]


def test_a_change_in_a_group_claims_the_whole_group() -> None:
    heard = _hear({"street": "new 2", "city": "ulm"}, {"street": "old 1", "city": "ulm"})
    assert _claims(heard) == [("city", "ULM", "ULM", 60), ("street", "NEW 2", "OLD 1", 60)]
