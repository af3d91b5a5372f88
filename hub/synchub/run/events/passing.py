"""Planning what is passed on: every event that a member does not have yet, if its contact is known there."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.model import AS, DAY, TO, WAS
from synchub.record import events, known, marks, members, tables
from synchub.record.codec import unpack
from synchub.run.steps.agreeing import Decision
from synchub.run.told.showing import MOST
from synchub.run.work import Part, Work
from synchub.spec.reports import FieldChange, RecordChange


def plan_events(tx: Connection, work: Work) -> Decision:
    """The creates of every member that takes events, oldest first. This sync's mark comes off the events that none of them is
    to be sent any more."""
    decision, wanted, sure = Decision(), [pl.Series("id", [], dtype=pl.Int64)], not work.partial
    for part in work.parts:
        if part.member.direction == "in" or not part.member.create:
            continue
        if part.down or "create" not in part.stream.writes:
            sure = False
            continue
        own = [other.state.id for other in work.parts if other.member.system == part.member.system]
        left = events.not_passed_on(tx, work.entity.name, work.mark, part.state.id, own)
        held = left["held"] == 1
        wanted.append(left["id"].filter(held))
        due = left.filter(~held)
        for start in range(0, due.height, work.seams.bucket):
            some = events.with_bodies(tx, due.slice(start, work.seams.bucket))
            wanted.append(_bucket(tx, work, part, some, decision))
    if sure:
        marked = events.marked(tx, work.entity.name, work.mark)
        marks.take_off(tx, marked.filter(~marked.is_in(pl.concat(wanted).implode())), work.others, tables.event)
    return decision


def _bucket(tx: Connection, work: Work, part: Part, due: pl.DataFrame, decision: Decision) -> pl.Series:
    """Lays down the creates of these events. Returns which of them the member is to be sent, now or perhaps later: what its
    filter leaves out stays so, unless it asks for the contact."""
    names = work.entity.golden_fields
    day = pl.from_epoch("occurred_at", time_unit="us").dt.date().cast(pl.String)
    golden = due.select(
        "id", "record", *(day.alias(DAY + name) for name in names if work.entity.fields[name].type == "money")
    )
    golden = golden.hstack(unpack(due["body"], names)).with_columns(
        hub_id=pl.lit(f"{work.salt}-e") + pl.col("id").cast(pl.String), contact=_reference(tx, work, part, due)
    )
    waits = (
        golden["contact"].is_null()
        if "contact" in part.mapping.outward_fields
        else pl.Series([False] * golden.height, dtype=pl.Boolean)
    )
    decision.unsent[part.name] = decision.unsent.get(part.name, 0) + int(waits.sum())
    everything = pl.repeat(True, golden.height, dtype=pl.Boolean, eager=True)
    let_in = everything if part.inside is None else part.inside(golden)
    wanted = golden["id"].filter(everything if "contact" in (part.member.where or "") else let_in | waits)
    ready = golden.filter(~waits & let_in)
    if ready.is_empty():
        return wanted
    out = ready.hstack(part.mapping.outward(ready))
    columns = []
    for name in part.mapping.outward_fields:
        filled = pl.col(TO + name) != ""
        columns += [pl.when(filled).then(pl.col(prefix + name)).alias(prefix + name) for prefix in (TO, AS)]
        columns.append(pl.lit(None, dtype=pl.String).alias(WAS + name))
    nothing = {
        "link": pl.lit(None, dtype=pl.Int64),
        "remote_id": pl.lit(None, dtype=pl.String),
        "version": pl.lit(None, dtype=pl.String),
    }
    frame = out.select(pl.col("id").alias("record"), *columns, kind=pl.lit("create"), **nothing)
    decision.frames.setdefault(part.name, []).append(work.shelf.lay(frame))
    kinds = decision.kinds.setdefault(part.name, {})
    kinds["create"] = kinds.get("create", 0) + frame.height
    _show(decision, part, frame, ready, work)
    return wanted


def _reference(tx: Connection, work: Work, part: Part, due: pl.DataFrame) -> pl.Series:
    """The contact as this member names it: by its id in the same system, by a key, or by the hub's id."""
    contact = work.contact
    by = part.member.mapping.field("contact").by or "email" if "contact" in part.member.mapping.fields else "email"
    if by == "hub_id" or contact is None:
        return due.select(pl.lit(f"{work.salt}-") + pl.col("record").cast(pl.String)).to_series()
    if by != "id":
        golden = known.goldens(tx, due["record"].unique(), [by]).select(record="id", value=by)
        return due.select("record").join(golden, on="record", how="left", maintain_order="left")["value"]
    streams = [state.id for state in members.of_entity(tx, contact.name) if state.system == part.member.system]
    links = known.links_of(tx, due["record"].unique(), ("id", "record", "member", "remote_id", "tomb")).filter(
        pl.col("member").is_in(streams) & pl.col("tomb").is_null()
    )
    single = links.sort("id").unique("record", keep="first", maintain_order=True).select("record", "remote_id")
    return due.select("record").join(single, on="record", how="left", maintain_order="left")["remote_id"]


def _show(decision: Decision, part: Part, frame: pl.DataFrame, ready: pl.DataFrame, work: Work) -> None:
    changes = decision.shown.changes.setdefault(part.name, [])
    some = frame.with_columns(label=ready["subject"] if "subject" in ready.columns else pl.lit(None))
    for row in some.head(max(MOST - len(changes), 0)).to_dicts():
        fields = tuple(
            FieldChange(name, part.mapping.native_target(name), None, row[TO + name], "as it happened", "")
            for name in part.mapping.outward_fields
            if row[TO + name] is not None
        )
        changes.append(
            RecordChange(
                part.name,
                "create",
                f"{work.salt}-e{row['record']}",
                row["label"] or f"event {row['record']}",
                None,
                fields,
            )
        )
