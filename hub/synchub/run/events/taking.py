"""Taking events in, each once, and attaching them to the contact that their reference names: at once if it is known by
then, else as soon as it is."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.match.idents import hashes, idents, normal, with_hashes
from synchub.model import VALUE
from synchub.read.stage import Staged
from synchub.record import events, intake, known, marks, members
from synchub.record.codec import pack
from synchub.record.store import take
from synchub.run.steps.unknown import unlinked
from synchub.run.work import Part, Work
from synchub.spec.job import Entity


def take_in(tx: Connection, work: Work, part: Part, staged: Staged) -> int:
    """Store a member's events that are not known yet, with their contacts. Returns how many were new. What the hub has passed
    on there itself is none, whatever becomes of its row."""
    taken = 0
    for frame in staged.frames():
        told = unlinked(tx, part, frame)
        rows = told.unique("remote_id", keep="last", maintain_order=True).sort("remote_id")
        fields = [name for name in part.mapping.inward_fields if name != "hub_id"]
        named = rows.with_columns(hash=_hashes(rows, work, part))
        stored = events.with_hashes(tx, named["hash"], work.entity.name)
        _link(tx, work, part, named.join(stored, on="hash", maintain_order="left"))
        fresh = named.unique("hash", keep="first", maintain_order=True).join(
            stored, on="hash", how="anti", maintain_order="left"
        )
        if fresh.is_empty():
            continue
        first = take(tx, "record", fresh.height)  # links name records and events alike: no two have one number
        values = fresh.select(pl.col(VALUE + name).alias(name) for name in fields)
        reference = pl.col(VALUE + "contact") if "contact" in fields else pl.lit(None, dtype=pl.String)
        split = fresh.select(ref=reference).with_columns(
            ref_field=pl.col("ref").str.extract(r"^(\w+):"), ref=pl.col("ref").str.replace(r"^\w+:", "")
        )
        new = fresh.select("remote_id", "hash").with_columns(
            split["ref"],
            split["ref_field"],
            ref_hash=_reference_hashes(split, work.contact),
            id=pl.int_range(first, first + fresh.height, dtype=pl.Int64),
            entity=pl.lit(work.entity.name),
            member=pl.lit(part.state.id, dtype=pl.Int64),
            run=pl.lit(work.run, dtype=pl.Int64),
            dirty=pl.lit(marks.ALL, dtype=pl.Int64),
            occurred_at=_micros(fresh, fields),
            body=pack(values, values.columns),
        )
        contacts = _contacts(tx, work, new.drop_nulls("ref"))
        events.store(tx, new.join(contacts, on="id", how="left", maintain_order="left"))
        taken += fresh.height
    return taken


def _link(tx: Connection, work: Work, part: Part, there: pl.DataFrame) -> None:
    """Events that another system told first, and this one tells too: they are there, and are not passed on to it."""
    own = [other.state.id for other in work.parts if other.member.system == part.member.system]
    elsewhere = there.filter(~pl.col("member").is_in(own)).unique("record", keep="first", maintain_order=True)
    if elsewhere.height:
        told = elsewhere.select("remote_id", "record", "raw_hash", "updated_at", "version")
        intake.new_links(tx, told, member=part.state.id, run=work.run, clock=work.clock)


def _hashes(rows: pl.DataFrame, work: Work, part: Part) -> pl.Series:
    """What tells an event from all others: its keys as an entity, else its place in its system."""
    own = hashes(rows["remote_id"], "event", f"{part.member.system}/{part.member.stream}")
    if not work.entity.match:
        return own
    numbered = rows.with_row_index("node").with_columns(pl.col("node").cast(pl.Int64))
    keyed = with_hashes(idents(numbered, work.entity.match, work.entity.fields), work.entity.match, work.entity.name)
    first = keyed.sort("key").unique("node", keep="first", maintain_order=True).select("node", keyed="hash")
    return (
        numbered.with_columns(own=own)
        .join(first, on="node", how="left", maintain_order="left")
        .select(pl.coalesce("keyed", "own"))
        .to_series()
    )


def _reference_hashes(split: pl.DataFrame, contact: Entity | None) -> pl.Series:
    """The hash under which a contact with that key is known; null where the reference is no key."""
    result = pl.Series("ref_hash", [None] * split.height, dtype=pl.Int64)
    if contact is None:
        return result
    for key in contact.match:
        if len(key.fields) != 1:
            continue
        name = key.fields[0]
        text = split.select(pl.col("ref").alias(VALUE + name)).select(normal(contact.fields[name])).to_series()
        mask = (split["ref_field"] == name).fill_null(False) & text.is_not_null()
        if mask.any():
            result = result.scatter(mask.arg_true(), hashes(text.filter(mask), contact.name, key.name))
    return result


def _micros(rows: pl.DataFrame, fields: list[str]) -> pl.Series:
    if "occurred_at" not in fields:
        return pl.Series([None] * rows.height, dtype=pl.Int64)
    text = pl.col(VALUE + "occurred_at").str.strip_suffix("Z")
    return rows.select(
        text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us").cast(pl.Int64)
    ).to_series()


def attach(tx: Connection, work: Work) -> None:
    """Give every event of an earlier run that waits its contact."""
    after = 0
    while work.contact is not None:
        waiting = events.waiting(tx, work.entity.name, before=work.run, after=after, most=work.seams.bucket)
        if waiting.is_empty():
            return
        after = waiting["id"][-1]
        events.give_contacts(tx, _contacts(tx, work, waiting))


def _contacts(tx: Connection, work: Work, waiting: pl.DataFrame) -> pl.DataFrame:
    """id, record: the contacts of events, as far as they are known, by the reference as read: a key, the hub's id, or the id
    in its own system. `waiting`: id, member, ref_field, ref, ref_hash."""
    found = [pl.DataFrame(schema={"id": pl.Int64, "record": pl.Int64})]
    if work.contact is not None and waiting.height:
        found.append(_by_key(tx, work, work.contact, waiting.drop_nulls("ref_hash")))
        found.append(_by_remote_id(tx, work, work.contact, waiting.filter(pl.col("ref_field") == "id")))
        own = pl.col("ref").str.strip_prefix(f"{work.salt}-").cast(pl.Int64, strict=False)
        found.append(waiting.filter(pl.col("ref_field") == "hub_id").select("id", record=own).drop_nulls())
    return pl.concat(found).unique("id", keep="first", maintain_order=True)


def _by_key(tx: Connection, work: Work, contact: Entity, waiting: pl.DataFrame) -> pl.DataFrame:
    """Contacts that hold the key now; a key that two contacts hold tells nothing."""
    maybe = waiting.join(
        known.candidates(tx, waiting["ref_hash"].unique()).rename({"record": "contact"}),
        left_on="ref_hash",
        right_on="hash",
    )
    links = known.links_of(tx, maybe["contact"].unique(), ("record", "member", "said", "held"))
    places = {state.id: state for state in members.of_entity(tx, contact.name)}
    telling = {"other_emails", *(name for key in contact.match for name in key.fields)}
    held = [pl.DataFrame(schema={"contact": pl.Int64, "hash": pl.Int64})]
    for (number,), own in links.group_by("member"):
        fields = [name for name in places[int(str(number))].fields if name in telling]
        opened = known.with_held(own, fields).rename({f"hv.{name}": VALUE + name for name in fields})
        keyed = idents(opened.with_columns(node=pl.col("record")), contact.match, contact.fields)
        held.append(with_hashes(keyed, contact.match, contact.name).select(contact="node", hash="hash"))
    sure = maybe.join(pl.concat(held).unique(), left_on=["contact", "ref_hash"], right_on=["contact", "hash"])
    return sure.filter(pl.len().over("id") == 1).select("id", record="contact")


def _by_remote_id(tx: Connection, work: Work, contact: Entity, waiting: pl.DataFrame) -> pl.DataFrame:
    found = [pl.DataFrame(schema={"id": pl.Int64, "record": pl.Int64})]
    for state in members.of_entity(tx, contact.name):
        own = [part.state.id for part in work.parts if part.member.system == state.system]
        mine = waiting.filter(pl.col("member").is_in(own))
        if mine.height:
            rows = known.rows_named(tx, state.id, mine["ref"]).select("remote_id", contact="record")
            found.append(mine.join(rows, left_on="ref", right_on="remote_id").select("id", record="contact"))
    return pl.concat(found)
