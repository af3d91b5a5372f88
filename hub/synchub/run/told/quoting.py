"""Claims as people read them: who won a field, who lost and why, and what was said before."""

from __future__ import annotations

from typing import Any

import polars as pl

from synchub.merge.claims import ordered
from synchub.model import HUB
from synchub.run.told.facts import Facts
from synchub.spec.reports import ClaimLine

MOST_HISTORY = 50
"""Replaced claims of one field that are told one by one."""

_NO_MORE = {
    "decided": "a person decided afterwards",
    "void": "said before the record was deleted and came back",
    "silent": "this system is only written, so what it held is no claim",
}


_NEWEST = [True, False, True]


class Quotes:
    """The claims of one record, field by field."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._verdicts = {row["field"]: row for row in facts.merged.verdicts.to_dicts()}
        self._latest = _by_field(ordered(facts.latest))
        self._every = _by_field(
            facts.every.filter(pl.col("kind") != "open").sort("run", "rank", "seq", descending=_NEWEST)
        )
        self._counting = {_mark(row) for row in facts.counting.to_dicts()}
        self._members = dict(facts.links.select("id", "member").iter_rows())
        self._seen = _by_field(facts.seen.sort("id", descending=True))

    def fields(self) -> set[str]:
        """Fields that anybody ever said something about."""
        return {*self._every, *self._seen}

    def rule(self, field: str) -> str:
        """The chain that decided, rules joined by commas; where only one speaks, what would decide."""
        verdict = self._verdicts.get(field)
        return str(verdict["rule"]).replace(", then ", ", ") if verdict else ", ".join(self._facts.entity.rules[field])

    def winner(self, field: str) -> ClaimLine | None:
        """The claim whose value is valid; None if there is none, or if several make up the value."""
        row = self._winning(field)
        return None if row is None else self._line(row, _by_hand(row))

    def counted(self, field: str) -> tuple[ClaimLine, ...]:
        """The claims that a value is put together from, where no single one gives it."""
        verdict = self._verdicts.get(field)
        if verdict is None or verdict["open"] or self._winning(field) is not None:
            return ()
        return tuple(self._line(row, _by_hand(row)) for row in self._latest.get(field, []))

    def losers(self, field: str) -> tuple[ClaimLine, ...]:
        """The latest claims of all links that say something else than what is valid."""
        won, verdict = self._winning(field), self._verdicts.get(field)
        if won is None and not (verdict and verdict["open"]):
            return ()
        rule = self.rule(field).split(",")[0].split()[0]
        return tuple(
            self._line(row, _lost(won, row, rule))
            for row in self._latest.get(field, [])
            if won is None or row["value"] != won["value"]
        )

    def agreeing(self, field: str) -> list[str]:
        """Systems that say the same as the winner."""
        won = self._winning(field)
        if won is None:
            return []
        same = [
            row["system"]
            for row in self._latest.get(field, [])
            if row["value"] == won["value"] and _mark(row) != _mark(won)
        ]
        return [system for system in dict.fromkeys(same) if system not in (won["system"], HUB)]

    def history(self, field: str) -> tuple[ClaimLine, ...]:
        """Claims that were replaced or count no more, and other values seen; newest first."""
        told = {_mark(row) for row in self._latest.get(field, [])}
        won = self._winning(field)
        told |= {_mark(won)} if won else set()
        lines = [
            (row["run"], self._line(row, self._no_more(row)))
            for row in self._every.get(field, [])
            if _mark(row) not in told
        ]
        lines += [(row["run"], self._seen_line(row)) for row in self._seen.get(field, [])]
        return tuple(line for _, line in sorted(lines, key=lambda pair: -pair[0])[:MOST_HISTORY])

    def _winning(self, field: str) -> dict[str, Any] | None:
        """The claim that gives the valid value by itself."""
        verdict = self._verdicts.get(field)
        if verdict is None:
            alone = self._latest.get(field, [])
            return alone[0] if alone else None
        same = [row for row in self._every.get(field, []) if _mark(row) == _mark(verdict)]
        return same[0] if same and not verdict["open"] and same[0]["value"] == verdict["value"] else None

    def _no_more(self, row: dict[str, Any]) -> str:
        place = self._facts.places.get(self._members.get(row["link"], -1))
        opted_out = row["field"] == "opted_out" and row["value"] == "true"
        if place is not None and not place.claims and not opted_out:
            return _NO_MORE["silent"]
        if _mark(row) in self._counting:
            return ""
        return _NO_MORE["decided" if row["seq"] >= self._facts.row["void_before"] or opted_out else "void"]

    def _line(self, row: dict[str, Any], reason: str = "") -> ClaimLine:
        return ClaimLine(
            row["system"],
            row["value"],
            self._facts.when(row["at"]),
            str(row["run"]),
            self._stream(row["link"]),
            row["kind"] == "weak",
            reason,
        )

    def _seen_line(self, row: dict[str, Any]) -> ClaimLine:
        place = self._facts.places.get(self._members.get(row["link"], -1))
        system = place.state.system if place else ""
        return ClaimLine(
            system,
            row["value"],
            self._facts.run_time(row["run"]),
            str(row["run"]),
            self._stream(row["link"]),
            False,
            row["reason"],
        )

    def _stream(self, link: int | None) -> str:
        place = self._facts.places.get(self._members.get(link, -1)) if link is not None else None
        return place.state.stream if place else ""


def _by_field(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frame.to_dicts():
        found.setdefault(row["field"], []).append(row)
    return found


def _mark(row: dict[str, Any]) -> tuple[str, int | None, int]:
    """Tells a claim from all others. Its number alone does not: first contact has one for many links."""
    return row["field"], row["link"], row["seq"]


def _by_hand(row: dict[str, Any]) -> str:
    """Which person decided, and why they did."""
    return ": ".join(part for part in (row["author"], row["reason"]) if part) if row["system"] == HUB else ""


def _lost(won: dict[str, Any] | None, lost: dict[str, Any], rule: str) -> str:
    """Why a claim is not followed, where that is to be seen at a glance; the rule itself is told anyway."""
    if won is None:
        return "a person has to decide"
    # That it is weak is told of every weak claim.
    if lost["kind"] == "weak" and won["kind"] != "weak":
        return ""
    # A standing order of systems.
    if rule in ("prefer", "always") and won["system"] != lost["system"]:
        return "what a person decides comes first" if won["system"] == HUB else f"{won['system']} comes first"
    if rule not in ("newest", "prefer", "always"):
        return ""
    # Times.
    if lost["at"] is None and won["at"] is not None:
        return "undated, so older than every date"
    if lost["at"] is not None and won["at"] is not None and lost["at"] < won["at"]:
        return "older"
    # Ties.
    if lost["at"] == won["at"] and lost["rank"] != won["rank"]:
        return f"as old, and {won['system']} stands before {lost['system']} in hub.toml"
    return "as old; the order of ids decided" if lost["at"] == won["at"] else ""
