"""What follows from the rows of known links: the deciding room makes it, the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Heard:
    """One member, one read.

    links      link, and what is now known of it: raw_hash, updated_at, version, stale_run
    held       link, n.*, v.*, w.*: whole, for links whose held moved
    claims     record, link, field, value, native, base, at, kind
    history    link, field, value, reason: values that are neither claims nor held
    own_form   link, field, golden, native: what the system made of a write whose answer did not say
    confirmed  link, field: writes without an answer that are now seen to have landed as sent
    reused     link: rows that are somebody else's now; nothing is claimed
    unheard    link, v.*: what rows show that are not believed: older than known, or somebody else's now
    touched    record: to be merged and planned
    """

    links: pl.DataFrame
    held: pl.DataFrame
    claims: pl.DataFrame
    history: pl.DataFrame
    own_form: pl.DataFrame
    confirmed: pl.DataFrame
    reused: pl.DataFrame
    unheard: pl.DataFrame
    touched: pl.DataFrame
