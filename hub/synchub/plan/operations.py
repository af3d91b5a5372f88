"""What would be sent to one member: golden against held, field by field. Only changed fields travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from synchub.model import AS, BLANK, OVER, TO, WAS, no_rate
from synchub.spec.job import Member

HUB_ID: Final = "hub_id"
"""The hub's id is put where a system can keep it when the hub makes the row; rows that are there are left alone, unless
they bear that of another record."""
_ALWAYS_SENT: Final = frozenset({"opted_out", "consent_at"})

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

UNSENT: Final[dict[str, type[pl.DataType]]] = {
    "record": pl.Int64,
    "link": pl.Int64,
    "field": pl.String,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that planning for one member looks at.

    golden    record, hub_id, a column a field, day.*; only records that are alive and touched
    links     link, record, remote_id, tomb, version, hn.*, hv.*: this member's links of those records; and, if there are
              such, doubt: why nothing is to be sent there for now; unread: why only an opt-out is; astray: whether the
              row bears the hub's id of another record
    open      record, field: questions; these fields are not sent anywhere
    forms     link, field, state, golden, native: what the system made of values, and fields that are held back
    doomed    record: deleted elsewhere
    blocked   record, reason: nothing is created, for instance because a row in review or quarantine could be it
    outward   golden frame -> as.*, to.*, x.* (see the mapping)
    inside    golden frame -> whether `where` holds
    down      the system can't be reached now: what is to be made there waits
    today     an ISO date: a rate of one of the days before it that is missing may yet come
    """

    member: Member
    golden: pl.DataFrame
    links: pl.DataFrame
    open: pl.DataFrame
    forms: pl.DataFrame
    doomed: pl.DataFrame
    blocked: pl.DataFrame
    fields: tuple[str, ...]
    outward: Callable[[pl.DataFrame], pl.DataFrame]
    inside: Callable[[pl.DataFrame], pl.Series] | None
    can_create: bool = True
    can_update: bool = True
    down: bool = False
    today: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """`operations`: record, link, remote_id, version, kind, to.*, as.*, was.*.
    `unsent`: record, link, field, reason: what golden says and this member is not told, and why."""

    operations: pl.DataFrame
    unsent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNSENT))


def plan_member(now: Situation) -> Planned:
    """The operations of one member, in the order of records."""
    if now.member.direction == "in":
        return Planned(_empty(now.fields))
    live = now.links.filter(pl.col("tomb").is_null())
    missing = [name for name in ("doubt", "unread") if name not in live.columns]
    live = live.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
    live = live if "astray" in live.columns else live.with_columns(astray=pl.lit(False))
    deletes, undeleted = _deletes(now, live)
    alive = now.golden.join(now.doomed, on="record", how="anti") if now.member.on_delete != "ignore" else now.golden
    updates, unsent = _updates(now, live, alive)
    creates, uncreated = _creates(now, alive)
    operations = pl.concat([deletes, updates, creates], how="diagonal")
    return Planned(operations.sort("record", "link"), pl.concat([undeleted, unsent, uncreated]))


def _empty(fields: tuple[str, ...]) -> pl.DataFrame:
    base = {"record": pl.Int64, "link": pl.Int64, "remote_id": pl.String, "version": pl.String, "kind": pl.String}
    return pl.DataFrame(schema={**base, **{prefix + name: pl.String for name in fields for prefix in (TO, AS, WAS)}})


