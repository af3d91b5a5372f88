"""A changed mapping is no claim: held and claims are derived anew from the native values they came from."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection

from synchub.model import NATIVE, VALUE, VIA
from synchub.record import bulk, intake, known, tables
from synchub.record.codec import pack, prefixed, unpack
from synchub.run.work import Part, Work

UNMAPPED = "unmapped"
"""Stands behind the sources of a field that is mapped no more."""


def sources_of(part: Part) -> dict[str, list[Any]]:
    """Per field: the native fields it is read from, and a mark that changes with how it is read."""
    told = {}
    for name in part.mapping.inward_fields:
        meaning = [part.member.mapping.field(name).model_dump(mode="json"), str(part.mapping.fields[name].declaration)]
        mark = hashlib.blake2b(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
        told[name] = [list(part.mapping.fields[name].natives), mark]
    return told


def sources_ever(part: Part) -> dict[str, list[Any]]:
    """The same, with the fields that were mapped before and are no more: they are marked as such."""
    return {name: [*before[:2], UNMAPPED] for name, before in part.state.sources.items()} | sources_of(part)


def remap(tx: Connection, work: Work, part: Part) -> None:
    """Derive anew what a member said and holds, for the fields that are mapped otherwise than before."""
    before, now = part.state.sources, sources_of(part)
    changed = [name for name in now if name in before and before[name][:2] != now[name]]
    moved = [name for name in changed if before[name][0] != now[name][0]]
    if not changed:
        return
    intake.forget_own_forms(tx, part.state.id, changed)
    links = known.rows_of_member(tx, part.state.id, "link")["link"]
    for start in range(0, len(links), work.seams.bucket):
        _bucket(
            tx,
            work,
            part,
            links.slice(start, work.seams.bucket),
            [name for name in changed if name not in moved],
            moved,
        )


def _bucket(tx: Connection, work: Work, part: Part, numbers: pl.Series, anew: list[str], moved: list[str]) -> None:
    rows = bulk.rows_of(tx, tables.link, "id", numbers)
    columns = prefixed((NATIVE, VALUE, VIA, "d."), part.state.fields)
    updated = rows.select("id")
    for place in ("said", "held"):
        opened = unpack(rows[place], columns)
        for name in anew:
            derived = _derive(part, name, opened[NATIVE + name])
            opened = opened.with_columns(pl.coalesce(derived, opened[VALUE + name]).alias(VALUE + name))
        if place == "said":
            _to_history(tx, work, rows["id"], opened, moved)
        opened = opened.with_columns(
            pl.lit(None, dtype=pl.String).alias(prefix + name) for name in moved for prefix in (NATIVE, VALUE, VIA)
        )
        packed = pack(opened, columns)
        updated = updated.with_columns(packed.set(rows[place].is_null(), None).alias(place))
    bulk.update(tx, tables.link, updated)
    _claims(tx, work, part, numbers, anew, moved)


def _derive(part: Part, name: str, natives: pl.Series) -> pl.Series:
    """Native texts as the mapping reads them now; null where it can't, or where there is none."""
    source = part.mapping.fields[name].natives
    if not source or natives.null_count() == len(natives):
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(natives))
    keys = {key: pl.Series([str(number) for number in range(len(natives))]) for key in part.mapping.keys}
    mapped = part.mapping.inward(pl.DataFrame({**keys, source[0]: natives})).frame.select("row", value=VALUE + name)
    places = pl.DataFrame({"row": range(len(natives))}, schema={"row": pl.Int64})
    values = places.join(mapped, on="row", how="left", maintain_order="left")["value"]
    return values.zip_with(natives.is_not_null(), pl.Series([None], dtype=pl.String).new_from_index(0, len(natives)))


def _to_history(tx: Connection, work: Work, links: pl.Series, said: pl.DataFrame, moved: list[str]) -> None:
    """What was read from another native field is no claim on this one any more. It is kept."""
    for name in moved:
        lost = pl.DataFrame({"link": links, "value": said[VALUE + name]}).drop_nulls("value")
        intake.add_history(
            tx,
            lost.with_columns(field=pl.lit(name), reason=pl.lit("read from another field before the mapping changed")),
            run=work.run,
        )


def _claims(tx: Connection, work: Work, part: Part, numbers: pl.Series, anew: list[str], moved: list[str]) -> None:
    claims = bulk.rows_of(tx, tables.claim, "link", numbers)
    for name in anew:
        own = claims.filter((pl.col("field") == name) & pl.col("native").is_not_null())
        if own.height:
            derived = own.select("seq", value=pl.coalesce(_derive(part, name, own["native"]), own["value"]))
            bulk.update(tx, tables.claim, derived, key="seq")
    lost = claims.filter(pl.col("field").is_in(moved))
    if lost.height:
        intake.add_history(
            tx,
            lost.select("link", "field", "value", reason=pl.lit("read from another field before the mapping changed")),
            run=work.run,
        )
        bulk.update(tx, tables.claim, lost.select("seq", kind=pl.lit("void")), key="seq")
