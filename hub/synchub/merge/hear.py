"""Hearing: what a system says now, against what it is known to hold. Only a difference is a claim.

Our own write, read back, is held already and so never a claim; timestamps alone say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from synchub.merge.history import foreign, gone_back, opts_out, taken_as_own
from synchub.model import BLANK, HELD, NATIVE, OPTED_OUT, UPDATED, VALUE, VERSION, VIA
from synchub.model.heard import Heard

HELD_NATIVE, HELD_VALUE, HELD_VIA = HELD[NATIVE], HELD[VALUE], HELD[VIA]


@dataclass(frozen=True, slots=True)
class Listening:
    """How to listen to one member in one run.

    `inward` are the fields it is read for, `claiming` those it may claim (an opt-out it may claim in any case);
    `comparable(field, natives)` gives a text that is equal for natives that mean the same. `first_heard` are fields that this
    member was not read for by the last run: what they hold without a time is undated, as at first contact. `start` and
    `read_at` (the hub's last read) are in microseconds. `unmapped` are fields that it was mapped for before: what is held of
    them stays, so that the hub knows what it wrote there should they be mapped again.
    """

    inward: tuple[str, ...]
    claiming: frozenset[str]
    groups: Mapping[str, tuple[str, ...]]
    identity: frozenset[str]
    first_heard: frozenset[str]
    comparable: Callable[[str, pl.Series], pl.Series]
    start: int
    run: int
    read_at: int
    unmapped: tuple[str, ...] = ()


def hear(rows: pl.DataFrame, unconfirmed: pl.DataFrame, how: Listening) -> Heard:
    """Compare rows with what is held.

    `rows`: link, record, remote_id, updated_at, version, raw_hash, n.*, v.*, (w.*, d.*), known_updated_at,
    known_version, known_seen_at, stale_run, hn.*, hv.*. `unconfirmed`: link, field, native (as sent), golden.
    """
    rows = _with_columns_for(rows, how)
    known = pl.col("known_updated_at")
    stale, back, current = _by_age(rows, older(known), how)
    reused = current.filter(_reused(how))
    current = current if reused.is_empty() else current.join(reused.select("link"), on="link", how="anti")
    masked = _changes(current, how)
    own = _own_form(masked, unconfirmed)
    claims = _claims(masked, how, own)
    seen = pl.concat([current, back])
    links = seen.select(
        "link",
        "raw_hash",
        updated_at=pl.max_horizontal(UPDATED, known),
        version=VERSION,
        stale_run=pl.lit(None, dtype=pl.Int64),
    )
    late = stale.select(
        "link",
        raw_hash=pl.lit(None, dtype=pl.Int64),
        updated_at="known_updated_at",
        version="known_version",
        stale_run=pl.lit(how.run, dtype=pl.Int64),
    )
    differs = pl.any_horizontal(pl.lit(False), *(pl.col(f"m.{field}") for field in how.inward))
    moved = pl.any_horizontal(differs, *(pl.col(f"t.{field}") for field in how.inward))
    back_changed = masked.clear() if back.is_empty() else _changes(back, how)
    silent = [field for field in how.inward if field not in how.claiming]
    return Heard(
        links=pl.concat([links, late]),
        held=pl.concat([_held(masked.filter(moved), how), _held(back_changed.filter(moved), how)]),
        claims=claims,
        history=pl.concat(
            [foreign(masked, silent, own), gone_back(back_changed, how.inward), taken_as_own(masked, own)]
        ),
        own_form=own,
        confirmed=unconfirmed.join(current.select("link"), on="link", how="semi").select("link", "field"),
        reused=reused.select("link", "record", "remote_id"),
        unheard=pl.concat([stale, reused]).select("link", *(VALUE + field for field in how.inward)),
        touched=pl.concat(
            [claims.select("record"), back.select("record"), masked.filter(differs).select("record")]
        ).unique(),
    )


def _by_age(rows: pl.DataFrame, older: pl.Expr, how: Listening) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rows that are older than known for the first time, those that are so again, and all others."""
    old = rows.select(older=older).to_series()
    if not old.any():
        return rows.clear(), rows.clear(), rows
    # A later run's look at it, however many lie between; a page that came twice is no second look.
    restored = old & (rows["stale_run"] != how.run).fill_null(False)
    return rows.filter(old & ~restored), rows.filter(restored), rows.filter(~old)


def older(known: pl.Expr) -> pl.Expr:
    """Rows that are older than what is known of their link: by their time, or where that is the same or not told by a
    counted version."""
    number, before = (pl.col(name).cast(pl.Int64, strict=False) for name in (VERSION, "known_version"))
    return pl.when(pl.col(UPDATED) != known).then(pl.col(UPDATED) < known).otherwise(number < before).fill_null(False)


def _with_columns_for(rows: pl.DataFrame, how: Listening) -> pl.DataFrame:
    """Every column that the steps below name, absent ones as nulls."""
    names = [
        prefix + field for field in how.inward for prefix in (NATIVE, VALUE, VIA, HELD_NATIVE, HELD_VALUE, HELD_VIA)
    ]
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in rows.columns]
    missing += [] if "known_version" in rows.columns else [pl.lit(None, dtype=pl.String).alias("known_version")]
    doubtful = [pl.lit(False).alias(f"d.{field}") for field in how.inward if f"d.{field}" not in rows.columns]
    return rows.with_columns(*missing, *doubtful)


