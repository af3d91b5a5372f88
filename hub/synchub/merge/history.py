"""What was read and is no claim, and is not lost either: values that go to history, with the reason.

Rows are as `hear` marks them: `m.FIELD` says whether the value changed.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from synchub.model import OPTED_OUT, VALUE

NO_ANSWER = "read after a write that was not answered"
"""Why a value is in history that is taken for a system's own form."""

_PASSED = {"link": pl.Int64, "field": pl.String, "value": pl.String, "reason": pl.String}


def opts_out(field: str) -> pl.Expr:
    """Whether a row (v.*) says by this field that somebody opted out."""
    return (pl.col(VALUE + field) == "true").fill_null(False) & (field == OPTED_OUT)


def foreign(masked: pl.DataFrame, silent: Iterable[str], own: pl.DataFrame) -> pl.DataFrame:
    """Edits of fields that this member may not claim: kept as history. An opt-out is a claim whoever makes it."""
    parts = [pl.DataFrame(schema=_PASSED)]
    for field in silent:
        if not masked[f"m.{field}"].any():
            continue
        hit = masked.filter(pl.col(f"m.{field}") & ~opts_out(field))
        edit = hit.select(
            "link", field=pl.lit(field), value=VALUE + field, reason=pl.lit("edited where it is only written")
        )
        parts.append(edit.join(own, on=["link", "field"], how="anti"))
    return pl.concat(parts)


def taken_as_own(masked: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """What is taken for the system's own form, because nobody said what was stored, may have been an edit after all."""
    parts = [pl.DataFrame(schema=_PASSED)]
    for (field,), some in own.group_by("field", maintain_order=True):
        hit = some.join(masked.select("link", value=VALUE + str(field)), on="link")
        parts.append(hit.select("link", "field", "value", reason=pl.lit(NO_ANSWER)))
    return pl.concat(parts)


def gone_back(back: pl.DataFrame, fields: Iterable[str]) -> pl.DataFrame:
    """What a system that went back holds again: it may have been entered and changed between two runs, and never heard."""
    parts = [pl.DataFrame(schema=_PASSED)]
    for field in fields if back.height else ():
        hit = back.filter(pl.col(f"m.{field}"))
        parts.append(
            hit.select(
                "link",
                field=pl.lit(field),
                value=pl.col(VALUE + field),
                reason=pl.lit("the system went back to an older copy"),
            )
        )
    return pl.concat(parts)
