"""Reading every member at once: pages are staged, with the rows that earlier runs set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson
import polars as pl
from sqlalchemy import Connection

from synchub.api import CanLookup, Key, Row
from synchub.errors import SynchubError
from synchub.mapping.keys import remote_ids
from synchub.mapping.native import native_frame
from synchub.match.idents import idents, with_hashes
from synchub.model import RAW, REMOTE, UPDATED, VERSION
from synchub.read.shelf import Laid
from synchub.read.stage import SOURCE, Order, Staged, fingerprints, stage, twice
from synchub.record import known, members, reviews
from synchub.run.steps.remapping import sources_ever
from synchub.run.work import Part, Work


def read_all(work: Work) -> dict[str, Staged]:
    """Stage every member. One that fails is left out of the rest of the run but for what it delivered."""
    staged = work.seams.executor.map(lambda part: _read(work, part), work.parts)
    return {part.name: found for part, found in zip(work.parts, staged, strict=True)}


def _read(work: Work, part: Part) -> Staged:
    step = f"reading {part.name}"
    if part.down:
        return _without_reading(work, part)
    work.progress.start(step)
    with work.store.read() as tx:
        doubted = known.stale_rows(tx, part.state.id)
        order = _order(tx, work, part, doubted=bool(doubted))
        again = _refeed(tx, part)
    staged = stage(part.connector, order, lambda count: work.progress.advance(step, count))
    work.progress.finish(step)
    if staged.problem:
        part.down = part.redact(staged.problem.line)
    part.complete = staged.complete
    _leave_out_clashes(staged)
    if staged.complete and staged.seen and again.height:
        again = again.join(staged.everyone(), on=REMOTE, how="semi", maintain_order="left")
    if not again.is_empty() and not staged.complete:  # a full read has brought every one of them itself
        _again(work, part, staged, again)
    if doubted and order.cursor is not None and not staged.problem:
        try:
            _look_again(work, part, staged, doubted)
        except SynchubError as problem:
            part.down = part.redact(problem.line)
    return staged


def _without_reading(work: Work, part: Part) -> Staged:
    """What can be had of a system that can't be reached: the rows set aside, as they were kept."""
    staged = Staged(part.name)
    with work.store.read() as tx:
        again = _refeed(tx, part)
    if again.height:
        _again(work, part, staged, again)
    return staged


def _again(work: Work, part: Part, staged: Staged, again: pl.DataFrame) -> None:
    rows = [orjson.loads(raw) for raw in again["raw"].to_list()]
    staged.rows[:0] = _from_raw(work, part, staged, rows, raw=again["raw"])


def _look_again(work: Work, part: Part, staged: Staged, doubted: list[str]) -> None:
    """Rows that were older than known when they were last read: only a second look tells whether that read was late or the
    system went back, and a read from a cursor does not give it."""
    keys = [Key(",".join(part.mapping.keys), name) for name in doubted]
    rows = part.lookup(keys)
    staged.rows += _from_raw(work, part, staged, rows)


def _order(tx: Connection, work: Work, part: Part, *, doubted: bool) -> Order:
    """What to read: only what changed, if cursor and mapping still fit and single records can be looked up."""
    same_mapping = part.state.mapping == part.mapping.fingerprint
    creating = part.member.create and part.member.direction != "in" and "create" in part.stream.writes
    findable = isinstance(part.connector, CanLookup) or not (creating or doubted)
    cursor = part.state.cursor if same_mapping and findable and not work.options.full else None
    # A row that came back, that is mapped otherwise by now, or that was put right as it had been, is heard though nothing
    # changed in it.
    wrong = pl.lit(pl.Series(reviews.quarantined(tx, part.state.id), dtype=pl.String)).implode()
    quiet = pl.col("tomb").is_null() & pl.lit(same_mapping) & ~pl.col(REMOTE).is_in(wrong)
    narrow = (REMOTE, pl.when(quiet).then(RAW).alias(RAW))
    everything = (
        None if cursor is not None else known.rows_of_member(tx, part.state.id, REMOTE, RAW, "tomb").select(*narrow)
    )

    def links(names: pl.Series) -> pl.DataFrame:
        if everything is not None:  # a table is made of what stands to the right: that is to be the page
            return everything.join(names.to_frame(REMOTE), on=REMOTE, how="semi")
        with work.store.read() as own:
            return known.rows_named(own, part.state.id, names).select(*narrow)

    return Order(
        member=part.name,
        stream=part.stream.name,
        mapping=part.mapping,
        to_frame=native_frame,
        remote_ids=remote_ids,
        version=part.stream.version,
        cursor=cursor,
        known=links,
        shelf=work.shelf,
        enough=work.seams.enough,
    )


