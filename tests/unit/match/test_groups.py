"""Who is who, as connected groups of equal keys."""

from __future__ import annotations

import polars as pl
import pytest

from synchub.match.groups import JOINED, NEW, REVIEW, assign
from synchub.match.same import same

EMAIL, PHONE = 1, 2
PLACES = 3
Keys = list[tuple[int, int, str]]


def _assign(
    rows: list[tuple[int, str, str]],
    keys: Keys,
    known: Keys | None = None,
    *,
    taken: list[tuple[int, str, str]] | None = None,
    apart: list[tuple[int, int]] | None = None,
) -> dict[int, tuple[str, int | None, str | None]]:
    """node -> outcome, record, reason; the same whatever the order of the rows."""
    found = []
    for step in (1, -1):
        told = assign(
            pl.DataFrame(rows[::step], schema={"node": pl.Int64, "system": pl.String, "name": pl.String}, orient="row"),
            pl.DataFrame(keys[::step], schema={"node": pl.Int64, "key": pl.Int64, "text": pl.String}, orient="row"),
            pl.DataFrame(known or [], schema={"record": pl.Int64, "key": pl.Int64, "text": pl.String}, orient="row"),
            taken=pl.DataFrame(
                taken or [], schema={"record": pl.Int64, "system": pl.String, "name": pl.String}, orient="row"
            ),
            apart=pl.DataFrame(apart or [], schema={"node": pl.Int64, "record": pl.Int64}, orient="row"),
            places=PLACES,
        )
        found.append({row["node"]: (row["outcome"], row["record"], row["reason"]) for row in told.rows.to_dicts()})
    assert found[0] == found[1]
    return found[0]


def test_a_row_that_nobody_knows_is_new() -> None:
    assert _assign([(0, "crm", "")], [(0, EMAIL, "a")]) == {0: (NEW, None, None)}


def test_a_row_without_a_key_is_new() -> None:
    assert _assign([(0, "crm", ""), (1, "shop", "")], []) == {0: (NEW, None, None), 1: (NEW, None, None)}


def test_a_row_with_a_known_key_is_joined() -> None:
    assert _assign([(0, "crm", "")], [(0, EMAIL, "a")], [(7, EMAIL, "a")]) == {0: (JOINED, 7, None)}


def test_rows_that_hang_together_by_a_third_are_one_group() -> None:
    rows = [(0, "a", ""), (1, "b", ""), (2, "c", "")]
    keys = [(0, EMAIL, "e"), (1, PHONE, "p"), (2, EMAIL, "e"), (2, PHONE, "p")]
    assert set(_assign(rows, keys, [(3, PHONE, "p")]).values()) == {(JOINED, 3, None)}


def test_a_row_that_fits_two_records_is_a_question() -> None:
    keys = [(0, EMAIL, "e"), (0, PHONE, "p")]
    assert _assign([(0, "crm", "")], keys, [(3, EMAIL, "e"), (4, PHONE, "p")])[0][::2] == (REVIEW, "records")


def test_a_weaker_key_does_not_join_what_a_stronger_one_parts() -> None:
    rows = [(0, "crm", ""), (1, "shop", "")]
    keys = [(0, EMAIL, "a"), (1, EMAIL, "b"), (0, PHONE, "p"), (1, PHONE, "p")]
    assert {told[::2] for told in _assign(rows, keys).values()} == {(REVIEW, "keys")}


@pytest.mark.parametrize(("names", "outcome"), [(("ann", "ann"), NEW), (("ann", ""), NEW), (("ann", "bob"), REVIEW)])
def test_a_systems_own_duplicates(names: tuple[str, str], outcome: str) -> None:
    """One strong key and one name: duplicates. Two names: a family's mailbox."""
    rows = [(0, "crm", names[0]), (1, "crm", names[1])]
    assert {told[0] for told in _assign(rows, [(0, EMAIL, "e"), (1, EMAIL, "e")]).values()} == {outcome}


def test_a_second_row_of_one_system_on_a_weaker_key_is_a_question() -> None:
    told = _assign([(0, "crm", "ann")], [(0, PHONE, "p")], [(7, PHONE, "p")], taken=[(7, "crm", "ann")])
    assert told == {0: (REVIEW, None, "twice")}


def test_a_row_of_another_name_does_not_join_its_systems_row() -> None:
    told = _assign([(0, "crm", "bob")], [(0, EMAIL, "e")], [(7, EMAIL, "e")], taken=[(7, "crm", "ann")])
    assert told == {0: (REVIEW, None, "names")}


def test_who_was_parted_from_a_record_is_not_joined_to_it() -> None:
    assert _assign([(0, "crm", "")], [(0, EMAIL, "a")], [(7, EMAIL, "a")], apart=[(0, 7)])[0][1] is None


def test_the_hubs_own_id_is_the_strongest_of_all() -> None:
    keys = [(0, 0, "h-7"), (0, EMAIL, "new")]
    assert _assign([(0, "crm", "")], keys, [(7, 0, "h-7")]) == {0: (JOINED, 7, None)}


def _same(ours: Keys, theirs: Keys) -> list[tuple[int, int]]:
    schema = {"node": pl.Int64, "key": pl.Int64, "text": pl.String}
    return same(
        pl.DataFrame(ours, schema=schema, orient="row"), pl.DataFrame(theirs, schema=schema, orient="row")
    ).rows()


def test_same_by_the_strongest_key_that_both_have() -> None:
    assert _same([(0, EMAIL, "a")], [(5, EMAIL, "a"), (6, EMAIL, "b")]) == [(0, 5)]
    assert _same([(0, PHONE, "p")], [(5, EMAIL, "a"), (5, PHONE, "p")]) == [(0, 5)]
    assert _same([(0, EMAIL, "a"), (0, PHONE, "p")], [(5, EMAIL, "b"), (5, PHONE, "p")]) == []
    assert _same([(0, EMAIL, "a"), (0, PHONE, "p")], [(5, EMAIL, "a"), (5, PHONE, "q")]) == [(0, 5)]