def _deletes(now: Situation, live: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deleted elsewhere, and this member is to follow; what is not to be touched for now waits."""
    if now.member.on_delete == "ignore":
        return _empty(now.fields), pl.DataFrame(schema=UNSENT)
    kind = "archive" if now.member.on_delete == "archive" else "delete"
    doomed = live.join(now.doomed, on="record", how="semi").with_columns(reason=pl.coalesce("doubt", "unread"))
    hit, held_back = doomed.filter(pl.col("reason").is_null()), doomed.filter(pl.col("reason").is_not_null())
    held = [
        pl.col(f"{column}{name}").alias(f"{prefix}{name}")
        for prefix, column in ((WAS, "hn."), (OVER, "hw."))
        for name in now.fields
        if f"{column}{name}" in hit.columns
    ]
    deletes = hit.select("record", "link", "remote_id", "version", *held, kind=pl.lit(kind))
    waiting = held_back.select("record", "link", field=pl.lit(""), reason="reason")
    return pl.concat([_empty(now.fields), deletes], how="diagonal"), waiting


def _updates(now: Situation, live: pl.DataFrame, alive: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    joined = live.join(alive, on="record", maintain_order="left")
    if joined.is_empty():
        return _empty(now.fields), pl.DataFrame(schema=UNSENT)
    out = joined.hstack(now.outward(joined.select(alive.columns)))
    out = out.with_columns(inside=now.inside(joined) if now.inside else pl.lit(True))
    reasons = [pl.DataFrame(schema=UNSENT)]
    columns = []
    differing = {name: _differs(name, out) & (pl.col("astray") | (name != HUB_ID)) for name in now.fields}
    somewhere = out.select(differs.any().alias(name) for name, differs in differing.items()).to_dicts()
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, out.height)
    for name, differs in differing.items():
        if not somewhere[0][name]:  # most fields of most members agree: they cost no more than this one look
            columns += [nothing.alias(prefix + name) for prefix in (TO, AS, WAS)]
            continue
        out = out.with_columns(_stop=_why_not(now, name, out))
        stopped = out.filter(differs & pl.col("_stop").is_not_null())
        reasons.append(stopped.select("record", "link", field=pl.lit(name), reason="_stop"))
        send = differs & pl.col("_stop").is_null() & pl.col(TO + name).is_not_null()
        was = pl.col(f"hn.{name}") if f"hn.{name}" in out.columns else pl.lit(None, dtype=pl.String)
        told = ((TO, pl.col(TO + name)), (AS, pl.col(AS + name)), (WAS, was))
        columns += out.select(pl.when(send).then(value).alias(prefix + name) for prefix, value in told).get_columns()
        if f"hw.{name}" in out.columns and out[f"hw.{name}"].null_count() < out.height:
            columns.append(out[f"hw.{name}"].alias(OVER + name))
    version = (
        pl.when(pl.col("unread").is_null()).then("version").alias("version")
    )  # of a row that nobody could read it is not known
    changes = out.select("record", "link", "remote_id", version, kind=pl.lit("update")).with_columns(columns)
    sent = pl.any_horizontal(
        pl.lit(False), *(pl.col(column.name).is_not_null() for column in columns if column.name.startswith(TO))
    )
    return changes.filter(sent), pl.concat([*reasons, _look_again(now, reasons)])


def _differs(name: str, out: pl.DataFrame) -> pl.Expr:
    """Whether golden differs from what held stands for."""
    held = pl.col(f"hv.{name}").fill_null(BLANK) if f"hv.{name}" in out.columns else pl.lit(BLANK)
    return pl.col(AS + name).is_not_null() & (pl.col(AS + name) != held)


def _look_again(now: Situation, reasons: list[pl.DataFrame]) -> pl.DataFrame:
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


def _why_not(now: Situation, name: str, out: pl.DataFrame) -> pl.Series:
    """Per link: why this field is not sent, or null."""
    asked = out["record"].is_in(_asked(now, name).implode())
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


def _asked(now: Situation, name: str) -> pl.Series:
    """The records of which a question about a field is open."""
    return now.open.filter(pl.col("field") == name)["record"]


def _creates(now: Situation, alive: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records that have no link here, not even a tombstoned one: what was deleted is never made again unasked."""
    nothing = pl.DataFrame(schema=UNSENT)
    if not (now.member.create and (now.can_create or now.down)):
        return _empty(now.fields), nothing
    missing = alive.join(now.links, on="record", how="anti")
    if missing.is_empty():
        return _empty(now.fields), nothing
    missing = missing.join(now.doomed, on="record", how="anti")
    if now.inside:
        missing = missing.filter(now.inside(missing))
    if now.down:
        return _empty(now.fields), _waiting(missing.select("record", reason=pl.lit("the system can't be reached")))
    held = missing.select("record").join(now.blocked, on="record")
    waiting = _waiting(held)
    missing = missing.join(now.blocked, on="record", how="anti")
    if missing.is_empty():
        return _empty(now.fields), waiting
    out = missing.hstack(now.outward(missing))
    columns = []
    for name in now.fields:
        asked = pl.lit(False) if now.open.is_empty() else pl.col("record").is_in(_asked(now, name).implode())
        filled = pl.col(TO + name).is_not_null() & (pl.col(TO + name) != BLANK) & ~asked
        columns += [pl.when(filled).then(pl.col(prefix + name)).alias(prefix + name) for prefix in (TO, AS)]
        columns.append(pl.lit(None, dtype=pl.String).alias(WAS + name))
    empty = {
        name: pl.lit(None, dtype=kind)
        for name, kind in (("link", pl.Int64), ("remote_id", pl.String), ("version", pl.String))
    }
    made = out.select("record", **empty, kind=pl.lit("create"), **{c.meta.output_name(): c for c in columns})
    said = [pl.col(TO + name).is_not_null() for name in now.fields if name != HUB_ID]
    no_form = [
        out.filter(pl.col(f"x.{name}").is_not_null()).select(
            "record", link=pl.lit(None, dtype=pl.Int64), field=pl.lit(name), reason=f"x.{name}"
        )
        for name in now.fields
        if f"x.{name}" in out.columns and out[f"x.{name}"].null_count() < out.height
    ]
    return made.filter(pl.any_horizontal(pl.lit(False), *said)), pl.concat(
        [nothing, waiting, *no_form, _look_again(now, [nothing, *no_form])]
    )


def _waiting(records: pl.DataFrame) -> pl.DataFrame:
    """Records that are not made there yet, as what is not sent; the column `reason` says why."""
    return records.select("record", link=pl.lit(None, dtype=pl.Int64), field=pl.lit(""), reason="reason")
