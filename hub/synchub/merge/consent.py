"""Consent is stricter than any rule: once opted out stays opted out, unless a person, or a system that the
configuration trusts with it, says so with a consent given later than the opt-out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from synchub.merge.chains import VERDICT, decide
from synchub.merge.claims import ONE, latest, ordered
from synchub.merge.rules import RULES
from synchub.spec.entities import FieldDeclaration

_LINK = pl.col("link").fill_null(-1)


def decide_consent(claims: pl.DataFrame, consent_from: Sequence[str]) -> pl.DataFrame:
    """Verdicts on opted_out and consent_at, decided as one. Weak claims count in full: an opt-out is an opt-out."""
    opted = claims.filter(pl.col("field") == "opted_out")
    given = claims.filter(pl.col("field") == "consent_at")
    if opted.is_empty() and given.is_empty():
        return pl.DataFrame(schema=VERDICT)
    out = opted.filter(pl.col("value") == "true").join(_lifted(opted, given, consent_from), on="seq", how="anti")
    rest = latest(opted.filter(pl.col("value") != "true").join(out.select(ONE).unique(), on=ONE, how="anti"))
    if consent_from:  # a lifted opt-out is answered by the system that may lift it, not by whoever spoke last
        trusted = pl.col("system").is_in([*consent_from, "hub"])
        rest = rest.filter(trusted | ~trusted.any().over(ONE))
    chosen = ordered(pl.concat([out, rest])).unique(ONE, keep="first", maintain_order=True)
    contested = latest(opted).group_by(ONE).agg(contested=pl.col("value").n_unique() > 1)
    verdicts = chosen.join(contested, on=ONE, how="left").with_columns(
        rule=pl.lit("any"), open=pl.lit(False), contested=pl.col("contested").fill_null(False)
    )
    return pl.concat([verdicts.select(list(VERDICT)), _given(given, verdicts)])


def _lifted(opted: pl.DataFrame, given: pl.DataFrame, consent_from: Sequence[str]) -> pl.DataFrame:
    """The opt-outs (`seq`) that a trusted system took back: it says false with a consent_at later than the opt-out.

    An opt-out without a time of its own counts as made when it was read: the strict reading.
    """
    if not consent_from or given.is_empty():
        return opted.clear().select("seq")
    trusted = opted.filter((pl.col("value") == "false") & pl.col("system").is_in(list(consent_from)))
    with_time = trusted.join(given.select("record", "link", "run", consent="value"), on=["record", "link", "run"])
    times = with_time.select(*ONE, consent=_micros("consent"))
    out = opted.filter(pl.col("value") == "true").with_columns(_when=pl.coalesce("at", "seen"))
    return out.join(times, on=ONE).filter(pl.col("consent") > pl.col("_when")).select("seq").unique()


def _micros(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_suffix("Z")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us").cast(pl.Int64)


def _given(given: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """consent_at goes with the link that decided opted_out; where nobody said that, the newest stands."""
    if given.is_empty():
        return pl.DataFrame(schema=VERDICT)
    now = latest(given)
    with_winner = now.with_columns(_link=_LINK).join(verdicts.select("record", _link=_LINK), on=["record", "_link"])
    undecided = now.join(verdicts.select("record"), on="record", how="anti")
    declared = FieldDeclaration("consent_at", "datetime")
    return decide(pl.concat([with_winner.select(now.columns), undecided]), ("newest",), declared, RULES)
