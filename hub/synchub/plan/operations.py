"""What would be sent to one member: golden against held, field by field. Only changed fields travel."""

from __future__ import annotations

import polars as pl

from synchub.model import AS, BLANK, OVER, TO, WAS
from synchub.plan.situation import HUB_ID, UNSENT, Planned, Situation, no_operations
from synchub.plan.withheld import asked_about, look_again, why_not


def plan_member(now: Situation) -> Planned:
    """The operations of one member, in the order of records."""
    if now.member.direction == "in":
        return Planned(no_operations(now.fields))
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


def _deletes(now: Situation, live: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deleted elsewhere, and this member is to follow; what is not to be touched for now waits."""
    if now.member.on_delete == "ignore":
        return no_operations(now.fields), pl.DataFrame(schema=UNSENT)
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
    return pl.concat([no_operations(now.fields), deletes], how="diagonal"), waiting


def _updates(now: Situation, live: pl.DataFrame, alive: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    joined = live.join(alive, on="record", maintain_order="left")
    if joined.is_empty():
        return no_operations(now.fields), pl.DataFrame(schema=UNSENT)
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
        out = out.with_columns(_stop=why_not(now, name, out))
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
    return changes.filter(sent), pl.concat([*reasons, look_again(now, reasons)])


def _differs(name: str, out: pl.DataFrame) -> pl.Expr:
    """Whether golden differs from what held stands for."""
    held = pl.col(f"hv.{name}").fill_null(BLANK) if f"hv.{name}" in out.columns else pl.lit(BLANK)
    return pl.col(AS + name).is_not_null() & (pl.col(AS + name) != held)


def _creates(now: Situation, alive: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records that have no link here, not even a tombstoned one: what was deleted is never made again unasked."""
    nothing = pl.DataFrame(schema=UNSENT)
    if not (now.member.create and (now.can_create or now.down)):
        return no_operations(now.fields), nothing
    missing = alive.join(now.links, on="record", how="anti")
    if missing.is_empty():
        return no_operations(now.fields), nothing
    missing = missing.join(now.doomed, on="record", how="anti")
    if now.inside:
        missing = missing.filter(now.inside(missing))
    if now.down:
        return no_operations(now.fields), _waiting(
            missing.select("record", reason=pl.lit("the system can't be reached"))
        )
    held = missing.select("record").join(now.blocked, on="record")
    waiting = _waiting(held)
    missing = missing.join(now.blocked, on="record", how="anti")
    if missing.is_empty():
        return no_operations(now.fields), waiting
    out = missing.hstack(now.outward(missing))
    columns = []
    for name in now.fields:
        asked = pl.lit(False) if now.open.is_empty() else pl.col("record").is_in(asked_about(now, name).implode())
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
        [nothing, waiting, *no_form, look_again(now, [nothing, *no_form])]
    )


def _waiting(records: pl.DataFrame) -> pl.DataFrame:
    """Records that are not made there yet, as what is not sent; the column `reason` says why."""
    return records.select("record", link=pl.lit(None, dtype=pl.Int64), field=pl.lit(""), reason="reason")
