"""The opposite of what a run wrote, against what is held now: operations, and what can't be put back."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection

from synchub.model import AS, BLANK, OVER, TO, VALUE, WAS
from synchub.plan.situation import HUB_ID
from synchub.record import bulk, journal, known, tables
from synchub.run.work import Part, Work
from synchub.spec.entities import GROUPS


@dataclass(slots=True)
class Opposite:
    """What would be written to one member, and what can't be: (record, why). `anew`: how many are entered once more;
    `unknown`: how many writes of the run are not answered yet."""

    part: Part
    frame: pl.DataFrame
    conflicts: list[tuple[int, str]] = field(default_factory=list)
    anew: int = 0
    unknown: int = 0


def opposite(tx: Connection, work: Work, part: Part, run: int) -> Opposite:
    """The opposite of a member's operations of a run, against what is held now."""
    journaled = journal.of_run(tx, run).filter(pl.col("member") == part.state.id)
    written = journaled.filter(pl.col("state") == journal.DONE)
    links = bulk.rows_of(tx, tables.link, "id", written["link"].drop_nulls())
    held = known.with_held(links, part.mapping.inward_fields)
    by_link = {row["id"]: row for row in held.to_dicts()}
    own = known.links_of(tx, links["record"]).filter((pl.col("member") == part.state.id) & pl.col("tomb").is_null())
    there = set(own["record"].to_list())
    rows, conflicts = [], []
    for operation in written.to_dicts():
        link = by_link.get(operation["link"])
        if link is not None:  # people may have joined or split its record since
            operation["record"] = link["record"]
        if operation["kind"] in _REMOVALS and operation["record"] in there:
            conflicts.append((operation["record"], "it is there again already"))
            continue
        row, why = _one(part, operation, journal.changed(operation["change"]), link)
        if row is not None:
            rows.append(row)
            there.update([row["record"]] if row["kind"] == "create" else [])
        if why:
            conflicts.append((operation["record"], why))
    unknown = journaled.filter(pl.col("state") == journal.OPEN).height
    return Opposite(part, _frame(part, rows), conflicts, sum(row["kind"] == "create" for row in rows), unknown)


_REMOVALS = ("archive", "delete")


def _one(part: Part, operation: dict, change: dict, link: dict | None) -> tuple[dict | None, str]:  # type: ignore[type-arg]
    base = {
        "record": operation["record"],
        "link": operation["link"],
        "remote_id": operation["remote_id"],
        "version": None,
    }
    if link is None:
        return None, "the link is no longer known"
    sent = [name for name in part.mapping.outward_fields if change.get(TO + name) is not None]
    if operation["kind"] == "update" and link["tomb"] is not None:
        return None, "it is gone there"
    if operation["kind"] == "update":  # what an undo that broke off has put back is done
        told = [name for name in sent if name != HUB_ID]  # whose row it is nobody takes back but by a join or split
        sent = [name for name in told if not _holds(part, name, change.get(WAS + name) or BLANK, link)]
    moved = [name for name in sent if not _holds(part, name, change[TO + name], link)]
    if operation["kind"] == "update":
        kept = GROUPS["consent"] if change.get(f"{AS}opted_out") == "true" else ()
        back = {name: change.get(WAS + name) or BLANK for name in sent if name not in moved and name not in kept}
        row = {
            **base,
            "version": link["version"],
            "kind": "update",
            **{TO + name: value for name, value in back.items()},
            **{WAS + name: link[f"hn.{name}"] for name in back},
            **{OVER + name: change.get(OVER + name) for name in back},
        }
        whys = [f"{', '.join(moved)} was edited since"] if moved else []
        whys += ["opted_out is taken back by `synchub set` alone"] if kept else []
        return (row if back else None), "; ".join(whys)
    if operation["kind"] == "create":
        kind = next((kind for kind in _REMOVALS if kind in part.stream.writes), None)
        if moved or link["tomb"] is not None or kind is None:
            why = (
                f"{', '.join(moved)} was edited since"
                if moved
                else "it is gone already"
                if link["tomb"]
                else "rows can't be removed there"
            )
            return None, why
        held = {
            prefix + name: link[column + name]  # all of it: nothing that was entered there since is to go unseen
            for prefix, column in ((WAS, "hn."), (OVER, "hw."))
            for name in part.mapping.outward_fields
        }
        return {**base, "version": link["version"], "kind": kind, **held}, ""
    if "create" not in part.stream.writes:
        return None, "rows can't be made there: it does not come back"
    filled = [name for name in part.mapping.outward_fields if link[f"hn.{name}"]]
    again = {TO + name: link[f"hn.{name}"] for name in filled} | {OVER + name: link[f"hw.{name}"] for name in filled}
    return {**base, "link": None, "remote_id": None, "kind": "create", **again}, ""


def _holds(part: Part, name: str, native: str, link: dict) -> bool:  # type: ignore[type-arg]
    """Whether the system holds this value now."""
    now = link[f"hn.{name}"] or BLANK
    meant = part.mapping.comparable(name, pl.Series([native, now], dtype=pl.String)).fill_null(BLANK)
    return bool(native == now or meant[0] == meant[1])


def _frame(part: Part, rows: list[dict]) -> pl.DataFrame:  # type: ignore[type-arg]
    """Operations as planned frames: what each native text stands for is read by the mapping."""
    names = part.mapping.outward_fields
    schema = {
        "record": pl.Int64,
        "link": pl.Int64,
        "remote_id": pl.String,
        "version": pl.String,
        "kind": pl.String,
        **{prefix + name: pl.String for name in names for prefix in (TO, WAS, OVER)},
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row") if rows else pl.DataFrame(schema=schema)
    natives = {part.mapping.native_target(name): frame[TO + name] for name in names}
    keys = {
        key: pl.Series([f"row {number}" for number in range(frame.height)], dtype=pl.String)
        for key in part.mapping.keys
        if key not in natives
    }
    meant = part.mapping.inward(pl.DataFrame({**natives, **keys})).frame if frame.height else None
    columns = []
    for name in names:
        if meant is None or VALUE + name not in meant.columns:
            values = frame[TO + name]
        else:
            places = frame.select(row=pl.int_range(pl.len(), dtype=pl.Int64))
            values = places.join(meant.select("row", v=VALUE + name), on="row", how="left", maintain_order="left")["v"]
        told = pl.DataFrame({"to": frame[TO + name], "v": values})
        columns.append(
            told.select(
                pl.when(pl.col("to") == BLANK)
                .then(pl.lit(BLANK))
                .when(pl.col("to").is_not_null())
                .then("v")
                .alias(AS + name)
            ).to_series()
        )
    return frame.with_columns(columns)
