"""Staging: pages are fingerprinted, mapped and laid down as they come. Unchanged rows end here.

Nothing is matched or stored before every page of every system is staged, so the order of reading can't matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl
from xxhash import xxh3_64_intdigest

from synchub.api import BrokenRow, Connector, Cursor, Page
from synchub.errors import SynchubError
from synchub.model import NATIVE, RAW, REMOTE, UPDATED, VERSION
from synchub.plugins.guarded import guarded_each
from synchub.read.gathering import gathered
from synchub.read.shelf import Laid, Shelf

SOURCE = "source_row"
"""The raw row as JSON, for rows that no link is known of: what is kept if it can't be told who they are."""


class Mapper(Protocol):
    """What staging needs of a compiled mapping."""

    @property
    def natives(self) -> tuple[str, ...]: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    def inward(self, frame: pl.DataFrame, *, version: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What to read of one member, and where to put it.

    `known`: remote_id, raw_hash of links, at least of those with these remote ids (the hash null where even an unchanged
    row is to be heard);
    `version` the native field with the row's version, if there is one;
    `enough`: how many rows to map at once, if pages are shorter.
    """

    member: str
    stream: str
    mapping: Mapper
    to_frame: Callable[..., pl.DataFrame]
    remote_ids: Callable[[pl.DataFrame, Sequence[str]], pl.Series]
    version: str | None
    cursor: Cursor | None
    known: Callable[[pl.Series], pl.DataFrame]
    shelf: Shelf
    enough: int


@dataclass(slots=True)
class Staged:
    """What was laid down of one member: frames of changed or unknown rows, frames of what was seen at all, and what
    could not be understood. `complete`: a full read that saw every record. `problem`: why it broke off."""

    member: str
    rows: list[Laid] = field(default_factory=list)
    seen: list[Laid] = field(default_factory=list)
    errors: list[pl.DataFrame] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    cursor: Cursor | None = None
    complete: bool = False
    count: int = 0
    changed: int = 0
    clashes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={REMOTE: pl.String, SOURCE: pl.String}))
    """Rows of which several have one key, and it can't be told which one counts."""
    left_out: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={REMOTE: pl.String, RAW: pl.Int64}))
    problem: SynchubError | None = None

    def frames(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The staged rows, a frame at a time, without those that are left out; only some columns, if that is enough."""
        for laid in self.rows:
            if self.left_out.is_empty():
                yield laid.taken(columns)
                continue
            frame = laid.taken().join(self.left_out, on=[REMOTE, RAW], how="anti", maintain_order="left")
            yield frame if columns is None else frame.select(columns)

    def everyone(self) -> pl.DataFrame:
        """The remote ids of all rows that were seen; one that was seen twice stands there twice."""
        frames = [laid.taken([REMOTE]) for laid in self.seen]
        return pl.concat(frames) if frames else pl.DataFrame(schema={REMOTE: pl.String})


def stage(connector: Connector, order: Order, advance: Callable[[int], None]) -> Staged:
    """Read a member to its end. What was staged of a system that fails is kept, with the cursor of its last page; it is never
    complete."""
    staged = Staged(order.member)
    try:
        pages = guarded_each(order.member, lambda: connector.read(order.stream, order.cursor, order.mapping.natives))
        for page in gathered(pages, order.enough):
            before = staged.count
            _lay_down(page, order, staged)
            advance(staged.count - before)
    except SynchubError as problem:
        staged.problem = problem
        staged.complete = False
    return staged


def twice(staged: Staged) -> pl.DataFrame:
    """Rows that stand under a key that was seen more than once, with different content: remote_id, raw_hash, updated_at, source_row.

    A sighting that was not staged was the row as it is known: then even one other is too many.
    """
    nothing = pl.DataFrame(schema={REMOTE: pl.String, RAW: pl.Int64, UPDATED: pl.Int64, SOURCE: pl.String})
    if not staged.rows:
        return nothing
    often = _often(staged.seen)
    if often.is_empty():
        return nothing
    rows = pl.concat([_with_source(laid.taken().join(often, on=REMOTE, maintain_order="left")) for laid in staged.rows])
    unlike = (pl.col(RAW).n_unique() > 1) | (pl.len() < pl.col("sightings").first())
    return rows.filter(unlike.over(REMOTE)).unique([REMOTE, RAW], maintain_order=True).select(list(nothing.schema))


def _often(seen: Sequence[Laid]) -> pl.DataFrame:
    """remote_id, sightings: what was seen more than once. Numbers are compared first: they take little room."""
    numbers = pl.concat([laid.taken([REMOTE])[REMOTE].hash() for laid in seen]).sort()
    doubled = numbers.filter((numbers == numbers.shift(1)).fill_null(False)).unique().implode()
    alike = [frame.filter(pl.col(REMOTE).hash().is_in(doubled)) for frame in (laid.taken([REMOTE]) for laid in seen)]
    return pl.concat(alike).group_by(REMOTE).agg(sightings=pl.len()).filter(pl.col("sightings") > 1)


def _with_source(rows: pl.DataFrame) -> pl.DataFrame:
    """The raw form of known rows is not staged: their native values stand in for it, by the hub's names."""
    said = pl.struct(
        pl.col(column).alias(column.removeprefix(NATIVE)) for column in rows.columns if column.startswith(NATIVE)
    )
    return rows.select(REMOTE, RAW, UPDATED, "sightings", pl.coalesce(SOURCE, said.struct.json_encode()).alias(SOURCE))


def _lay_down(page: Page, order: Order, staged: Staged) -> None:
    """The rows come first: where they could not be laid down the cursor must not have passed them."""
    _lay_rows(page, order, staged)
    staged.broken += page.broken
    staged.deleted += page.deleted
    staged.merged.update(page.merged)
    staged.cursor = page.cursor if page.cursor is not None else staged.cursor
    staged.complete = page.complete


def _lay_rows(page: Page, order: Order, staged: Staged) -> None:
    columns = [*order.mapping.natives]
    if order.version is not None and order.version not in columns:
        columns.append(order.version)
    frame = order.to_frame(page.rows, columns, delivered=page.fields)
    if frame.is_empty():
        return
    frame = frame.with_columns(fingerprints(frame), order.remote_ids(frame, order.mapping.keys).alias(REMOTE))
    known = order.known(frame[REMOTE])
    staged.count += frame.height
    staged.seen.append(order.shelf.lay(frame.select(REMOTE)))
    changed = frame.join(known, on=[REMOTE, RAW], how="anti", maintain_order="left")
    if changed.is_empty():
        return
    mapped = order.mapping.inward(changed.select(columns), version=order.version)
    unknown = ~pl.col(REMOTE).is_in(known[REMOTE].implode())
    extra = changed.with_row_index("row").select(
        pl.col("row").cast(pl.Int64),
        RAW,
        pl.when(unknown).then(pl.struct(columns).struct.json_encode()).alias(SOURCE),
        *([] if order.version else [pl.lit(None, dtype=pl.String).alias(VERSION)]),
    )
    if not mapped.errors.is_empty():
        staged.errors.append(_with_raw(mapped.errors, changed.select(columns)))
    good = mapped.frame.join(extra, on="row", maintain_order="left").drop("row")
    staged.changed += good.height
    staged.rows.append(order.shelf.lay(good))


def fingerprints(frame: pl.DataFrame) -> pl.Series:
    """A stable fingerprint of each row: xxh3 of its columns' texts, whatever version of whichever library reads it."""
    parts = [pl.col(column).fill_null("\x00") for column in frame.columns]
    lines = frame.select(pl.concat_str(parts, separator="\x1f").cast(pl.Binary)).to_series().to_list()
    return (
        pl.Series(RAW, [xxh3_64_intdigest(line) for line in lines], dtype=pl.UInt64).reinterpret(signed=True).alias(RAW)
    )


def _with_raw(errors: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The errors with the raw row as JSON, as it is kept in quarantine."""
    raw = (
        rows.select(raw=pl.struct(rows.columns).struct.json_encode())
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
    )
    return errors.with_columns(pl.col("row").cast(pl.Int64)).join(raw, on="row", maintain_order="left")
