"""What the hub knows, as the frames that the deciding rooms work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from synchub.model import HELD, NATIVE, OPTED_OUT, VALUE, VIA
from synchub.record import bulk, marks, tables
from synchub.record.codec import prefixed, unpack
from synchub.record.members import MemberState


@dataclass(frozen=True, slots=True)
class Place:
    """What a member counts for in merging: its system, its place in hub.toml, and whether it only fills gaps."""

    state: MemberState
    rank: int
    fill_only: bool = False
    claims: bool = True
    """False for a member that is only written: what it holds is never a claim."""


_NARROW = "SELECT remote_id, id AS link, record, raw_hash, tomb FROM link"
_NARROW_SCHEMA = {"remote_id": pl.String, "link": pl.Int64, "record": pl.Int64, "raw_hash": pl.Int64, "tomb": pl.Int64}


def rows_of_member(tx: Connection, member: int, *columns: str) -> pl.DataFrame:
    """Every link of a member, narrow: those of the columns remote_id, link, record, raw_hash, tomb."""
    schema = {name: _NARROW_SCHEMA[name] for name in columns}
    named = ", ".join("id AS link" if name == "link" else name for name in columns)
    return bulk.select(tx, text(f"SELECT {named} FROM link WHERE member = :member"), schema, member=member)


def rows_named(tx: Connection, member: int, names: pl.Series) -> pl.DataFrame:
    """Those of a member's links that have one of these remote ids: all columns that `rows_of_member` has."""
    return bulk.rows_named(tx, f"{_NARROW} WHERE member = {member:d} AND remote_id", names, _NARROW_SCHEMA)


def has_rows(tx: Connection, member: int) -> bool:
    """Whether a member has any link, live or not."""
    return tx.execute(text("SELECT 1 FROM link WHERE member = :member LIMIT 1"), {"member": member}).first() is not None


def stale_rows(tx: Connection, member: int) -> list[str]:
    """The remote ids of live links whose rows were older than known when they were last read."""
    query = text(
        "SELECT remote_id FROM link WHERE member = :member AND stale_run IS NOT NULL AND tomb IS NULL ORDER BY id"
    )
    return list(tx.execute(query, {"member": member}).scalars())


def held(tx: Connection, links: Sequence[int] | pl.Series, fields: Sequence[str]) -> pl.DataFrame:
    """link, record, known_updated_at, known_seen_at, stale_run, tomb, version and the held pairs: hn.*, hv.*, hw.*."""
    columns = ("id", "record", "updated_at", "seen_at", "stale_run", "tomb", "version", "said", "held")
    rows = bulk.rows_of(tx, tables.link, "id", links, columns)
    return with_held(rows, fields).select(
        pl.col("id").alias("link"),
        "record",
        pl.col("updated_at").alias("known_updated_at"),
        pl.col("seen_at").alias("known_seen_at"),
        "stale_run",
        "tomb",
        "version",
        *[HELD[prefix] + name for prefix in (NATIVE, VALUE, VIA) for name in fields],
    )


def with_held(rows: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Rows of the table link with their held pairs opened. What was never written out since is what was said."""
    columns = prefixed((NATIVE, VALUE, VIA), fields)
    opened = unpack(rows.select(pl.coalesce("held", "said")).to_series(), columns)
    return rows.hstack(opened.rename({column: HELD[column[:2]] + column[2:] for column in columns}))


def astray(tx: Connection, rows: pl.DataFrame, salt: str) -> pl.Series:
    """Whether rows (record, hv.*) bear the hub's id of another record that there is: they were split off from it."""
    if "hv.hub_id" not in rows.columns or rows["hv.hub_id"].null_count() == rows.height:
        return pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True)
    named = rows["hv.hub_id"].str.strip_prefix(f"{salt}-").cast(pl.Int64, strict=False)
    others = named.filter((named != rows["record"]).fill_null(False)).unique()
    there = bulk.rows_of(tx, tables.record, "id", others, ("id", "joined_into")).filter(
        pl.col("joined_into").is_null()
    )["id"]
    return named.is_in(there.implode()).fill_null(False)


