"""Rows that no link is known of, as numbers: what they say stays on disk until it must be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from synchub.match.idents import HUB_ID, idents, name_of, with_hashes
from synchub.model import VALUE
from synchub.read.shelf import Pile
from synchub.read.stage import Staged
from synchub.record import known
from synchub.run.work import Part, Work
from synchub.spec.job import MatchKey

_ROWS = {"at": pl.UInt32, "part": pl.Int16, "rank": pl.Int16, "remote_id": pl.String}
_KEYS = {"at": pl.UInt32, "key": pl.Int8, "hash": pl.Int64}
"""Kept for all rows at once, and so as small as they can be."""
ROWS = {"node": pl.Int64, "system": pl.String, "name": pl.String}
TEXTS = {"node": pl.Int64, "key": pl.Int64, "text": pl.String, "hash": pl.Int64}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Rows are numbered (`node`) from 0, in an order that doesn't depend on reading.

    rows    part (its place among the parts of the work), remote_id, and at: the row's place among all staged rows; by node
    keys    node, key, hash: the keys of all rows, hashes in order; node is as small a number as will do
    staged  how many staged rows there are, known ones too
    """

    rows: pl.DataFrame
    keys: pl.DataFrame
    staged: int

    @property
    def count(self) -> int:
        return self.rows.height

    def keys_among(self, nodes: pl.Series) -> pl.DataFrame:
        """The keys of some rows: node, key, hash."""
        few = self.keys.filter(pl.col("node").is_in(nodes.cast(pl.UInt32).implode()))
        return few.with_columns(pl.col("node").cast(pl.Int64))

    def at(self, of_node: pl.Series) -> pl.Series:
        """What is told of each row, as a column beside all staged rows: null where the row is not one of these."""
        nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, self.staged)
        return nothing.scatter(self.rows["at"], of_node)


def keys_of(work: Work) -> Sequence[MatchKey]:
    """What rows are recognised by: the hub's own id, then the keys of the entity."""
    return (HUB_ID, *work.entity.match)


def telling(work: Work, fields: Iterable[str]) -> list[str]:
    """Those of these fields that rows are recognised by."""
    named = {"hub_id", "email", "other_emails", "first_name", "last_name", "full_name"}
    wanted = named | {name for key in work.entity.match for name in key.fields}
    return [name for name in fields if name in wanted]


def placed(
    work: Work, staged: Mapping[str, Staged], columns: Sequence[str] | None = None
) -> Iterator[tuple[int, int, pl.DataFrame]]:
    """All staged rows, a frame at a time: the part's place, the place of the frame's first row among all, the frame.
    Of `columns` (v.*, remote_id) those that the part has."""
    first = 0
    for number, part in enumerate(work.parts):
        have = {"remote_id", *(VALUE + name for name in part.mapping.inward_fields)}
        asked = None if columns is None else [name for name in columns if name in have]
        for frame in staged[part.name].frames(asked):
            yield number, first, frame
            first += frame.height


def find(tx: Connection, work: Work, staged: Mapping[str, Staged]) -> Unknown:
    """The unknown rows of all members. Of several readings of a row the last one staged counts."""
    rows, keyed, count = [pl.DataFrame(schema=_ROWS)], [pl.DataFrame(schema=_KEYS)], 0
    for number, first, frame in placed(work, staged, _columns(work)):
        part = work.parts[number]
        own = unlinked(tx, part, frame.with_columns(node=pl.int_range(first, first + frame.height, dtype=pl.Int64)))
        found = with_hashes(idents(own, keys_of(work), work.entity.fields), keys_of(work), work.entity.name)
        found = found.rename({"node": "at"})
        keyed.append(found.select(pl.col(name).cast(kind) for name, kind in _KEYS.items()))
        places = {"part": pl.lit(number), "rank": pl.lit(part.member.rank)}
        told = own.select("remote_id", at="node", **places)
        rows.append(told.select(pl.col(name).cast(kind) for name, kind in _ROWS.items()))
        count = first + frame.height
    # Numbers in the order of numbers, which is mostly the order in which they are read: what is stored together lies together.
    ordered = pl.concat(rows).sort("rank", pl.col("remote_id").str.len_bytes(), "remote_id", "part", "at").drop("rank")
    del rows
    again = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in ("part", "remote_id"))
    earlier = ordered.select(again & (pl.int_range(pl.len()) < pl.len() - 1)).to_series()
    last = ordered.filter(~earlier) if earlier.any() else ordered
    return Unknown(last, _numbered(last["at"], keyed, count), count)


def told_apart(work: Work, staged: Mapping[str, Staged], unknown: Unknown, nodes: pl.Series) -> tuple[Pile, Pile]:
    """What must be known of some unknown rows to tell who they are: node, system, name; and their keys: node, key, text,
    hash."""
    asked = unknown.at(pl.repeat(None, unknown.count, dtype=pl.Int64, eager=True).scatter(nodes, nodes))
    rows, texts = (Pile(work.shelf, work.seams.bucket, schema) for schema in (ROWS, TEXTS))
    for number, first, frame in placed(work, staged, _columns(work)) if len(nodes) else ():
        own = frame.with_columns(node=asked.slice(first, frame.height)).drop_nulls("node")
        if own.is_empty():
            continue
        rows.add(own.select("node", system=pl.lit(work.parts[number].member.system), name=name_of(own)))
        found = with_hashes(idents(own, keys_of(work), work.entity.fields), keys_of(work), work.entity.name)
        texts.add(found.select(list(TEXTS)))
    return rows, texts


def _columns(work: Work) -> list[str]:
    return ["remote_id", *(VALUE + name for name in telling(work, work.entity.fields))]


def unlinked(tx: Connection, part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of a member that are linked to nothing yet."""
    if not known.has_rows(tx, part.state.id):
        return frame
    linked = known.rows_named(tx, part.state.id, frame["remote_id"]).select("remote_id")
    return frame.join(linked, on="remote_id", how="anti", maintain_order="left")


def _numbered(at: pl.Series, keyed: list[pl.DataFrame], count: int) -> pl.DataFrame:
    """The keys with the number of their row; those of rows that do not count are left out."""
    nodes = pl.Series([None], dtype=pl.UInt32).new_from_index(0, count)
    nodes = nodes.scatter(at, pl.int_range(len(at), dtype=pl.UInt32, eager=True)) if count else nodes
    numbered = [keys.select("key", "hash", node=nodes.gather(keys["at"])).drop_nulls("node") for keys in keyed]
    return pl.concat(numbered).sort("hash")
