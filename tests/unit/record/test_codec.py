"""Packed texts: what goes in comes out, whatever it holds."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchub.record.codec import opened, pack, prefixed, unpack

COLUMNS = ["n.email", "v.email", "n.phone", "v.phone", "w.phone", "to.email", "as.email", "plain"]
hostile = st.sampled_from(["", "a", "\x1b", "\x1b0", "\x1e", "\x1f", "a\x1fb", "\x1b\x1b2", ",", "b.email", "Ü€"])
values = st.one_of(st.none(), hostile, st.text(st.characters(exclude_categories=("Cs",)), max_size=5))
rows = st.lists(st.tuples(*(values for _ in COLUMNS)), min_size=1, max_size=5)


@given(rows, rows)
def test_what_goes_in_comes_out(some: list[tuple[str | None, ...]], others: list[tuple[str | None, ...]]) -> None:
    frames = [pl.DataFrame(part, schema=dict.fromkeys(COLUMNS, pl.String), orient="row") for part in (some, others)]
    packed = pl.concat([pack(frame, COLUMNS) for frame in frames])
    mixed = packed.reverse()
    assert unpack(packed, COLUMNS).equals(pl.concat(frames))
    assert unpack(mixed, ["v.phone", "nobody's"]).equals(
        pl.concat(frames).reverse().select("v.phone", pl.lit(None, dtype=pl.String).alias("nobody's"))
    )


@given(rows)
def test_a_text_is_opened_with_all_it_has(some: list[tuple[str | None, ...]]) -> None:
    frame = pl.DataFrame(some, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    for text, row in zip(pack(frame, COLUMNS).to_list(), frame.to_dicts(), strict=True):
        filled = {name for name in COLUMNS if frame[name].null_count() < frame.height}
        assert opened(text) == {name: row[name] for name in filled}


@given(rows, st.lists(st.integers(1, 3), min_size=1, max_size=6))
def test_many_are_opened_as_few_are(some: list[tuple[str | None, ...]], times: list[int]) -> None:
    """A kind of text of which there are many goes another way than one of which there are few."""
    kinds = [pack(pl.DataFrame([row], schema=dict.fromkeys(COLUMNS, pl.String), orient="row"), COLUMNS) for row in some]
    repeated = [kind.new_from_index(0, 30 * count) for kind, count in zip(kinds, times, strict=False)]
    mixed = pl.concat([pl.Series(["x", None, "b.email,plain\x1ea"]), *repeated]).shuffle(seed=1)
    wanted = [*COLUMNS, "nobody's"]
    assert unpack(mixed, wanted).equals(
        pl.concat([unpack(mixed.slice(place, 1), wanted) for place in range(len(mixed))])
    )


@pytest.mark.parametrize("packed", [[], [None], [""], ["", None, "v.a\x1ex"]])
def test_what_was_never_packed_is_null(packed: list[str | None]) -> None:
    opened = unpack(pl.Series(packed, dtype=pl.String), ["v.a", "v.b"])
    assert opened.height == len(packed)
    assert opened["v.b"].null_count() == len(packed)
    assert opened["v.a"].drop_nulls().to_list() == ["x" for text in packed if text]


def test_a_native_text_that_is_canonical_is_kept_once() -> None:
    frame = pl.DataFrame(
        {"n.city": ["Bonn", None], "v.city": ["Bonn", None], "n.tel": ["030 1", "1"], "v.tel": ["1", "1"]}
    )
    assert pack(frame, frame.columns).to_list() == [
        "b.city,n.tel,v.tel\x1eBonn\x1f030 1\x1f1",
        "b.city,n.tel,v.tel\x1e\x1f1\x1f1",
    ]


def test_what_is_sent_as_it_stands_is_kept_once() -> None:
    frame = pl.DataFrame({"to.city": ["Bonn"], "as.city": ["Bonn"], "to.tags": ["a;b"], "as.tags": ['["a","b"]']})
    assert pack(frame, frame.columns).to_list() == ['s.city,to.tags,as.tags\x1eBonn\x1fa;b\x1f["a","b"]']


def test_prefixes() -> None:
    assert prefixed(("n.", "v."), ("a", "b")) == ["n.a", "n.b", "v.a", "v.b"]