def _refeed(tx: Connection, part: Part) -> pl.DataFrame:
    """Rows set aside that are worth another look: those in review always, quarantined ones when a person asks or the
    mapping was changed."""
    waiting = reviews.asides(tx, part.state.id)
    if waiting.is_empty():
        return waiting
    retry = (pl.col("state") == "retry") | (part.state.mapping != part.mapping.fingerprint)
    one_row = pl.col(
        "field"
    ).is_not_null()  # else it can't be read as it was kept: only its system can show it in order
    return waiting.filter((pl.col("kind") != "quarantine") | (retry & one_row))


def _from_raw(
    work: Work, part: Part, staged: Staged, rows: Sequence[Row], *, raw: pl.Series | None = None
) -> list[Laid]:
    """Lay down rows that no page of this read brought. Of several readings of a row the last one staged counts."""
    columns = list(dict.fromkeys([*part.mapping.natives, *([part.stream.version] if part.stream.version else [])]))
    frame = native_frame(rows, columns)
    mapped = part.mapping.inward(frame, version=part.stream.version)
    kept = raw if raw is not None else frame.select(pl.struct(columns).struct.json_encode()).to_series()
    extra = pl.DataFrame({"row": range(len(rows)), SOURCE: kept}, schema_overrides={"row": pl.Int64}).with_columns(
        fingerprints(frame)
    )
    if not part.stream.version:
        extra = extra.with_columns(pl.lit(None, dtype=pl.String).alias(VERSION))
    good = mapped.frame.join(extra, on="row", maintain_order="left").drop("row")
    if mapped.errors.height:
        staged.errors.append(mapped.errors.join(extra.select("row", raw=SOURCE), on="row", maintain_order="left"))
    return [work.shelf.lay(good)] if good.height else []


def _leave_out_clashes(staged: Staged) -> None:
    """Two rows with one key: the same row twice is one; of two that differ the one that changed last counts; if that
    can't be told, none is used."""
    rows = twice(staged)
    if rows.is_empty():
        staged.left_out, staged.clashes = rows.select(REMOTE, RAW), rows.select(REMOTE, SOURCE)
        return
    newest = pl.col(UPDATED) == pl.col(UPDATED).max().over(REMOTE)
    single = newest.fill_null(False) & (newest.sum().over(REMOTE) == 1)
    lost = rows.filter(~single)
    staged.left_out = lost.select(REMOTE, RAW)
    staged.clashes = lost.join(rows.filter(single), on=REMOTE, how="anti").select(REMOTE, SOURCE)


def quarantine(tx: Connection, work: Work, part: Part, staged: Staged) -> int:
    """Set aside what could not be understood, with its raw form; take back what can be by now. Returns how many rows."""
    understood = (frame[REMOTE] for frame in staged.frames([REMOTE]))
    if staged.rows:
        reviews.take_back(tx, part.state.id, understood, ("quarantine",))
    rows = [pl.DataFrame(schema=_ASIDE), *(_asides(work, part, errors) for errors in staged.errors)]
    rows += [
        pl.DataFrame(
            [
                (
                    part.state.id,
                    broken.where,
                    "quarantine",
                    None,
                    None,
                    part.redact(broken.reason),
                    f"the row could not be read: {part.redact(broken.reason).rstrip('.')}",
                    _raw(broken.raw),
                    "",
                )
                for broken in staged.broken
            ],
            schema=_ASIDE,
            orient="row",
        )
    ]
    aside = pl.concat([*rows, _clashing(work, part, staged.clashes)]).unique(REMOTE, keep="first", maintain_order=True)
    reviews.set_aside(tx, aside, run=work.run)
    told, whole = [*staged.deleted, *staged.merged], staged.complete and bool(staged.seen)
    if told or whole:
        seen = pl.concat([staged.everyone()[REMOTE], aside[REMOTE]])
        reviews.note_gone(tx, part.state.id, seen=seen, told=told, whole=whole)
    return aside.height


