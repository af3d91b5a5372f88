"""Keys that change: a record is found under those it has by now, and one that another has is a question."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.match.idents import idents, with_hashes
from synchub.model import VALUE
from synchub.record import bulk, intake, known, reviews
from synchub.run.work import Work

_OTHERS = "other_emails"


def remember_held(tx: Connection, work: Work, held: pl.DataFrame, owners: pl.DataFrame) -> None:
    """Known rows that were edited can be found under what they hold now.

    `held`: link, v.*; `owners`: link, record.
    """
    columns = [VALUE + name for name in _fields(work) if VALUE + name in held.columns]
    if held.is_empty() or not columns:
        return
    rows = held.join(owners.select("link", "record"), on="link").select("record", *columns)
    intake.add_idents(tx, _keys(work, rows).select("hash", record="node"))


def notice_golden(tx: Connection, work: Work, golden: pl.DataFrame, before: pl.DataFrame, links: pl.DataFrame) -> None:
    """Records whose valid values changed are found under their new keys; somebody else's key is a question.

    `golden`: record and a column a field, as just stored; `before`: rows of the records with what was stored
    until then; `links`: all their links.
    """
    single = links.group_by("record").len().filter(pl.col("len") == 1)
    new = before.filter(pl.col("made_run") == work.run).select(record="id")
    # A new record of one row is known under that row's keys already.
    known_already = new.join(single, on="record", how="semi")
    now = _keys(work, _values(work, golden.join(known_already, on="record", how="anti")))
    intake.add_idents(tx, now.select("hash", record="node"))
    was = _keys(work, _values(work, before.rename({"id": "record"})))
    _close_settled(tx, work, golden["record"])
    gained = now.join(was, on=["node", "key", "text"], how="anti").join(
        new, left_on="node", right_on="record", how="anti"
    )
    if not gained.is_empty():
        _ask(tx, work, _shared(tx, work, gained))


def _fields(work: Work) -> list[str]:
    return list(dict.fromkeys([*(name for key in work.entity.match for name in key.fields), _OTHERS]))


def _values(work: Work, golden: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in _fields(work) if name in golden.columns]
    return golden.select("record", *(pl.col(name).alias(VALUE + name) for name in names))


def _keys(work: Work, rows: pl.DataFrame) -> pl.DataFrame:
    """node (the record), key, text, hash."""
    own = work.entity
    return with_hashes(idents(rows.rename({"record": "node"}), own.match, own.fields), own.match, own.name)


def _shared(tx: Connection, work: Work, gained: pl.DataFrame) -> pl.DataFrame:
    """node, other, key, text: records that gained a key, and others for which the same is valid."""
    near = known.candidates(tx, gained["hash"].unique())["record"].unique()
    stored = known.goldens(tx, near, _fields(work)).filter(
        pl.col("joined_into").is_null() & (pl.col("entity") == work.entity.name)
    )
    others = _keys(work, _values(work, stored.rename({"id": "record"}))).select("key", "text", other="node")
    return gained.join(others, on=["key", "text"]).filter(pl.col("node") != pl.col("other"))


def _ask(tx: Connection, work: Work, shared: pl.DataFrame) -> None:
    """Whether they are one, once a pair; never of those that a person parted."""
    strongest = shared.sort("node", "other", "key").unique(["node", "other"], keep="first", maintain_order=True)
    for record, other, key in strongest.select("node", "other", "key").rows():
        if not _parted(tx, record, other):
            subject = f"{min(record, other)}+{max(record, other)}"
            reviews.ask(
                tx,
                work.entity.name,
                "alike",
                subject,
                record=record,
                run=work.run,
                details={
                    "key": work.entity.match[key].name,
                    "other": other,
                    "of": work.hub_id(other),
                },
            )


def _close_settled(tx: Connection, work: Work, changed: pl.Series) -> None:
    """A question closes by itself when the two have no key in common any more."""
    numbers = set(changed.to_list())
    query = text("SELECT subject FROM review WHERE entity = :entity AND kind = 'alike' AND state = 'open'")
    for subject in tx.execute(query, {"entity": work.entity.name}).scalars().all():
        pair = [int(number) for number in subject.split("+")]
        if numbers & set(pair):
            stored = known.goldens(tx, pair, _fields(work)).rename({"id": "record"})
            keys = _keys(work, _values(work, stored)).select("key", "text", "node").unique()
            if keys.select("key", "text").is_unique().all():
                reviews.close(tx, work.entity.name, "alike", subject)


def _parted(tx: Connection, one: int, other: int) -> bool:
    pairs = text("SELECT one FROM apart WHERE other = :other")
    for record, against in ((one, other), (other, one)):
        rows = known.links_of(tx, [record]).select("member", "remote_id").rows()
        told = bulk.select(tx, pairs, {"one": pl.String}, other=f"r:{against}")["one"].to_list()
        if {f"l:{member}:{remote_id}" for member, remote_id in rows} & set(told):
            return True
    return False
