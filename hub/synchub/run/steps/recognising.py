"""Unknown rows: who they are. Once over everything unknown in a run, never page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection

from synchub.match.groups import JOINED, NEW, REASONS, REVIEW, assign
from synchub.match.idents import HUB_ID, idents, name_of, with_hashes
from synchub.model import VALUE
from synchub.read.stage import SOURCE, Staged
from synchub.record import intake, known, reviews, store
from synchub.record.decisions import answered_rows, parted_rows
from synchub.run.work import Work


@dataclass(frozen=True, slots=True)
class Recognised:
    """`touched`: records that got a link. `new`, `joined`: how many records were made, how many rows were matched."""

    touched: pl.Series
    new: int
    joined: int
    review: int
    rows: Mapping[int, int] = field(default_factory=dict)
    """How many rows of each member, by its number, got a link."""


def recognise(tx: Connection, work: Work, staged: Mapping[str, Staged]) -> Recognised:
    """Match all unknown rows of all members, and link them."""
    keys = (HUB_ID, *work.entity.match)
    rows = _unknown(tx, work, staged)
    if rows.is_empty():
        reviews.close_missing(tx, work.entity.name, "match", rows["remote_id"])
        return Recognised(pl.Series("record", [], dtype=pl.Int64), 0, 0, 0)
    found = with_hashes(idents(rows, keys, work.entity.fields), keys, work.entity.name)
    candidates = _candidates(tx, work, found)
    assigned = assign(
        rows.select("node", "system", name=name_of(rows)),
        found.select("node", "key", "text"),
        candidates.keys,
        taken=candidates.taken,
        apart=parted_rows(tx, rows),
        places=len(keys),
    )
    told = _decided_by_people(tx, rows, rows.join(assigned.rows, on="node", maintain_order="left"))
    told, made = _with_new_records(tx, work, told)
    _revive(tx, told, candidates.dormant)
    linked = _link(tx, work, staged, told)
    intake.add_idents(tx, found.join(told.filter(pl.col("outcome") != REVIEW).select("node", "record"), on="node"))
    waiting = told.filter(pl.col("outcome") == REVIEW)
    _ask(tx, work, waiting, assigned.suspects)
    _keep(tx, work, staged, waiting, found)
    rows_of = dict(told.filter(pl.col("outcome") != REVIEW).group_by("member").len().rows())
    return Recognised(linked, made, told.filter(pl.col("outcome") == JOINED).height, waiting.height, rows_of)


def _unknown(tx: Connection, work: Work, staged: Mapping[str, Staged]) -> pl.DataFrame:
    """node, part, member, system, remote_id, and v.* of what rows are recognised by; in an order that doesn't depend on reading."""
    wanted = {
        "hub_id",
        "email",
        "other_emails",
        "first_name",
        "last_name",
        "full_name",
        *(f for k in work.entity.match for f in k.fields),
    }
    parts = [pl.DataFrame(schema={"member": pl.Int64, "rank": pl.Int64, "system": pl.String, "remote_id": pl.String})]
    for part in work.parts:
        columns = [VALUE + name for name in part.mapping.inward_fields if name in wanted]
        for frame in staged[part.name].frames():
            linked = known.rows_named(tx, part.state.id, frame["remote_id"]).select("remote_id")
            own = frame.join(linked, on="remote_id", how="anti", maintain_order="left")
            parts.append(
                own.select(
                    "remote_id",
                    *columns,
                    member=pl.lit(part.state.id, dtype=pl.Int64),
                    rank=pl.lit(part.member.rank, dtype=pl.Int64),
                    system=pl.lit(part.member.system),
                )
            )
    rows = pl.concat(parts, how="diagonal").unique(["member", "remote_id"], keep="last").sort("rank", "remote_id")
    return rows.with_row_index("node").with_columns(pl.col("node").cast(pl.Int64))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Known records that unknown rows could be: their keys, their live links, and which of them are dormant."""

    keys: pl.DataFrame
    taken: pl.DataFrame
    dormant: pl.Series


def _candidates(tx: Connection, work: Work, found: pl.DataFrame) -> _Candidates:
    by_key = known.candidates(tx, found.filter(pl.col("key") > 0)["hash"].unique())["record"]
    named = (
        found.filter(pl.col("key") == 0)["text"]
        .str.strip_prefix(f"{work.salt}-")
        .cast(pl.Int64, strict=False)
        .drop_nulls()
    )
    numbers = pl.concat([by_key, named]).unique()
    records = known.goldens(tx, numbers, ()).filter(
        pl.col("joined_into").is_null() & (pl.col("entity") == work.entity.name)
    )
    links = known.links_of(tx, records["id"])
    texts, taken = [], []
    for (number,), own in links.group_by("member", maintain_order=True):
        place = work.places[int(str(number))]
        held = known.with_held(own, place.state.fields).rename(
            {f"hv.{name}": VALUE + name for name in place.state.fields}
        )
        keyed = idents(held.with_columns(node=pl.col("record")), work.entity.match, work.entity.fields)
        texts.append(keyed.select(record="node", key=pl.col("key") + 1, text="text"))
        live = held.filter(pl.col("tomb").is_null())
        taken.append(live.select("record", system=pl.lit(place.state.system), name=name_of(live)))
    own_ids = records.select(
        record="id", key=pl.lit(0, dtype=pl.Int64), text=pl.lit(work.salt + "-") + pl.col("id").cast(pl.String)
    )
    schema = {"record": pl.Int64, "system": pl.String, "name": pl.String}
    living = pl.concat([pl.DataFrame(schema=schema), *taken])
    shared = (
        pl.concat([own_ids, *texts]).unique().join(found.select("key", "text").unique(), on=["key", "text"], how="semi")
    )
    dormant = records.filter(~pl.col("id").is_in(living["record"].implode()))["id"]
    return _Candidates(shared, living, dormant)


def _decided_by_people(tx: Connection, rows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """What a person answered about a row stands, whatever its keys say."""
    answers = answered_rows(tx)
    if answers.is_empty():
        return told
    given = told.join(answers, on=["member", "remote_id"], how="left", maintain_order="left")
    chosen = pl.col("answer").is_not_null()
    return given.with_columns(
        outcome=pl.when(chosen & pl.col("answer_record").is_null())
        .then(pl.lit(NEW))
        .when(chosen)
        .then(pl.lit(JOINED))
        .otherwise("outcome"),
        record=pl.when(chosen).then("answer_record").otherwise("record"),
        group=pl.when(chosen).then(pl.col("node") + (1 << 40)).otherwise("group"),
    ).drop("answer", "answer_record")


def _with_new_records(tx: Connection, work: Work, told: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    groups = told.filter(pl.col("outcome") == NEW).select("group").unique().sort("group")
    if groups.is_empty():
        return told, 0
    first = intake.new_records(tx, groups.height, work.entity.name, run=work.run)
    numbered = groups.with_columns(made=pl.int_range(first, first + groups.height, dtype=pl.Int64))
    joined = told.join(numbered, on="group", how="left", maintain_order="left")
    record = pl.when(pl.col("outcome") == NEW).then("made").otherwise("record")
    return joined.with_columns(record=record).drop("made"), groups.height


def _revive(tx: Connection, told: pl.DataFrame, dormant: pl.Series) -> None:
    """A deleted record that somebody entered again comes back with its opt-outs, not with its old claims."""
    again = told.filter((pl.col("outcome") == JOINED) & pl.col("record").is_in(dormant.implode()))["record"].unique()
    if len(again):
        intake.void_claims(tx, again, before=store.peek(tx, "claim"))
        intake.withdraw_delete(tx, again)


def _link(tx: Connection, work: Work, staged: Mapping[str, Staged], told: pl.DataFrame) -> pl.Series:
    """Link every row that was told."""
    placed = told.filter(pl.col("outcome") != REVIEW).select("member", "remote_id", "record")
    linked = [pl.Series("record", [], dtype=pl.Int64)]
    for part in work.parts:
        own = placed.filter(pl.col("member") == part.state.id).drop("member")
        done = pl.DataFrame(schema={"remote_id": pl.String})
        for frame in reversed(list(staged[part.name].frames())):  # the last reading of a row counts
            rows = (
                frame.join(own, on="remote_id")
                .join(done, on="remote_id", how="anti")
                .unique("remote_id", keep="last", maintain_order=True)
            )
            if rows.height:
                intake.new_links(tx, rows, member=part.state.id, run=work.run, clock=work.clock)
                done = pl.concat([done, rows.select("remote_id")])
        reviews.take_back(tx, part.state.id, own["remote_id"].to_list(), ("review", "found", "quarantine"))
        linked.append(own["record"])
    return pl.concat(linked).unique()


def _ask(tx: Connection, work: Work, waiting: pl.DataFrame, suspects: pl.DataFrame) -> None:
    """A person is asked about each row that can't be told; what can be told by now needs no answer."""
    hub_id = pl.lit(f"{work.salt}-") + pl.col("record").cast(pl.String)
    could_be = suspects.sort("record").group_by("node", maintain_order=True).agg(could_be=hub_id)
    asked = waiting.join(could_be, on="node", how="left", maintain_order="left").select(
        "system",
        "remote_id",
        pl.col("reason").replace_strict(REASONS),
        pl.col("could_be").fill_null([]),
        subject=pl.format("{}:{}", "member", "remote_id"),
        record=pl.lit(None, dtype=pl.Int64),
    )
    reviews.ask(tx, work.entity.name, "match", asked, run=work.run)
    reviews.close_missing(tx, work.entity.name, "match", asked["subject"])


def _keep(tx: Connection, work: Work, staged: Mapping[str, Staged], waiting: pl.DataFrame, found: pl.DataFrame) -> None:
    """Set rows that can't be told aside, raw: the next run looks at them again without reading them again."""
    hashes = found.group_by("node").agg(idents=pl.col("hash").sort().cast(pl.String).str.join(","))
    rows = waiting.join(hashes, on="node", how="left").select(
        "member", "remote_id", pl.col("idents").fill_null(""), reason=pl.col("reason").replace_strict(REASONS)
    )
    for part in work.parts:
        own = rows.filter(pl.col("member") == part.state.id)
        for frame in staged[part.name].frames() if own.height else ():
            kept = own.join(frame.select("remote_id", raw=SOURCE).drop_nulls("raw"), on="remote_id")
            reviews.set_aside(
                tx,
                kept.with_columns(
                    kind=pl.lit("review"),
                    field=pl.lit(None, dtype=pl.String),
                    value=pl.lit(None, dtype=pl.String),
                    cause="reason",
                ),
                run=work.run,
            )