_ASIDE = dict.fromkeys(("member", REMOTE, "kind", "field", "value", "reason", "cause", "raw", "idents"), pl.String) | {
    "member": pl.Int64
}


def _raw(text: str) -> str:
    return orjson.dumps({"_raw": text}).decode()


def _clashing(work: Work, part: Part, clashes: pl.DataFrame) -> pl.DataFrame:
    """Several rows under one key as one entry, with all that they could be recognised by."""
    if clashes.is_empty():
        return pl.DataFrame(schema=_ASIDE)
    frame = native_frame([orjson.loads(row) for row in clashes[SOURCE].to_list()], list(part.mapping.natives))
    hashes = _hashes(work, part, frame)
    rows = (
        clashes.with_row_index("node")
        .with_columns(pl.col("node").cast(pl.Int64))
        .join(hashes, on="node", how="left", maintain_order="left")
    )
    return (
        rows.group_by(REMOTE, maintain_order=True)
        .agg(
            raw=pl.lit('{"_rows":[') + pl.col(SOURCE).str.join(",") + "]}",
            idents=pl.col("idents").drop_nulls().str.join(","),
        )
        .select(
            REMOTE,
            "raw",
            "idents",
            member=pl.lit(part.state.id, dtype=pl.Int64),
            kind=pl.lit("quarantine"),
            field=pl.lit(None, dtype=pl.String),
            value=REMOTE,
            reason=pl.lit(_SEVERAL),
            cause=pl.lit(_SEVERAL),
        )
        .select(list(_ASIDE))
    )


_SEVERAL = "several rows have this key, and they differ"


def _hashes(work: Work, part: Part, natives: pl.DataFrame) -> pl.DataFrame:
    """node, idents: the keys by which native rows could be recognised."""
    readable = part.mapping.inward(natives).frame.rename({"row": "node"})
    found = with_hashes(idents(readable, work.entity.match, work.entity.fields), work.entity.match, work.entity.name)
    return found.group_by("node").agg(idents=pl.col("hash").sort().cast(pl.String).str.join(","))


def _asides(work: Work, part: Part, errors: pl.DataFrame) -> pl.DataFrame:
    """Errors as rows for quarantine, with the keys they can still be recognised by: no double is made of them meanwhile."""
    first = errors.unique("row" if (errors["row"] >= 0).all() else REMOTE, keep="first", maintain_order=True)
    first = first.with_row_index("node").with_columns(pl.col("node").cast(pl.Int64))
    frame = native_frame([orjson.loads(raw) for raw in first["raw"].to_list()], list(part.mapping.natives))
    for name in errors["field"].unique().to_list():
        natives = part.mapping.fields[name].natives if name in part.mapping.fields else ()
        bad = first["row"].is_in(errors.filter(pl.col("field") == name)["row"].implode())
        frame = frame.with_columns(
            pl.when(pl.lit(bad)).then(None).otherwise(native).alias(native) for native in natives
        )
    plain = pl.col("reason").str.replace(r"^'.*?' (is )?", "")
    named = pl.when(pl.col("field") == "").then(pl.col("reason")).otherwise(pl.col("field") + ": " + plain)
    return first.join(_hashes(work, part, frame), on="node", how="left", maintain_order="left").select(
        member=pl.lit(part.state.id, dtype=pl.Int64),
        remote_id=pl.coalesce(REMOTE, pl.lit("row without a key: ") + pl.col("raw").str.head(80)),
        kind=pl.lit("quarantine"),
        field="field",
        value="value",
        reason="reason",
        cause=named,
        raw="raw",
        idents=pl.col("idents").fill_null(""),
    )


def note_read(tx: Connection, work: Work, part: Part, staged: Staged) -> None:
    """The cursor moves in the same transaction as what was read."""
    state = members.with_fields(part.state, (*part.mapping.inward_fields, *part.mapping.outward_fields))
    state = replace(state, fill_only=part.fill_only, claims=part.member.direction != "out")
    if staged.cursor is not None:
        state = replace(state, cursor=dict(staged.cursor))
    if not staged.problem and not part.down:
        state = replace(
            state, read_at=work.clock, mapping=part.mapping.fingerprint, sources=sources_ever(part), failed=None
        )
    else:
        state = replace(state, failed=part.down)
    part.state = state
    work.places[state.id] = replace(work.places[state.id], state=state)
    members.save(tx, state)
