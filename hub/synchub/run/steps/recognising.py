"""Unknown rows: who they are. Once over everything unknown in a run, never page by page.

Most rows share no key with anybody. Only those that do are compared, as many at once as memory allows; what hangs together
is always compared at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection

from synchub.match.groups import JOINED, NEW, REASONS, REVIEW, assign
from synchub.match.shares import shares
from synchub.read.shelf import Pile
from synchub.read.stage import Staged
from synchub.record import intake, reviews, store
from synchub.record.decisions import answered_rows, parted_rows
from synchub.run.steps.candidates import Candidates, candidates, named_by
from synchub.run.steps.doubting import ask_who, keep_raw, left_over
from synchub.run.steps.unknown import Unknown, find, keys_of, placed, told_apart
from synchub.run.work import Work

_AT_ONCE = 5
"""So many buckets of rows are compared at once: they take little room."""
_OUTCOME = pl.Enum([NEW, JOINED, REVIEW])
_TOLD: dict[str, Any] = {
    "node": pl.Int64,
    "outcome": _OUTCOME,
    "record": pl.Int64,
    "group": pl.Int64,
    "reason": pl.Enum(list(REASONS)),
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """`touched`: records that were there and got a link. `first`, `new`: from which number on and how many records are new;
    they have links, and are stored once it is decided what they are. `joined`: how many rows were matched."""

    touched: pl.Series = field(default_factory=lambda: pl.Series("record", [], dtype=pl.Int64))
    first: int = 0
    new: int = 0
    joined: int = 0
    review: int = 0
    rows: Mapping[int, int] = field(default_factory=dict)
    """How many rows of each member, by its number, got a link."""


def recognise(tx: Connection, work: Work, staged: Mapping[str, Staged]) -> Recognised:
    """Match all unknown rows of all members, and link them."""
    unknown = find(tx, work, staged)
    if unknown.count == 0:
        reviews.close_missing(tx, work.entity.name, "match", unknown.rows["remote_id"])
        return Recognised()
    answers = _answers(tx, work, unknown)
    hinted = named_by(tx, work, unknown.keys)
    compared = _compared(unknown, hinted["hash"], answers["node"])
    rows, texts = told_apart(work, staged, unknown, compared)
    found = _candidates(tx, work, unknown, compared, hinted["record"], texts)
    told, suspects = _tell(tx, work, unknown, compared, rows, texts, found)
    told = _decided_by_people(told, answers)
    record, first, made = _with_new_records(tx, unknown, told)
    _revive(tx, told, found.dormant)
    _link(tx, work, staged, unknown, record)
    for some in unknown.keys.iter_slices(work.seams.bucket * _AT_ONCE):
        intake.add_idents(tx, some.select("hash", record=record.gather(some["node"])).drop_nulls())
    waiting = left_over(work, unknown, told)
    ask_who(tx, work, waiting, suspects)
    keep_raw(tx, work, staged, waiting, unknown)
    linked = unknown.rows.filter(record.is_not_null()).group_by("part").len().rows()
    joined = told.filter(pl.col("outcome") == JOINED)
    return Recognised(
        joined["record"].unique(),
        first,
        made,
        joined.height,
        waiting.height,
        {work.parts[part].state.id: count for part, count in linked},
    )


def _answers(tx: Connection, work: Work, unknown: Unknown) -> pl.DataFrame:
    """node, answer, answer_record: what people answered about these rows."""
    return _by_node(work, unknown, answered_rows(tx)).select("node", "answer", "answer_record")


def _by_node(work: Work, unknown: Unknown, named: pl.DataFrame) -> pl.DataFrame:
    """Those of the rows named (member, remote_id, …) that are unknown, with their `node`."""
    if named.is_empty():
        return named.with_columns(node=pl.lit(None, dtype=pl.Int64))
    parts = pl.DataFrame({"member": [part.state.id for part in work.parts]}).with_row_index("part")
    placed = named.join(parts.with_columns(pl.col("part").cast(pl.Int16)), on="member")
    rows = unknown.rows.select("part", "remote_id", node=pl.int_range(pl.len(), dtype=pl.Int64))
    return placed.join(rows, on=["part", "remote_id"])


def _compared(unknown: Unknown, hinted: pl.Series, answered: pl.Series) -> pl.Series:
    """The rows that may be somebody else's too: they share a key with another row, or perhaps with a known record, or bear
    a hub id. Those that people answered about come along."""
    same = unknown.keys.select((pl.col("hash").diff() == 0).fill_null(False)).to_series()  # as the one before
    shared = same | same.shift(-1, fill_value=False)
    alike = unknown.keys.filter(pl.lit(shared) | (pl.col("key") == 0) | pl.col("hash").is_in(hinted.implode()))
    return pl.concat([alike["node"].cast(pl.Int64), answered]).unique().sort()


def _candidates(
    tx: Connection, work: Work, unknown: Unknown, compared: pl.Series, hinted: pl.Series, texts: Pile
) -> Candidates:
    """Known records that these rows could be, by a key or by the hub's id."""
    own_ids = pl.concat([frame.filter(pl.col("key") == 0)["text"] for frame in texts.frames()])
    named = own_ids.str.strip_prefix(f"{work.salt}-").cast(pl.Int64, strict=False).drop_nulls()
    hashes = unknown.keys_among(compared)["hash"].unique()
    return candidates(tx, work, pl.concat([hinted, named]).unique().sort(), hashes)