def unpacked_said(rows: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """What links said at first contact: v.*."""
    return unpack(rows["said"], prefixed((VALUE,), fields))


def links_of(tx: Connection, records: Sequence[int] | pl.Series, columns: Sequence[str] = ()) -> pl.DataFrame:
    """All links of the records, of whatever member: the table's rows, or those of their columns that are named."""
    return bulk.rows_of(tx, tables.link, "record", records, columns)


def goldens(tx: Connection, records: Sequence[int] | pl.Series, fields: Sequence[str]) -> pl.DataFrame:
    """The table's rows of the records, with a column a field as last stored."""
    rows = bulk.rows_of(tx, tables.record, "id", records)
    return rows.hstack(unpack(rows["golden"], list(fields)))


def fresh(numbers: pl.Series, entity: str, fields: Sequence[str], *, run: int) -> pl.DataFrame:
    """What `goldens` would tell of records that are new, before anything is known of them and before they are stored."""
    told = {"entity": entity, "golden": "", "dirty": marks.ALL, "void_before": 0, "made_run": run}
    schema = {**bulk.schema_of(tables.record), **dict.fromkeys(fields, pl.String)}
    columns = [pl.lit(told.get(name), dtype=kind).alias(name) for name, kind in schema.items() if name != "id"]
    return pl.DataFrame({"id": numbers}, schema={"id": pl.Int64}).with_columns(columns)


def run_clocks(tx: Connection, runs: pl.Series) -> dict[int, int]:
    """Run id -> its clock, in microseconds."""
    found = bulk.rows_of(tx, tables.run, "id", runs.drop_nulls().unique(), ("id", "clock"))
    return dict(found.select("id", "clock").iter_rows())


def claims_of(
    tx: Connection, records: pl.DataFrame, links: pl.DataFrame, places: Mapping[int, Place]
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """All claims on records: what was said at first contact, a frame a member; and all claims since (see merge).

    `records`: rows of the table record; `links`: their rows of the table link.
    """
    void = records.select(record="id", void_before="void_before")
    speaking = links.join(void, on="record").filter(pl.col("member").is_in(list(places)))
    clocks = run_clocks(tx, pl.concat([links["first_run"]]))
    said = []
    for (number,), own in speaking.filter(pl.col("said").is_not_null()).group_by("member", maintain_order=True):
        place = places[int(str(number))]
        if place.claims:
            said.append(_said(own, place, clocks))
        elif OPTED_OUT in place.state.fields:
            said.append(_opt_outs(_said(own, place, clocks)))
    return said, _later(tx, records, speaking, places)


def _opt_outs(said: pl.DataFrame) -> pl.DataFrame:
    """Of a member that is only written by now just the opt-outs count: no edit of hub.toml takes one back."""
    others = pl.exclude([column for column in said.columns if column.startswith((VALUE, "d."))])
    return said.filter(pl.col(VALUE + OPTED_OUT) == "true").select(others, VALUE + OPTED_OUT)


def _said(own: pl.DataFrame, place: Place, clocks: Mapping[int, int]) -> pl.DataFrame:
    fields = place.state.fields
    opened = unpack(own["said"], prefixed((VALUE, "d."), fields))
    doubtful = [name for name in fields if opened[f"d.{name}"].null_count() < opened.height]
    return own.select(
        "record",
        "remote_id",
        link="id",
        at="first_at",
        run="first_run",
        seq="first_seq",
        void_before="void_before",
        system=pl.lit(place.state.system),
        rank=pl.lit(place.rank, dtype=pl.Int64),
        seen=pl.col("first_run").replace_strict(clocks, default=0, return_dtype=pl.Int64),
        kind=pl.lit("weak" if place.fill_only else "claim"),
    ).hstack(
        opened.select(
            *(pl.col(VALUE + name) for name in fields),
            *((pl.col(f"d.{name}") == "true").fill_null(False) for name in doubtful),
        )
    )


def _later(tx: Connection, records: pl.DataFrame, links: pl.DataFrame, places: Mapping[int, Place]) -> pl.DataFrame:
    schema = bulk.schema_of(tables.claim)
    counts = pl.col("kind") != "void"
    of_links = bulk.rows_of(tx, tables.claim, "link", links["id"]).filter(counts)
    by_people = bulk.rows_of(tx, tables.claim, "record", records["id"], link=None).filter(counts)
    more = {"remote_id": pl.String, "system": pl.String, "rank": pl.Int64, "void_before": pl.Int64}
    if of_links.is_empty() and by_people.is_empty():
        return pl.DataFrame(schema={**schema, **more, "seen": pl.Int64})
    system = {number: place.state.system for number, place in places.items()}
    rank = {number: place.rank for number, place in places.items()}
    weak = [number for number, place in places.items() if place.fill_only]
    silent = [number for number, place in places.items() if not place.claims]
    opt_out = (pl.col("field") == OPTED_OUT) & (pl.col("value") == "true")
    linked = (
        of_links.drop("record")
        .join(links.select("record", "remote_id", "member", "void_before", link="id"), on="link")
        .filter(~pl.col("member").is_in(silent) | opt_out)
        .with_columns(
            system=pl.col("member").replace_strict(system, default="", return_dtype=pl.String),
            rank=pl.col("member").replace_strict(rank, default=0, return_dtype=pl.Int64),
            kind=pl.when(pl.col("member").is_in(weak)).then(pl.lit("weak")).otherwise(pl.col("kind")),
        )
    )
    void = records.select(record="id", void_before="void_before")
    decided = by_people.join(void, on="record").with_columns(
        remote_id=pl.lit(""), system=pl.lit("hub"), rank=pl.lit(-1, dtype=pl.Int64)
    )
    columns = [*schema, *more]
    both = pl.concat([linked.select(columns), decided.select(columns)])
    standing = both.filter((pl.col("seq") >= pl.col("void_before")) | opt_out)
    clocks = run_clocks(tx, standing["run"])
    return standing.with_columns(seen=pl.col("run").replace_strict(clocks, default=0, return_dtype=pl.Int64))


def has_idents(tx: Connection) -> bool:
    """Whether any record can be found by a key."""
    return tx.execute(text("SELECT 1 FROM ident LIMIT 1")).first() is not None


def candidates(tx: Connection, hashes: pl.Series) -> pl.DataFrame:
    """hash, record: records that may have one of these keys."""
    return bulk.rows_of(tx, tables.ident, "hash", hashes)


def unconfirmed(tx: Connection, member: int) -> pl.DataFrame:
    """link, field, native, golden: what was written to this member without an answer that said what became of it."""
    query = text(
        "SELECT link, field, native, golden FROM form f WHERE state = 'unconfirmed' "
        "AND EXISTS (SELECT 1 FROM link l WHERE l.id = f.link AND l.member = :member)"
    )
    schema = {"link": pl.Int64, "field": pl.String, "native": pl.String, "golden": pl.String}
    return bulk.select(tx, query, schema, member=member)


def forms(tx: Connection, links: Sequence[int] | pl.Series) -> pl.DataFrame:
    """How the systems of these links treat what they are sent: the table's rows."""
    return bulk.rows_of(tx, tables.form, "link", links)
