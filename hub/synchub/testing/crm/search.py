"""The stand-in's search: an index of its own that lags behind the records, and its filters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from synchub.testing.crm import refusals
from synchub.testing.crm.properties import Property, moment

MOST_RESULTS = 10_000
LARGEST_PAGE = 200
MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class _Pending:
    request: int
    at: datetime
    kind: str
    id: str
    properties: dict[str, str] | None
    """None: the record is no longer to be found."""


@dataclass
class Index:
    """What search knows: every change arrives `lag_requests` requests and `lag_seconds` seconds late."""

    now: Callable[[], datetime]
    lag_requests: int = 0
    lag_seconds: float = 0.0
    requests: int = 0
    _known: dict[str, dict[str, dict[str, str]]] = field(
        default_factory=lambda: {"contacts": {}, "notes": {}}, init=False
    )
    _pending: deque[_Pending] = field(default_factory=deque, init=False)

    def changed(self, kind: str, record: str, properties: dict[str, str] | None) -> None:
        due = self.now() + timedelta(seconds=self.lag_seconds)
        copy = None if properties is None else dict(properties)
        self._pending.append(_Pending(self.requests + self.lag_requests, due, kind, record, copy))

    def catch_up(self) -> None:
        """Take in every change that is due, in their order."""
        now = self.now()
        while self._pending and self._pending[0].request <= self.requests and self._pending[0].at <= now:
            change = self._pending.popleft()
            if change.properties is None:
                self._known[change.kind].pop(change.id, None)
            else:
                self._known[change.kind][change.id] = change.properties

    def find(self, kind: str, rules: Mapping[str, Property], question: Mapping[str, Any]) -> list[dict[str, str]]:
        """The properties of all that answer, sorted. Groups are alternatives, a group's filters all hold."""
        groups = [
            [_condition(rules, told) for told in group.get("filters", ())] for group in question.get("filterGroups", ())
        ]
        self.catch_up()
        found = [
            properties
            for properties in self._known[kind].values()
            if not groups or any(all(holds(properties) for holds in group) for group in groups)
        ]
        name, descending = _order(question.get("sorts") or ())
        if name not in rules:
            raise refusals.malformed(f"There was a problem with the request: no property {name} to sort by.")
        found.sort(key=lambda properties: _comparable(rules[name], properties.get(name, "")), reverse=descending)
        return found


def _order(sorts: Any) -> tuple[str, bool]:
    if len(sorts) > 1:
        raise refusals.malformed("Only one sort is allowed.")
    if not sorts:
        return "hs_object_id", False
    told = sorts[0]
    if isinstance(told, str):
        return told.lstrip("-"), told.startswith("-")
    return told["propertyName"], told.get("direction") == "DESCENDING"


def _condition(rules: Mapping[str, Property], told: Mapping[str, Any]) -> Callable[[dict[str, str]], bool]:
    """A filter as a test of one record's properties."""
    name, operator = told.get("propertyName", ""), told.get("operator", "")
    if name not in rules:
        raise refusals.malformed(f"There was a problem with the request: no property {name}.")
    rule = rules[name]

    def value(properties: dict[str, str]) -> Any:
        return _comparable(rule, properties.get(name, ""))

    def filled(properties: dict[str, str]) -> bool:
        return bool(properties.get(name))

    if operator in ("IN", "NOT_IN"):
        values = told.get("values") or ()
        if not 0 < len(values) <= MOST_VALUES:
            raise refusals.malformed(f"{operator} takes 1 to {MOST_VALUES} values.")
        among = {_comparable(rule, one) for one in values}
        return lambda p: filled(p) and (value(p) in among) == (operator == "IN")
    bound = _comparable(rule, str(told.get("value", "")))
    high = _comparable(rule, str(told.get("highValue", "")))
    tests: dict[str, Callable[[dict[str, str]], bool]] = {
        "EQ": lambda p: filled(p) and value(p) == bound,
        "NEQ": lambda p: value(p) != bound,
        "GT": lambda p: filled(p) and value(p) > bound,
        "GTE": lambda p: filled(p) and value(p) >= bound,
        "LT": lambda p: filled(p) and value(p) < bound,
        "LTE": lambda p: filled(p) and value(p) <= bound,
        "BETWEEN": lambda p: filled(p) and bound <= value(p) <= high,
        "HAS_PROPERTY": filled,
        "NOT_HAS_PROPERTY": lambda p: not filled(p),
        "CONTAINS_TOKEN": lambda p: str(told.get("value", "")).strip("*").lower() in p.get(name, "").lower(),
    }
    if operator not in tests:
        raise refusals.malformed(f"{operator} is not a valid operator.")
    return tests[operator]


@lru_cache(maxsize=1 << 16)
def _comparable(rule: Property, value: str) -> Any:
    """Numbers and times by their size, the rest by lower-case text. What can't be read comes before all."""
    if rule.type == "number":
        try:
            return float(value)
        except ValueError:
            return float("-inf")
    if rule.type in ("datetime", "date"):
        try:
            return moment(value).timestamp()
        except ValueError:
            return float("-inf")
    return value.lower()