def _tell(
    tx: Connection, work: Work, unknown: Unknown, compared: pl.Series, rows: Pile, texts: Pile, found: Candidates
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is told of the rows compared (node, outcome, record, group, reason), and whom those in doubt could be."""
    apart = _by_node(work, unknown, parted_rows(tx)).select("node", "record")
    told, suspects = [pl.DataFrame(schema=_TOLD)], [pl.DataFrame(schema={"node": pl.Int64, "record": pl.Int64})]
    for share in _shares(work, unknown, compared, found):
        nodes, records = (
            None if share is None else share.filter(own).select(**{name: number})
            for own, name, number in (
                (pl.col("id") >= 0, "node", "id"),
                (pl.col("id") < 0, "record", -pl.col("id") - 1),
            )
        )
        assigned = assign(
            rows.among("node", nodes),
            texts.among("node", nodes).drop("hash"),
            found.keys.among("record", records).drop("hash"),
            taken=found.taken.among("record", records),
            apart=apart,
            places=len(keys_of(work)),
        )
        told.append(assigned.rows.select(pl.col(name).cast(kind) for name, kind in _TOLD.items()))
        suspects.append(assigned.suspects)
    return pl.concat(told), pl.concat(suspects)


def _shares(work: Work, unknown: Unknown, compared: pl.Series, found: Candidates) -> list[pl.DataFrame | None]:
    """The rows compared and the records they could be (as -1, -2, …), some at once; None for all."""
    held = pl.concat([frame.select(id=-pl.col("record") - 1, hash="hash") for frame in found.keys.frames()])
    ids, most = pl.concat([compared, held["id"].unique()]), work.seams.bucket * _AT_ONCE
    if len(ids) <= most:
        return [None] if len(ids) else []
    own = unknown.keys_among(compared).select(id="node", hash="hash")
    return list(shares(ids, pl.concat([own, held]), most).partition_by("share"))


def _decided_by_people(told: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """What a person answered about a row stands, whatever its keys say."""
    if answers.is_empty():
        return told
    given = told.join(answers, on="node", how="left", maintain_order="left")
    chosen, new = pl.col("answer").is_not_null(), pl.col("answer_record").is_null()
    outcome = (
        pl.when(chosen & new)
        .then(pl.lit(NEW))
        .when(chosen)
        .then(pl.lit(JOINED))
        .otherwise(pl.col("outcome").cast(pl.String))
    )
    return given.with_columns(
        outcome=outcome.cast(_OUTCOME),
        record=pl.when(chosen).then("answer_record").otherwise("record"),
        group=pl.when(chosen).then(pl.col("node") + (1 << 40)).otherwise("group"),
    ).drop("answer", "answer_record")


def _with_new_records(tx: Connection, unknown: Unknown, told: pl.DataFrame) -> tuple[pl.Series, int, int]:
    """The record of each row, null where that can't be told; and the number of the first new one, and how many there are:
    one for each row that was not compared with any, one for each group of new ones."""
    alone = pl.repeat(True, unknown.count, dtype=pl.Boolean, eager=True).scatter(told["node"].sort(), False).arg_true()
    new = told.filter(pl.col("outcome") == NEW)
    groups = new["group"].unique().sort()
    joined = told.filter(pl.col("outcome") == JOINED)
    record = pl.repeat(None, unknown.count, dtype=pl.Int64, eager=True).scatter(joined["node"], joined["record"])
    made = len(alone) + len(groups)
    if not made:
        return record, 0, 0
    first = store.take(tx, "record", made)
    # Both are numbered in one row, each behind all of either kind that come before it.
    own = pl.int_range(first, first + len(alone), dtype=pl.Int64, eager=True)
    if len(groups):
        own += groups.search_sorted(alone.cast(pl.Int64)).cast(pl.Int64)
        before = groups.search_sorted(new["group"]).cast(pl.Int64) + alone.cast(pl.Int64).search_sorted(new["group"])
        record = record.scatter(new["node"], before.cast(pl.Int64) + first)
    return record.scatter(alone, own), first, made


def _revive(tx: Connection, told: pl.DataFrame, dormant: pl.Series) -> None:
    """A deleted record that somebody entered again comes back with its opt-outs, not with its old claims."""
    again = told.filter((pl.col("outcome") == JOINED) & pl.col("record").is_in(dormant.implode()))["record"].unique()
    if len(again):
        intake.void_claims(tx, again, before=store.peek(tx, "claim"))
        intake.withdraw_delete(tx, again)


def _link(tx: Connection, work: Work, staged: Mapping[str, Staged], unknown: Unknown, record: pl.Series) -> None:
    """Link every row that was told."""
    at = unknown.at(record)
    for number, first, frame in placed(work, staged) if at.null_count() < len(at) else ():
        rows = frame.with_columns(record=at.slice(first, frame.height)).drop_nulls("record")
        if rows.height:
            intake.new_links(tx, rows, member=work.parts[number].state.id, run=work.run, clock=work.clock)
    linked = unknown.rows.filter(record.is_not_null())
    for number, part in enumerate(work.parts):
        own = linked.filter(pl.col("part") == number)["remote_id"]
        if len(own):
            reviews.take_back(tx, part.state.id, [own], ("review", "found", "quarantine"))
