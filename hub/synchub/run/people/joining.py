"""Records joined and parted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import text

from synchub.errors import ConfigurationError
from synchub.record import bulk, decisions, intake, known, tables
from synchub.run.opening import Opened
from synchub.run.people.deciding import AT_NEXT_RUN, Deciding, deciding
from synchub.run.people.following import follow
from synchub.spec.answers import Outcome


def join_records(hub: Opened, entity: str, key: str, other: str) -> Outcome:
    """Two records are one. Claims stay with their links, so a split gives back what was there. The older id survives."""
    with deciding(hub, entity, "merge") as now:
        kept, gone = sorted((now.find(key), now.find(other)))
        if kept == gone:
            raise ConfigurationError(f"{key} and {other} are the same record already.", not_done="Nothing was changed.")
        join(now, kept, gone)
        links = known.links_of(now.tx, [kept])
    return Outcome(
        f"{now.hub_id(gone)} now belongs to {now.hub_id(kept)}, with {links.height} links.",
        f"{AT_NEXT_RUN} `synchub split {entity} {now.hub_id(kept)} LINK…` takes it back.",
    )


def join(now: Deciding, kept: int, gone: int) -> None:
    """Move everything of one record to another."""
    tx = now.tx
    if _opted_out(now, kept, gone):
        _note_opt_out(now, kept)
    decisions.move_links(tx, known.links_of(tx, [gone])["id"].to_list(), kept)
    decisions.move_decisions(tx, gone, kept)
    tx.execute(
        text(
            "INSERT INTO ident (hash, record) SELECT hash, :kept FROM ident WHERE record = :gone ON CONFLICT DO NOTHING"
        ),
        {"kept": kept, "gone": gone},
    )
    tx.execute(text("UPDATE event SET record = :kept WHERE record = :gone"), {"kept": kept, "gone": gone})
    tx.execute(  # a create whose answer never came may have landed: its row is theirs too
        text("UPDATE operation SET record = :kept WHERE record = :gone AND state = 'open'"),
        {"kept": kept, "gone": gone},
    )
    tx.execute(
        text("UPDATE record SET joined_into = :kept, dirty = 0 WHERE id = :gone OR joined_into = :gone"),
        {"kept": kept, "gone": gone},
    )
    intake.soil(tx, pl.Series([kept], dtype=pl.Int64))
    follow(now, kept, gone)


def split_record(hub: Opened, entity: str, key: str, links: Sequence[str]) -> Outcome:
    """Part a record: the links named go to a new one, with their claims. Both are remembered as not the same."""
    with deciding(hub, entity, "split") as now:
        record = now.find(key)
        own = known.links_of(now.tx, [record])
        moved = _named_links(now, own, links)
        if moved.height == own.height:
            raise ConfigurationError(
                "That would leave nothing behind: every link was named.",
                not_done="Nothing was changed.",
                next_step="Name only the links that belong to the other person.",
            )
        made = part(now, record, own, moved)
    return Outcome(
        f"{moved.height} links now belong to {now.hub_id(made)}; the rest stays with {now.hub_id(record)}.", AT_NEXT_RUN
    )


def part(now: Deciding, record: int, own: pl.DataFrame, moved: pl.DataFrame) -> int:
    """Move links to a new record. Opt-outs go with both; what only we wrote and no claim of a part supports is blanked."""
    opted_out = _opted_out(now, record)
    made = intake.new_record(now.tx, now.entity.name, run=now.run)
    decisions.move_links(now.tx, moved["id"].to_list(), made)
    stayed = own.join(moved, on="id", how="anti")
    for here, there, other in ((moved, record, made), (stayed, made, record)):
        for member, remote_id in here.select("member", "remote_id").rows():
            decisions.part_for_ever(now.tx, f"l:{member}:{remote_id}", f"r:{there}", run=now.run)
        _keep_idents(now, here, record, other)
    for one in (record, made):
        _blank_unsupported(now, one)
        if opted_out:
            now.claim(one, {"opted_out": "true"}, kind="hub", reason="opted out when the record was split")
            _note_opt_out(now, one)
    intake.soil(now.tx, pl.Series([record, made], dtype=pl.Int64))
    now.tx.execute(text("UPDATE event SET record = NULL WHERE record = :record"), {"record": record})
    return made


def _opted_out(now: Deciding, *records: int) -> bool:
    if "opted_out" not in now.entity.fields:
        return False
    return "true" in known.goldens(now.tx, list(records), ["opted_out"])["opted_out"].to_list()


def _note_opt_out(now: Deciding, record: int) -> None:
    """Golden says so at once: whoever joins or parts this record before the next run has to know."""
    names = now.entity.golden_fields
    golden = known.goldens(now.tx, [record], names).select(record="id", *names)
    intake.store_golden(now.tx, golden.with_columns(opted_out=pl.lit("true")))


def _keep_idents(now: Deciding, links: pl.DataFrame, record: int, other: int) -> None:
    """Both parts can be found under every key the whole was found under; what a part holds is verified anyway."""
    if other != record and links.height:
        now.tx.execute(
            text(
                "INSERT INTO ident (hash, record) SELECT hash, :other FROM ident WHERE record = :record ON CONFLICT DO NOTHING"
            ),
            {"other": other, "record": record},
        )


def _blank_unsupported(now: Deciding, record: int) -> None:
    """The one case in which a value that nobody claimed is written as blank: only we had written it."""
    links = known.links_of(now.tx, [record])
    claimed = set(bulk.rows_of(now.tx, tables.claim, "link", links["id"])["field"].to_list())
    by_people = bulk.rows_of(now.tx, tables.claim, "record", [record]).filter(pl.col("link").is_null())
    claimed |= set(by_people["field"].to_list())
    held: set[str] = set()
    fields = list(now.entity.fields)
    opened = known.with_held(links, fields)
    said = known.unpacked_said(links, fields)
    for name in fields:
        if (said[f"v.{name}"].fill_null("") != "").any():
            claimed.add(name)
        if (opened[f"hv.{name}"].fill_null("") != "").any():
            held.add(name)
    blanks = dict.fromkeys(sorted(held - claimed - {"hub_id", "opted_out"}), "")
    if blanks:
        now.claim(
            record, blanks, kind="weak", reason="only the hub had written it, for the record this was parted from"
        )


def _named_links(now: Deciding, own: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    members: dict[int, Any] = {row.id: row for row in now.tx.execute(tables.member.select())}
    known_names = {
        f"{members[row['member']].system}:{members[row['member']].stream}:{row['remote_id']}": row["id"]
        for row in own.to_dicts()
    }
    unknown = [name for name in names if name not in known_names]
    if unknown:
        raise ConfigurationError(
            f"The record has no link {', '.join(unknown)}. It has: {', '.join(sorted(known_names))}.",
            not_done="Nothing was changed.",
            next_step=f"`synchub why {now.entity.name} …` lists them.",
        )
    return own.filter(pl.col("id").is_in([known_names[name] for name in names]))
