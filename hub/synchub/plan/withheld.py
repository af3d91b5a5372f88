"""Why something is not sent to a member, though golden differs from what is held there."""

from __future__ import annotations

from typing import Final

import polars as pl

from synchub.model import AS, BLANK, no_rate
from synchub.plan.situation import HUB_ID, UNSENT, Situation

STALE: Final = "its row was older than known; the next run looks again"
UNREAD: Final = "its row is in quarantine"
REUSED: Final = "its id may be somebody else's now"
ASIDE: Final = "a row in review or quarantine could be it"
UNKNOWN: Final = "it was sent there, and it is not known yet whether it landed"
LATER: Final = "its system did not take it; it is tried again later"
PASSING: Final = frozenset({STALE, UNREAD, REUSED, LATER})
"""Why a link is not written for now."""

_ISO_DAY: Final = r"(\d{4}-\d{2}-\d{2})"
RATES_COME: Final = 14
"""Days after which a missing exchange rate is not waited for any more."""
_ALWAYS_SENT: Final = frozenset({"opted_out", "consent_at"})


def why_not(now: Situation, name: str, out: pl.DataFrame) -> pl.Series:
    """Per link: why this field is not sent, or null."""
    asked = out["record"].is_in(asked_about(now, name).implode())
    states = now.forms.filter(pl.col("field") == name)
    held_back = out["link"].is_in(states.filter(pl.col("state") == "alternating")["link"].implode())
    own = states.filter(pl.col("state") == "own").select("link", _own_golden="golden", _own_native="native")
    native = pl.col(f"hn.{name}").fill_null(BLANK) if f"hn.{name}" in out.columns else pl.lit(BLANK)
    own_form = (
        out.join(own, on="link", how="left", maintain_order="left")
        .select(((pl.col("_own_golden") == pl.col(AS + name)) & (pl.col("_own_native") == native)).fill_null(False))
        .to_series()
    )
    no_form = pl.col(f"x.{name}") if f"x.{name}" in out.columns else pl.lit(None, dtype=pl.String)
    filtered = ~pl.col("inside") & _heeds_where(name, out)
    unread = pl.col("unread") if name not in _ALWAYS_SENT else pl.lit(None, dtype=pl.String)
    return out.select(
        pl.when(pl.coalesce("doubt", unread).is_not_null())
        .then(pl.coalesce("doubt", unread))
        .when(pl.lit(not (now.can_update or now.down)))
        .then(pl.lit("rows there can't be changed"))
        .when(pl.lit(asked))
        .then(pl.lit("a question is open"))
        .when(pl.lit(held_back))
        .then(pl.lit("the system keeps changing it back"))
        .when(no_form.is_not_null())
        .then(no_form)
        .when(pl.lit(own_form))
        .then(pl.lit("the system stores it otherwise"))
        .when(filtered)
        .then(pl.lit("outside `where`"))
        .alias("_stop")
    ).to_series()


def _heeds_where(name: str, out: pl.DataFrame) -> pl.Expr:
    """Per link whether this field is only sent inside `where`. The hub's id is put right anywhere: two rows that bear the
    same would be taken for each other."""
    if name == HUB_ID:
        return pl.lit(False)
    if name in _ALWAYS_SENT and f"{AS}opted_out" in out.columns:
        return pl.col(f"{AS}opted_out").fill_null("") != "true"
    return pl.lit(True)


def asked_about(now: Situation, name: str) -> pl.Series:
    """The records of which a question about a field is open."""
    return now.open.filter(pl.col("field") == name)["record"]


def look_again(now: Situation, reasons: list[pl.DataFrame]) -> pl.DataFrame:
    """Whole records that are to be planned again by the next run: what keeps them from being written passes."""
    if all(frame.is_empty() for frame in reasons):
        return pl.DataFrame(schema=UNSENT)
    day = pl.col("reason").str.extract(f"^{no_rate('.*', '.*', _ISO_DAY)}$").str.to_date()
    until = pl.lit(now.today or "1970-01-01").str.to_date()
    coming = (day + pl.duration(days=RATES_COME) >= until).fill_null(False)
    return (
        pl.concat(reasons)
        .filter(pl.col("reason").is_in(list(PASSING)) | coming)
        .select("record", "link", field=pl.lit(""), reason="reason")
        .unique(maintain_order=True)
    )
