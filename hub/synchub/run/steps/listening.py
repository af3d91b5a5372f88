"""Known rows: what they say against what is held, stored as claims. Also what is gone, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection

from synchub.merge.hear import Listening, hear
from synchub.read.stage import Staged
from synchub.record import bulk, intake, known, tables
from synchub.record.reviews import ask
from synchub.run.steps.doubles import hashes
from synchub.run.steps.keying import remember_held
from synchub.run.steps.remapping import UNMAPPED
from synchub.run.work import Part, Work

_BEFORE = ("remote_id", "link", "record", "tomb")
_NAMES = frozenset({"first_name", "last_name", "full_name", "company"})


@dataclass(slots=True)
class Noticed:
    """What listening brought up: records to look at again, records that a system let go of, ids that moved."""

    touched: list[pl.Series] = field(default_factory=list)
    deleted: list[pl.Series] = field(default_factory=list)
    rows: int = 0
    """How many known rows said something new."""
    shown: list[pl.Series] = field(default_factory=list)
    """Hashes of the keys that rows show which are not believed yet: nobody else is made there under them."""


def listen(tx: Connection, work: Work, part: Part, staged: Staged) -> Noticed:
    """Hear all rows of known links of one member, then notice which links are gone."""
    noticed = Noticed()
    before = _before(tx, part, staged)
    unconfirmed = known.unconfirmed(tx, part.state.id)
    how = _how(work, part)
    ever = (*how.inward, *how.unmapped)
    for frame in staged.frames() if before.height else ():
        own = frame.join(before.select("remote_id", "link"), on="remote_id", maintain_order="left")
        own = own.unique("remote_id", keep="last", maintain_order=True)
        if own.is_empty():
            continue
        held = known.held(tx, own["link"], ever)
        heard = hear(
            own.join(held.rename({"version": "known_version"}), on="link", maintain_order="left"), unconfirmed, how
        )
        intake.store_heard(tx, heard, run=work.run)
        remember_held(tx, work, heard.held, before)
        noticed.touched.append(heard.touched["record"])
        noticed.rows += heard.claims["link"].n_unique()
        _reused(tx, work, part, heard.reused)
        if heard.unheard.height:
            noticed.shown.append(hashes(work, heard.unheard))
    _gone(tx, work, part, staged, before, noticed)
    return noticed


def _before(tx: Connection, part: Part, staged: Staged) -> pl.DataFrame:
    """The links that this read has anything to say of: all of them only if it may tell who is missing."""
    if staged.complete:
        return known.rows_of_member(tx, part.state.id, *_BEFORE)
    told = pl.Series("remote_id", [*staged.deleted, *staged.merged, *staged.merged.values()], dtype=pl.String)
    # Rows that had been set aside are among the frames, though this read did not see them.
    read = [frame["remote_id"] for frame in staged.frames(["remote_id"])]
    return known.rows_named(tx, part.state.id, pl.concat([told, staged.everyone()["remote_id"], *read])).select(_BEFORE)


def _how(work: Work, part: Part) -> Listening:
    entity = work.entity
    keys = {name for key in entity.match for name in key.fields}
    out_only = part.member.direction == "out"
    fields = part.mapping.inward_fields
    return Listening(
        inward=fields,
        claiming=frozenset() if out_only else frozenset(part.mapping.claiming_fields),
        groups=entity.groups,
        identity=frozenset(keys | _NAMES),
        first_heard=frozenset(name for name in fields if _is_new(part, name)),
        comparable=part.mapping.comparable,
        start=work.clock,
        run=work.run,
        read_at=part.state.read_at or 0,
        unmapped=tuple(name for name in part.state.fields if name not in fields),
    )


def _is_new(part: Part, name: str) -> bool:
    """Whether a field was not read before this run, or not from where it is read now."""
    before = part.state.sources.get(name)
    return before is None or UNMAPPED in before[2:] or list(before[0]) != list(part.mapping.fields[name].natives)


def _reused(tx: Connection, work: Work, part: Part, reused: pl.DataFrame) -> None:
    asked = reused.select("record", "remote_id", "link", **part.asking("remote_id"))
    ask(tx, work.entity.name, "reused", asked, run=work.run)


def _gone(tx: Connection, work: Work, part: Part, staged: Staged, before: pl.DataFrame, noticed: Noticed) -> None:
    """Links that are seen to be gone, and those that are there again. A read that broke off shows nothing of either
    but what it saw."""
    if before.is_empty():
        return
    seen = staged.everyone()
    back = before.filter(pl.col("tomb").is_not_null()).join(seen, on="remote_id", how="semi")
    if back.height:
        intake.revive(tx, back["link"])
        noticed.touched.append(back["record"])
        intake.withdraw_delete(tx, back["record"])
    live = before.filter(pl.col("tomb").is_null())
    told = live.filter(pl.col("remote_id").is_in([*staged.deleted, *staged.merged]))
    missing = live.join(seen, on="remote_id", how="anti") if _may_miss(work, part, staged, seen, live) else live.head(0)
    if missing.height and part.stream.lag:
        missing = missing.join(_not_shown_yet(tx, work, part, missing), on="link", how="anti")
    gone = pl.concat([told, missing]).unique("link", maintain_order=True).join(seen, on="remote_id", how="anti")
    if gone.is_empty():
        return
    intake.bury(tx, gone["link"], run=work.run)
    _moved(tx, work, part, gone, before, staged.merged)
    moved = gone.filter(pl.col("remote_id").is_in(list(staged.merged)))
    noticed.deleted.append(gone.join(moved, on="link", how="anti")["record"])
    noticed.touched.append(gone["record"])


def _not_shown_yet(tx: Connection, work: Work, part: Part, missing: pl.DataFrame) -> pl.DataFrame:
    """Links that were written or made so lately that a read need not show them: they are not gone."""
    rows = bulk.rows_of(tx, tables.link, "id", missing["link"])
    return rows.filter(pl.col("seen_at") + int(part.stream.lag * 1_000_000) > work.clock).select(link="id")


def _may_miss(work: Work, part: Part, staged: Staged, seen: pl.DataFrame, live: pl.DataFrame) -> bool:
    """Whether what was not seen is gone. A system that shows nobody at all has more likely lost its way than its people:
    only who allows so many deletes says that it is true."""
    if not staged.complete or seen.height or work.options.allow.get("deletes", 0) >= live.height:
        return staged.complete
    staged.cursor = None  # to be read in full again: else nothing would be left to let through
    part.notes.append(
        f"{part.name} came back empty, though it had {live.height} records: none of them counts as deleted. "
        f"If they are, let it through once: --allow deletes={live.height}"
    )
    return False


def _moved(
    tx: Connection, work: Work, part: Part, gone: pl.DataFrame, before: pl.DataFrame, merged: dict[str, str]
) -> None:
    """Rows that live on under another id: if that is another record here, a person is asked whether to join them."""
    known_as = pl.DataFrame(list(merged.items()), schema={"remote_id": pl.String, "into": pl.String}, orient="row")
    asked = (
        gone.select("record", "remote_id")
        .join(known_as, on="remote_id")
        .join(before.select(into="remote_id", other="record"), on="into")
        .filter(pl.col("other") != pl.col("record"))
    )
    pair = pl.format("{}+{}", pl.min_horizontal("record", "other"), pl.max_horizontal("record", "other"))
    told = asked.with_columns(subject=pair, system=pl.lit(part.member.system))
    ask(tx, work.entity.name, "joined", told, run=work.run)
