"""The rows of a hub that could not be understood: listed, shown, retried or let go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection, text

from synchub.errors import ConfigurationError
from synchub.record import known, members, retries, reviews, tables
from synchub.run.opening import Opened
from synchub.run.people.deciding import AT_NEXT_RUN
from synchub.run.told.telling import aware
from synchub.spec.answers import Outcome, QuarantineGroup, QuarantineItem

_KINDS = ("quarantine", retries.WRITE)


class Quarantined:
    """The rows of a hub that could not be understood, and the writes that systems could not take."""

    def __init__(self, hub: Opened) -> None:
        self._hub = hub

    def list(self) -> Sequence[QuarantineGroup]:
        with self._hub.store.read() as tx:
            rows = reviews.asides(tx, kinds=_KINDS)
            where = {state.id: state for state in _members(tx)}
            clocks = known.run_clocks(tx, rows["run"])
        groups = rows.group_by("member", "cause", "kind").agg(
            count=pl.len(),
            example=pl.col("id").min(),
            first=pl.col("run").min(),
            last=pl.col("run").max(),
            again=pl.col("retry_at").min(),
        )
        zone = self._hub.configuration.settings.timezone
        return [
            QuarantineGroup(
                row["cause"],
                where[row["member"]].system,
                where[row["member"]].stream,
                row["count"],
                str(row["example"]),
                aware(clocks.get(row["first"]), zone),
                aware(clocks.get(row["last"]), zone),
                _next_step(row, zone),
            )
            for row in groups.sort("count", "example", descending=[True, False]).to_dicts()
        ]

    def show(self, item: str) -> QuarantineItem:
        with self._hub.store.read() as tx:
            row = self._row(tx, item)
            state = next(state for state in _members(tx) if state.id == row["member"])
            clocks = known.run_clocks(tx, pl.Series([row["run"]]))
        return QuarantineItem(
            str(row["id"]),
            state.system,
            state.stream,
            row["reason"],
            _as_read(row["raw"]),
            row["remote_id"],
            row["field"] or "",
            row["value"],
            str(row["run"]),
            aware(clocks.get(row["run"]), self._hub.configuration.settings.timezone),
            row["tries"],
        )

    def retry(self, items: Sequence[str]) -> Outcome:
        """The next run looks at the rows again, in the raw form they are kept in."""
        count = self._mark(items, "retry")
        return Outcome(f"{count} rows are looked at again by the next run.", AT_NEXT_RUN)

    def discard(self, items: Sequence[str], *, reason: str) -> Outcome:
        """The rows are let go: not retried and not counted. They come back if they are read again otherwise."""
        count = self._mark(items, "discarded")
        return Outcome(
            f"{count} rows were let go.", "`synchub quarantine retry` takes them up again.", (("reason", reason),)
        )

    def _mark(self, items: Sequence[str], state: str) -> int:
        with self._hub.store.write() as tx:
            rows = [self._row(tx, item)["id"] for item in items] or reviews.asides(tx, kinds=_KINDS)["id"].to_list()
            if rows:
                tx.execute(tables.aside.update().where(tables.aside.c.id.in_(rows)).values(state=state))
        return len(rows)

    def _row(self, tx: Connection, item: str) -> dict[str, Any]:
        own = tables.aside.c
        row = tx.execute(
            tables.aside.select().where(own.id == (int(item) if item.isdigit() else -1), own.kind.in_(_KINDS))
        ).first()
        if row is None:
            raise ConfigurationError(
                f"Nothing in quarantine has the number {item}.",
                next_step="`synchub quarantine list` shows what is there.",
            )
        return dict(row._mapping)


def _next_step(group: dict[str, Any], zone: str) -> str:
    if group["kind"] != retries.WRITE:
        return "Mend the mapping or the value in the system; the next run takes them by itself."
    if group["again"] is None:
        return "They were tried often enough. When the system can take them: `synchub quarantine retry`."
    return f"Nothing to do: they are tried again by the first run after {aware(group['again'], zone):%Y-%m-%d %H:%M}."


def _as_read(raw: str) -> str:
    """A row's raw form; of one that the connector could not read just its text, of several under one key the list."""
    kept = orjson.loads(raw)
    if isinstance(kept, dict) and len(kept) == 1:
        return str(kept["_raw"]) if "_raw" in kept else orjson.dumps(kept["_rows"]).decode() if "_rows" in kept else raw
    return raw


def _members(tx: Connection) -> list[members.MemberState]:
    entities = [row.entity for row in tx.execute(text("SELECT DISTINCT entity FROM member"))]
    return [state for entity in entities for state in members.of_entity(tx, entity)]