def _reused(how: Listening) -> pl.Expr:
    """No key and no name agrees with held any more. With fewer than two of them to compare it can't be told."""
    told = [
        (pl.col(HELD_VALUE + field).fill_null(BLANK) != BLANK) & (pl.col(VALUE + field).fill_null(BLANK) != BLANK)
        for field in how.inward
        if field in how.identity
    ]
    agrees = [
        pl.col(HELD_VALUE + field).str.to_lowercase() == pl.col(VALUE + field).str.to_lowercase()
        for field in how.inward
        if field in how.identity
    ]
    if len(told) < 2:
        return pl.lit(False)
    same = pl.any_horizontal(*(one & agree.fill_null(False) for one, agree in zip(told, agrees, strict=True)))
    return (pl.sum_horizontal(*told) >= 2) & ~same


def _changes(rows: pl.DataFrame, how: Listening) -> pl.DataFrame:
    """Adds `m.FIELD`: the value changed; `t.FIELD`: only its spelling did. An absent field never changes."""
    marks = []
    otherwise = rows.select(
        (
            (pl.col(NATIVE + field).fill_null(BLANK) != pl.col(HELD_NATIVE + field).fill_null(BLANK))
            & pl.col(VALUE + field).is_not_null()
        ).alias(field)
        for field in how.inward
    )
    for field in how.inward:
        spelt = otherwise[field]
        changed = spelt
        if spelt.any():
            where, now, before = spelt.arg_true(), rows[NATIVE + field], rows[HELD_NATIVE + field].fill_null(BLANK)
            meant = how.comparable(field, now.gather(where)).fill_null(BLANK)
            meant_before = how.comparable(field, before.gather(where)).fill_null(BLANK)
            changed = spelt.clone().scatter(where, meant != meant_before) if (meant == meant_before).any() else spelt
        marks += [changed.alias(f"m.{field}"), (spelt & ~changed).alias(f"t.{field}")]
    return rows.with_columns(marks)


def _own_form(masked: pl.DataFrame, unconfirmed: pl.DataFrame) -> pl.DataFrame:
    """Fields written without an answer that now read otherwise than sent: the system's own form, no edit. An opt-out is
    never taken for that: consent does not loosen for want of an answer."""
    found = [pl.DataFrame(schema={"link": pl.Int64, "field": pl.String, "golden": pl.String, "native": pl.String})]
    for (field,), waiting in unconfirmed.group_by("field"):
        if f"m.{field}" in masked.columns:
            read = masked.filter(pl.col(f"m.{field}") & ~opts_out(str(field)))
            read = read.select("link", read=NATIVE + str(field))
            hit = waiting.join(read, on="link")
            found.append(hit.select("link", "field", "golden", native="read"))
    return pl.concat(found)


