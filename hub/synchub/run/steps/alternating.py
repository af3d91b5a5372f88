"""Two systems that each put a value into a form of their own would write for ever. After three rounds a person decides."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from synchub.model import TO
from synchub.record import bulk, intake, journal, known, reviews, tables
from synchub.run.work import Work
from synchub.spec.entities import GROUPS

ROUNDS = 3


def notice_alternation(tx: Connection, work: Work) -> None:
    """Count runs in which a system changed a field that the run before had written there; hold back those that went on so.

    Rounds are counted by record: where two systems insist, each of them answers only every other run.
    """
    claims = bulk.select(
        tx,
        text("SELECT DISTINCT link, field FROM claim WHERE run = :run AND link IS NOT NULL AND kind = 'claim'"),
        {"link": pl.Int64, "field": pl.String},
        run=work.run,
    )
    if claims.is_empty() or not work.last_run:
        return
    written = _written(tx, claims["link"].unique(), work.last_run)
    flips = claims.join(written, on=["link", "field"], how="semi")
    if flips.is_empty():
        return
    counted = flips.join(_rounds(tx, flips, work.last_run), on=["link", "field"], how="left").with_columns(
        count=pl.col("count").fill_null(0) + 1
    )
    base = counted.select(
        "link", "field", "count", golden=pl.lit(None, dtype=pl.String), native=pl.lit(None, dtype=pl.String)
    )
    intake.put_forms(tx, base.with_columns(state=pl.lit("flip")), run=work.run)
    stuck = base.filter(pl.col("count") >= ROUNDS)
    if not stuck.is_empty():  # an opt-out is never given up on, however often a system takes it back
        intake.put_forms(
            tx,
            stuck.filter(~pl.col("field").is_in(GROUPS["consent"])).with_columns(state=pl.lit("alternating")),
            run=work.run,
        )
        _ask(tx, work, stuck)


def _rounds(tx: Connection, flips: pl.DataFrame, run: int) -> pl.DataFrame:
    """link, field, count: how many rounds the same field of the same record had gone through by the run before."""
    owners = bulk.rows_of(tx, tables.link, "id", flips["link"].unique()).select("record", link="id")
    siblings = known.links_of(tx, owners["record"].unique()).select("record", link="id")
    before = bulk.rows_of(tx, tables.form, "link", siblings["link"]).filter(
        (pl.col("state") == "flip") & (pl.col("run") == run)
    )
    rounds = before.join(siblings, on="link").group_by("record", "field").agg(pl.col("count").max())
    return flips.join(owners, on="link").join(rounds, on=["record", "field"]).select("link", "field", "count")


def _written(tx: Connection, links: pl.Series, run: int) -> pl.DataFrame:
    operations = bulk.rows_of(tx, tables.operation, "link", links).filter(
        (pl.col("run") == run) & (pl.col("state") == "done")
    )
    pairs = [
        (link, name.removeprefix(TO))
        for link, change in operations.select("link", "change").rows()
        for name, value in journal.changed(change).items()
        if name.startswith(TO) and value is not None
    ]
    return pl.DataFrame(pairs, schema={"link": pl.Int64, "field": pl.String}, orient="row")


def _ask(tx: Connection, work: Work, stuck: pl.DataFrame) -> None:
    owners = bulk.rows_of(tx, tables.link, "id", stuck["link"].unique())
    systems = {number: place.state.system for number, place in work.places.items()}
    asked = stuck.join(owners.select("record", "member", "remote_id", link="id"), on="link", maintain_order="left")
    reviews.ask(
        tx,
        work.entity.name,
        "alternating",
        asked.select(
            "record",
            "remote_id",
            "field",
            system=pl.col("member").replace_strict(systems, return_dtype=pl.String),
            subject=pl.format("{}:{}", "link", "field"),
        ),
        run=work.run,
    )
