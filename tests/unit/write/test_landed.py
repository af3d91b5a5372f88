"""What became of writes."""

from __future__ import annotations

from typing import Any

import polars as pl

from synchub.write.landed import Landed, land


def _comparable(_field: str, natives: pl.Series) -> pl.Series:
    return natives.str.to_lowercase()


def _land(
    kind: str, sent: dict[str, str], stored: dict[str, str] | None, meant: dict[str, str] | None = None
) -> Landed:
    """One operation on the fields a and b: natives sent, natives stored (None: nothing was said), what they mean."""
    names = ("a", "b")
    out = {
        "id": [1],
        "kind": [kind],
        **{f"{p}{n}": [sent.get(n)] for n in names for p in ("to.",)},
        **{f"as.{n}": [f"golden {sent[n]}" if n in sent else None] for n in names},
    }
    means = {**(stored or {}), **(meant or {})}
    back = {
        "id": [1],
        **{f"n.{n}": [(stored or {}).get(n)] for n in names},
        **{f"v.{n}": [means.get(n)] for n in names},
    }
    text = {column: pl.String for column in (*out, *back) if column not in ("id", "kind")}
    return land(pl.DataFrame(out, schema_overrides=text), pl.DataFrame(back, schema_overrides=text), names, _comparable)


def _held(landed: Landed) -> dict[str, Any]:
    return {name: value for name, value in landed.held.to_dicts()[0].items() if name != "id" and value is not None}


def _forms(landed: Landed) -> list[tuple[str, str]]:
    return landed.forms.select("field", "state").rows()


def test_what_is_stored_as_sent_stands_for_golden_exactly() -> None:
    landed = _land("update", {"a": "2024-05-01"}, {"a": "2024-05-01"}, {"a": "a day"})
    assert _held(landed) == {"n.a": "2024-05-01", "v.a": "golden 2024-05-01"}
    assert _forms(landed) == [("a", "same")]


def test_another_spelling_of_the_same_is_the_same() -> None:
    landed = _land("update", {"a": "Ann"}, {"a": "ANN"})
    assert _held(landed) == {"n.a": "ANN", "v.a": "golden Ann"}
    assert _forms(landed) == [("a", "same")]


def test_a_form_of_its_own_is_held_as_what_it_means() -> None:
    landed = _land("update", {"a": "Alexandra"}, {"a": "Alex"})
    assert _held(landed) == {"n.a": "Alex", "v.a": "Alex"}
    assert landed.forms.select("field", "state", "golden", "native").rows() == [
        ("a", "own", "golden Alexandra", "Alex")
    ]


def test_without_an_answer_it_is_held_as_sent_until_it_is_read() -> None:
    landed = _land("update", {"a": "Ann"}, None)
    assert _held(landed) == {"n.a": "Ann", "v.a": "golden Ann"}
    assert _forms(landed) == [("a", "unconfirmed")]


def test_what_else_changed_in_a_row_is_left_for_the_next_read() -> None:
    landed = _land("update", {"a": "Ann"}, {"a": "Ann", "b": "somebody's edit"})
    assert _held(landed) == {"n.a": "Ann", "v.a": "golden Ann"}
    assert landed.filled.is_empty()


def test_what_a_system_filled_in_in_a_new_row_is_told() -> None:
    landed = _land("create", {"a": "Ann"}, {"a": "Ann", "b": "by itself"})
    assert _held(landed)["n.b"] == "by itself"
    assert landed.filled.select("field", "value").rows() == [("b", "by itself")]
    assert _land("create", {"a": "Ann"}, {"a": "Ann", "b": ""}).filled.is_empty()


def test_an_opt_out_that_was_not_sent_is_left_for_the_next_read_to_hear() -> None:
    """Somebody may have opted out in a row whose create was never answered: no form of ours."""
    sent = pl.DataFrame({"id": [1], "kind": ["create"], "to.opted_out": ["no"], "as.opted_out": ["false"]})
    stored = pl.DataFrame({"id": [1], "n.opted_out": ["yes"], "v.opted_out": ["true"]})
    assert _held(land(sent, stored, ("opted_out",), _comparable)) == {"n.opted_out": "no", "v.opted_out": "false"}
    nothing = sent.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in ("to.opted_out", "as.opted_out"))
    landed = land(nothing, stored, ("opted_out",), _comparable)
    assert (_held(landed), landed.filled.height) == ({}, 0)
