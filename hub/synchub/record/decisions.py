"""What people decided: answers about rows, pairs that are not the same, joins and splits of records, their own claims."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.record import bulk, known, tables
from synchub.record.reviews import ANSWERED, questions

_ANSWERED = {"member": pl.Int64, "remote_id": pl.String, "answer": pl.String, "answer_record": pl.Int64}


def answered_rows(tx: Connection) -> pl.DataFrame:
    """member, remote_id, answer, answer_record: rows in review that a person placed; a null record: a new one."""
    placed = []
    for item in questions(tx, ANSWERED):
        if item["kind"] == "match" and item["answer"]:
            member, _, remote_id = item["subject"].partition(":")
            word, _, number = item["answer"].partition(" ")
            placed.append((int(member), remote_id, word, int(number) if number else None))
    return pl.DataFrame(placed, schema=_ANSWERED, orient="row")


def parted_rows(tx: Connection) -> pl.DataFrame:
    """member, remote_id, record: rows and the records that a person said they are not."""
    query = text("SELECT one, other FROM apart WHERE one LIKE 'l:%' AND other LIKE 'r:%'")
    pairs = bulk.select(tx, query, {"one": pl.String, "other": pl.String})
    row = pl.col("one").str.strip_prefix("l:").str.splitn(":", 2).struct
    return pairs.select(
        member=row.field("field_0").cast(pl.Int64),
        remote_id=row.field("field_1"),
        record=pl.col("other").str.strip_prefix("r:").cast(pl.Int64),
    )


def not_parted(tx: Connection, pairs: pl.DataFrame) -> pl.DataFrame:
    """`pairs` of records, one and other, without those of which a person said that they are not the same."""
    links = known.links_of(tx, pl.concat([pairs["one"], pairs["other"]]).unique())
    own = links.select("member", "remote_id", node="record")
    apart = parted_rows(tx).join(own, on=["member", "remote_id"]).select("node", "record")
    return pairs.join(apart, left_on=["one", "other"], right_on=["node", "record"], how="anti").join(
        apart, left_on=["one", "other"], right_on=["record", "node"], how="anti"
    )


def part_for_ever(tx: Connection, one: str, other: str, *, run: int) -> None:
    """Remember that two are not the same: rows as l:MEMBER:REMOTE_ID, records as r:ID."""
    bulk.insert(tx, tables.apart, pl.DataFrame({"one": [one], "other": [other], "run": [run]}), ignore=True)


def move_links(tx: Connection, links: list[int], record: int) -> None:
    """Links with all their claims belong to another record from now on."""
    bulk.update(tx, tables.link, pl.DataFrame({"id": links}).with_columns(record=pl.lit(record, dtype=pl.Int64)))


def move_decisions(tx: Connection, source: int, target: int) -> None:
    """People's claims on one record become claims on another."""
    tx.execute(text("UPDATE claim SET record = :target WHERE record = :source"), {"source": source, "target": target})


def move_parted(tx: Connection, source: int, target: int) -> None:
    """Who was parted from one record is parted from the one it was joined into; its own rows are parted from it no more."""
    both = {"source": f"r:{source}", "target": f"r:{target}"}
    tx.execute(
        text(
            "INSERT INTO apart (one, other, run) SELECT one, :target, run FROM apart WHERE other = :source ON CONFLICT DO NOTHING"
        ),
        both,
    )
    tx.execute(text("DELETE FROM apart WHERE other = :source"), {"source": both["source"]})
    tx.execute(
        text(
            "DELETE FROM apart WHERE other = :target AND one IN "
            "(SELECT 'l:' || member || ':' || remote_id FROM link WHERE record = :record)"
        ),
        {"target": both["target"], "record": target},
    )
