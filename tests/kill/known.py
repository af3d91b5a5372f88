"""What the hub of a scene knows: without numbers of runs and rows, and without times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl
from kill.lines import Row, line, named

from synchub.model import NATIVE, VALUE
from synchub.record.codec import prefixed, unpack


@dataclass
class Known:
    """The store's tables, and the rows of every system by their remote ids; links go by what they lead to."""

    store: dict[str, list[Row]]
    systems: dict[str, dict[str, Row]]
    links: dict[int, str] = field(default_factory=dict)
    records: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._members = {row["id"]: row for row in self.store["member"]}
        self._fields = sorted({name for row in self._members.values() for name in json.loads(row["fields"])})
        self._linked = {row["id"]: row["record"] for row in self.store["link"]}
        self.links = {row["id"]: self._row(row) for row in self.store["link"]}
        by_record: dict[int, list[str]] = {row["id"]: [] for row in self.store["record"]}
        for number, record in self._linked.items():
            by_record.setdefault(record, []).append(self.links[number])
        self.records = {number: " + ".join(sorted(names)) or "no link" for number, names in by_record.items()}

    def _row(self, row: Row) -> str:
        member = self._members[row["member"]]
        there = self.systems.get(member["system"], {}).get(row["remote_id"])
        return f"{self._place(row)} {named(there) if there else 'gone ' + row['remote_id']}"

    def _place(self, row: Row) -> str:
        member = self._members[row["member"]]
        return f"{member['system']}/{member['stream']}"

    def _of(self, row: Row) -> str:
        return self.links[row["link"]] if row["link"] is not None else self.records[row["record"]]

    def golden(self) -> Iterator[str]:
        rows = self.store["record"]
        for row, golden in zip(rows, _opened([row["golden"] for row in rows], self._fields), strict=True):
            deleted, joined = row["deleted_run"] is not None, self.records.get(row["joined_into"], "")
            links = self.records[row["id"]]
            yield line({"links": links, "golden": golden, "dirty": row["dirty"] != 0, "deleted": deleted, "in": joined})

    def held(self) -> Iterator[str]:
        rows, columns = self.store["link"], prefixed((NATIVE, VALUE), self._fields)
        said = _opened([row["said"] for row in rows], columns)
        held = _opened([row["held"] or row["said"] for row in rows], columns)
        for row, one, other in zip(rows, said, held, strict=True):
            link, tomb = self.links[row["id"]], row["tomb"] is not None
            yield line({"link": link, "tomb": tomb, "made": row["made"], "said": one, "held": other})

    def claims(self) -> Iterator[str]:
        """Those that count. The same question opened twice is one question."""
        void = {row["id"]: row["void_before"] for row in self.store["record"]}
        told: Counter[tuple[str, str]] = Counter()
        for row in self.store["claim"]:
            record = row["record"] if row["link"] is None else self._linked[row["link"]]
            if row["seq"] > void[record]:
                kept = {name: row[name] for name in ("field", "value", "native", "base", "kind")}
                told[row["kind"], line({"of": self._of(row), "dated": row["at"] is not None, **kept})] += 1
        for (kind, text), times in told.items():
            yield from [text] * (1 if kind == "open" else times)

    def history(self) -> Iterator[str]:
        for row in self.store["history"]:
            yield line({"of": self._of(row), **{name: row[name] for name in ("field", "value", "reason")}})

    def forms(self) -> Iterator[str]:
        for row in self.store["form"]:
            yield line({"of": self._of(row), **{name: row[name] for name in ("field", "state", "golden", "native")}})

    def aside(self) -> Iterator[str]:
        for row in self.store["aside"]:
            kept = {name: row[name] for name in ("kind", "field", "value", "reason", "state")}
            yield line({"of": self._row(row), **kept})

    def questions(self) -> Iterator[str]:
        for row in self.store["review"]:
            if row["state"] == "open":
                yield line({"kind": row["kind"], "of": self.records.get(row["record"], "")})

    def under_way(self) -> Iterator[str]:
        """Operations whose end is not known, and runs that never ended: there must be none."""
        yield from (line(row) for row in self.store["operation"] if row["state"] == "open")
        yield from (line(row) for row in self.store["run"] if row["state"] in ("running", "writing"))

    def events(self) -> Iterator[str]:
        passed = set(self._linked.values())
        for row in self.store["event"]:
            contact = self.records.get(row["record"], "")
            yield line({"of": self._row(row), "contact": contact, "passed": row["id"] in passed})

    def members(self) -> Iterator[str]:
        for row in self.store["member"]:
            kept = {name: row[name] for name in ("accepted", "failed", "fill_only", "claims")}
            yield line({"of": f"{row['system']}/{row['stream']}", "cursor": row["cursor"] is not None, **kept})


def _opened(packed: list[str | None], columns: list[str]) -> list[Row]:
    rows = unpack(pl.Series(packed, dtype=pl.String), columns).to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