def _claims(masked: pl.DataFrame, how: Listening, own: pl.DataFrame) -> pl.DataFrame:
    """Every change is a claim; a change in a group of fields claims the whole group as it now stands there. Of what is only
    written just an opt-out is one: to overwrite it would loosen consent."""
    member_of = {field: fields for fields in how.groups.values() for field in fields}
    parts = [pl.DataFrame(schema=_CLAIM)]
    for field in how.inward:
        if field not in how.claiming and field != OPTED_OUT:
            continue
        believed = field in how.claiming
        change = pl.col(f"m.{field}") if believed else pl.col(f"m.{field}") & opts_out(field)
        together = [f"m.{other}" for other in member_of.get(field, ()) if other in how.claiming and other in how.inward]
        if believed and together:
            filled = pl.col(VALUE + field).fill_null(BLANK) != BLANK
            change = change | (pl.any_horizontal(*together) & filled)
        hit = masked.filter(change)
        if hit.is_empty():
            continue
        kept = (
            pl.when(pl.col(f"m.{field}"))
            .then(pl.col(VALUE + field))
            .otherwise(pl.coalesce(HELD_VALUE + field, VALUE + field))
        )
        claim = hit.select(
            "record",
            "link",
            field=pl.lit(field),
            value=kept,
            native=NATIVE + field,
            base=HELD_VALUE + field,
            at=_when(how, undated=field in how.first_heard),
            kind=pl.when(f"d.{field}").then(pl.lit("weak")).otherwise(pl.lit("claim")),
        )
        parts.append(claim.join(own, on=["link", "field"], how="anti"))
    return pl.concat(parts)


_CLAIM = {
    "record": pl.Int64,
    "link": pl.Int64,
    "field": pl.String,
    "value": pl.String,
    "native": pl.String,
    "base": pl.String,
    "at": pl.Int64,
    "kind": pl.String,
}


def _when(how: Listening, *, undated: bool) -> pl.Expr:
    """The system's own time, moved into the span from the hub's last look at that link to the start of this run."""
    if undated:
        return (
            pl.when(pl.col(UPDATED).is_not_null())
            .then(pl.min_horizontal(pl.col(UPDATED), pl.lit(how.start)))
            .cast(pl.Int64)
        )
    floor = pl.max_horizontal(pl.col("known_seen_at").fill_null(how.read_at), pl.lit(how.read_at))
    own = pl.min_horizontal(pl.max_horizontal(pl.col(UPDATED), floor), pl.lit(how.start))
    return pl.when(pl.col(UPDATED).is_null()).then(pl.lit(how.start)).otherwise(own).cast(pl.Int64)


def _held(rows: pl.DataFrame, how: Listening) -> pl.DataFrame:
    """Held after this read: the new pair where the value changed, only the new spelling where it did not."""
    columns = []
    for field in how.inward:
        changed, spelt = pl.col(f"m.{field}"), pl.col(f"t.{field}")
        columns += [
            pl.when(changed | spelt)
            .then(pl.col(NATIVE + field))
            .otherwise(pl.col(HELD_NATIVE + field))
            .alias(NATIVE + field),
            pl.when(changed).then(pl.col(VALUE + field)).otherwise(pl.col(HELD_VALUE + field)).alias(VALUE + field),
            pl.when(changed | spelt).then(pl.col(VIA + field)).otherwise(pl.col(HELD_VIA + field)).alias(VIA + field),
        ]
    kept = [pl.col(held + field).alias(prefix + field) for field in how.unmapped for prefix, held in HELD.items()]
    return rows.select("link", *columns, *kept)
