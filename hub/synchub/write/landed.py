"""What became of operations: what the system now holds, and where that is not what was sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from synchub.model import BLANK, NATIVE, OPTED_OUT, VALUE

Comparable = Callable[[str, pl.Series], pl.Series]


@dataclass(frozen=True, slots=True)
class Landed:
    """held       id, n.*, v.*: the pairs of the fields that are known now; null where nothing new is known
    forms      id, field, state (own, unconfirmed, same), golden, native: how the system took what it was sent
    filled     id, field, value, native: what it filled in by itself in a row that the hub made
    """

    held: pl.DataFrame
    forms: pl.DataFrame
    filled: pl.DataFrame


_FORM = {"id": pl.Int64, "field": pl.String, "state": pl.String, "golden": pl.String, "native": pl.String}
_FILLED = {"id": pl.Int64, "field": pl.String, "value": pl.String, "native": pl.String}


def land(sent: pl.DataFrame, stored: pl.DataFrame, fields: Sequence[str], comparable: Comparable) -> Landed:
    """Compare what was sent with what is stored.

    `sent`: id, kind, to.*, as.*. `stored`: id, n.* and v.* as the mapping reads the stored row; null where the system
    said nothing. What is stored as sent stands for golden exactly, even where mapping it back would not return it. Of a
    record that was there before only what was sent is looked at: what else changed in it meanwhile is for the next read.
    An opt-out that was not sent is left to the next read too: it is somebody's word, and no form of ours.
    """
    both = sent.join(stored, on="id", how="left", maintain_order="left")
    made = both["kind"] == "create"
    held, forms, filled = [both["id"]], [], []
    for name in fields:
        to, stands, native, value = (_column(both, prefix + name) for prefix in ("to.", "as.", NATIVE, VALUE))
        if made.all() and native.fill_null(BLANK).equals(to.fill_null(BLANK)):  # most rows are stored as they were sent
            held += [native.alias(NATIVE + name), stands.alias(VALUE + name)]
            continue
        if not made.any() and to.null_count() == len(to):  # nothing was sent here
            held += [to.alias(NATIVE + name), to.alias(VALUE + name)]
            continue
        was_sent = to.is_not_null()
        told = native.is_not_null() & (was_sent | made)
        if name == OPTED_OUT:
            told &= (value != "true").fill_null(True) | (stands == "true").fill_null(False)
        native, value = native.zip_with(told, _nothing(both)), value.zip_with(told, _nothing(both))
        same = was_sent & told & _alike(name, to, native, comparable)
        other = was_sent & told & ~same
        silent = was_sent & ~told
        table = pl.DataFrame({"id": both["id"], "to": to, "as": stands, "n": native, "v": value})
        held += [
            native.zip_with(told | ~was_sent, to).alias(NATIVE + name),
            stands.zip_with(same | silent, value).alias(VALUE + name),
        ]
        usual = same & ~made  # of a new row no other form can be remembered
        for mask, state, seen in ((usual, "same", "n"), (other, "own", "n"), (silent, "unconfirmed", "to")):
            if mask.any():
                forms.append(
                    table.filter(mask).select("id", field=pl.lit(name), state=pl.lit(state), golden="as", native=seen)
                )
        by_itself = told & ~was_sent & (value.fill_null(BLANK) != BLANK)
        if by_itself.any():
            filled.append(table.filter(by_itself).select("id", field=pl.lit(name), value="v", native="n"))
    return Landed(
        pl.DataFrame(held),
        pl.concat([pl.DataFrame(schema=_FORM), *forms]),
        pl.concat([pl.DataFrame(schema=_FILLED), *filled]),
    )


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name] if name in frame.columns else _nothing(frame)


def _nothing(frame: pl.DataFrame) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)


def _alike(name: str, one: pl.Series, other: pl.Series, comparable: Comparable) -> pl.Series:
    """The same text, or the same meaning; looked at closely only where the texts differ."""
    equal = (one == other).fill_null(False)
    unsure = (one.is_not_null() & other.is_not_null() & ~equal).arg_true()
    if len(unsure) == 0:
        return equal
    meant = comparable(name, one.gather(unsure)).fill_null(BLANK) == comparable(name, other.gather(unsure)).fill_null(
        BLANK
    )
    return equal.scatter(unsure, meant)
