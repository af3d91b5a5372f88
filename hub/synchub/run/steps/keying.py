"""Keys that change: a record is found under those it has by now, and one that another has is a question."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from synchub.match.idents import idents, with_hashes
from synchub.model import VALUE
from synchub.record import intake, known, reviews
from synchub.record.decisions import not_parted
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
    pairs = shared.select("key", one=pl.min_horizontal("node", "other"), other=pl.max_horizontal("node", "other"))
    strongest = pairs.sort("one", "other", "key").unique(["one", "other"], keep="first", maintain_order=True)
    names = dict(enumerate(key.name for key in work.entity.match))
    asked = not_parted(tx, strongest).select(
        "other",
        record="one",
        subject=pl.format("{}+{}", "one", "other"),
        key=pl.col("key").replace_strict(names, return_dtype=pl.String),
        of=pl.lit(f"{work.salt}-") + pl.col("other").cast(pl.String),
    )
    reviews.ask(tx, work.entity.name, "alike", asked, run=work.run)


def _close_settled(tx: Connection, work: Work, changed: pl.Series) -> None:
    """A question closes by itself when the two have no key in common any more."""
    sides = pl.col("subject").str.split("+").list.eval(pl.element().cast(pl.Int64))
    asked = reviews.open_subjects(tx, work.entity.name, "alike").select(
        "id", one=sides.list.first(), other=sides.list.last()
    )
    touched = asked.filter(pl.any_horizontal(pl.col("one", "other").is_in(changed.implode())))
    if touched.is_empty():
        return
    stored = known.goldens(tx, pl.concat([touched["one"], touched["other"]]).unique(), _fields(work))
    keys = _keys(work, _values(work, stored.rename({"id": "record"}))).select("key", "text", "node")
    alike = touched.join(keys, left_on="one", right_on="node").join(
        keys, left_on=["other", "key", "text"], right_on=["node", "key", "text"], how="semi"
    )
    reviews.close_all(tx, touched.join(alike, on="id", how="anti")["id"])
