"""From frames to what people are shown: the changes of a plan with the rule that decided, and the conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from synchub.merge.claims import latest
from synchub.merge.golden import Merged, unpivot
from synchub.model import AS, TO, WAS
from synchub.plan.situation import Planned
from synchub.spec.reports import ConflictLine, FieldChange, RecordChange

if TYPE_CHECKING:
    from synchub.run.work import Part, Work

MOST = 500
"""Changes of one member, and conflicts, that are shown one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a bucket of records was decided on: golden, how it was come by, and what was said at first and since."""

    golden: pl.DataFrame
    merged: Merged
    said: Sequence[pl.DataFrame]
    later: pl.DataFrame


@dataclass(slots=True)
class Shown:
    """What a plan shows. `counts` are of everything, `changes` only of the first of each member."""

    changes: dict[str, list[RecordChange]] = field(default_factory=dict)
    conflicts: list[ConflictLine] = field(default_factory=list)
    conflict_count: int = 0
    put_back: int = 0

    def add_conflicts(self, basis: Basis, work: Work) -> None:
        """Note the conflicts of a bucket."""
        conflicts = basis.merged.conflicts
        self.conflict_count += conflicts.height
        room = conflicts.head(MOST - len(self.conflicts)).sort("record", "field")
        if room.is_empty():
            return
        names = labels(basis.golden.join(room, on="record", how="semi"), work)
        why = _Why(basis, room["record"])
        for record, name, times_only in room.select("record", "field", "times_only").rows():
            rule, winner, value = why.verdict(record, name)
            self.conflicts.append(
                ConflictLine(
                    work.hub_id(record),
                    names[record],
                    name,
                    rule,
                    winner,
                    value,
                    why.losers(record, name),
                    bool(times_only),
                )
            )


class _Why:
    """Verdicts and claims of some records, by record and field."""

    def __init__(self, basis: Basis, records: pl.Series) -> None:
        wanted = pl.DataFrame({"record": records.unique()})
        told = basis.merged.verdicts.join(wanted, on="record", how="semi")
        self._verdicts = {
            (row[0], row[1]): row[2:]
            for row in told.select("record", "field", "rule", "system", "value", "contested").rows()
        }
        claims = [unpivot(frame.join(wanted, on="record", how="semi")) for frame in basis.said]
        own = basis.later.join(wanted, on="record", how="semi")
        now = latest(
            pl.concat([*claims, own.select(claims[0].columns if claims else own.columns)], how="vertical_relaxed")
        )
        self._claims: dict[tuple[int, str], list[tuple[str, str, int]]] = {}
        for record, name, system, value, run in (
            now.sort("rank", "remote_id").select("record", "field", "system", "value", "run").rows()
        ):
            self._claims.setdefault((record, name), []).append((system, value, run))

    def verdict(self, record: int, name: str) -> tuple[str, str, str | None]:
        found = self._verdicts.get((record, name))
        if found:
            return found[0], found[1], found[2]
        claims = self._claims.get((record, name), [])
        return ("only claim", claims[0][0], claims[0][1]) if claims else ("computed", "", None)

    def losers(self, record: int, name: str) -> tuple[tuple[str, str | None], ...]:
        won = self.verdict(record, name)[2]
        return tuple((system, value) for system, value, _ in self._claims.get((record, name), []) if value != won)

    def spoke_in(self, run: int) -> set[int]:
        """The records of which somebody said something new in this run."""
        return {record for (record, _), claims in self._claims.items() if any(when == run for *_, when in claims)}

    def fresh_from(self, record: int, name: str, system: str, run: int) -> str | None:
        """The value that this system itself claimed in this run, if it did."""
        for who, value, when in self._claims.get((record, name), []):
            if who == system and when == run:
                return value
        return None


def show(shown: Shown, part: Part, planned: Planned, basis: Basis, work: Work, *, recomputed: bool) -> None:
    """Add a member's operations of a bucket to what is shown, as far as there is room."""
    changes = shown.changes.setdefault(part.name, [])
    room = planned.operations.head(MOST - len(changes))
    if room.is_empty():
        return
    names = labels(basis.golden.join(room.select("record"), on="record", how="semi"), work)
    why = _Why(basis, room["record"])
    conflicts = {(record, name) for record, name in basis.merged.conflicts.select("record", "field").rows()}
    spoke = why.spoke_in(work.run)
    together = {name for name, chain in work.entity.rules.items() if work.rules[chain[0].split()[0]].computes}
    for row in room.to_dicts():
        fields = tuple(
            _field(part, row, name, why, conflicts)
            for name in part.mapping.outward_fields
            if row.get(TO + name) is not None
        )
        put_back = _puts_back(row, part, why, conflicts, together, work.run) if row["kind"] == "update" else 0
        shown.put_back += put_back
        changes.append(
            RecordChange(
                part.name,
                row["kind"],
                work.hub_id(row["record"]),
                names.get(row["record"], work.hub_id(row["record"])),
                row["remote_id"],
                fields,
                put_back=put_back > 0,
                recomputed=recomputed and row["record"] not in spoke,
                reason="deleted elsewhere" if row["kind"] in ("delete", "archive") else "",
            )
        )


def _field(part: Part, row: dict[str, Any], name: str, why: _Why, conflicts: set[tuple[int, str]]) -> FieldChange:
    rule, winner, _ = why.verdict(row["record"], name)
    contested = (row["record"], name) in conflicts
    return FieldChange(
        name,
        part.mapping.native_target(name),
        row.get(WAS + name),
        row[TO + name],
        rule,
        winner,
        contested,
        why.losers(row["record"], name) if contested else (),
    )


def _puts_back(
    row: dict[str, Any], part: Part, why: _Why, conflicts: set[tuple[int, str]], together: set[str], run: int
) -> int:
    """How many fields undo what a person just changed in this very system, and nobody else did. Where a value is put
    `together` from all that was said, nothing is undone by writing the whole."""
    fresh = [
        (name[len(TO) :], row[AS + name[len(TO) :]]) for name in row if name.startswith(TO) and row[name] is not None
    ]
    lone = [(name, value) for name, value in fresh if (row["record"], name) not in conflicts and name not in together]
    return sum(
        why.fresh_from(row["record"], name, part.member.system, run) not in (None, value) for name, value in lone
    )


class Ids(Protocol):
    """Knows how records are named outside the store."""

    def hub_id(self, record: int) -> str: ...


def labels(golden: pl.DataFrame, ids: Ids) -> dict[int, str]:
    """Records as people know them: "Ann Lee <ann@example.com>", or their hub id where nothing better is known."""

    def text(name: str) -> pl.Expr:
        return pl.col(name).fill_null("") if name in golden.columns else pl.lit("")

    person = (text("first_name") + " " + text("last_name")).str.strip_chars()
    name = (
        pl.when(person != "")
        .then(person)
        .when(text("full_name") != "")
        .then(text("full_name"))
        .otherwise(text("company"))
    )
    label = (
        pl.when((name != "") & (text("email") != ""))
        .then(name + " <" + text("email") + ">")
        .when(name != "")
        .then(name)
        .otherwise(text("email"))
    )
    listed = golden.select("record", label=label).unique("record")
    return {record: text or ids.hub_id(record) for record, text in listed.rows()}
