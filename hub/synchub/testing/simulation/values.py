"""The fields of simulated records, the values that people enter there, and what those stand for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from synchub.mapping.native import native_text
from synchub.model import BLANK
from synchub.testing.memory import moment
from synchub.testing.simulation.steps import Deed

REVENUE = "revenue"
"""Amounts of money: bare numbers, each system's in its own currency."""
TEXTS = ("job_title", "owner", "notes", "tags", "lead_score", "lifecycle_stage")
FIELDS = ("email", "first_name", *TEXTS, "opted_out", REVENUE)
TYPES = {"lead_score": "text", REVENUE: "number"}
"""A score that is no number can be entered there: nobody can understand it."""
GARBLED = "many"
TOKEN = "a-token-that-nobody-else-may-see"
"""What every system is called with, and what it names when something goes wrong."""
EURO, YEN = "EUR", "JPY"
A_DAY = 24 * 60
STAGES = ("subscriber", "lead", "customer")
PEOPLE = 4


def value_of(deed: Deed, now: int) -> Any:
    """A value of the field's kind; texts are never the same twice."""
    match deed.field:
        case "tags":
            return [tag for place, tag in enumerate("xyz") if deed.value >> place & 1] or None
        case "lead_score":
            return str(deed.value % 10)
        case "lifecycle_stage":
            return STAGES[deed.value % 3]
        case "opted_out":
            return deed.value % 2 == 0
        case "first_name":
            return f"P{deed.value % PEOPLE}"
        case "email":
            return f"p{deed.value % PEOPLE}@example.org"
        case "revenue":
            return deed.value % 10 * 1000 + now
    return ("abcdefghij"[deed.value % 10] * 2) + str(now)


def canonical(name: str, value: Any, currency: str = EURO) -> str:
    """What a native value stands for: every field here is mapped as it is, amounts as such of their system's currency."""
    return money(Decimal(str(value)), currency) if name == REVENUE and value is not None else natively(name, value)


def money(amount: Decimal, currency: str) -> str:
    """An amount rounded to the smallest coin."""
    return f"{amount:.{0 if currency == YEN else 2}f} {currency}"


def natively(name: str, value: Any) -> str:
    """A native value as text."""
    if value is None:
        return BLANK
    if name == "tags":
        return native_text(sorted(value)) or BLANK
    return native_text(value) or BLANK


def cut(value: str) -> str:
    """A system's own form of a text."""
    return value[:3]


class Bank:
    """Exchange rates, others every day."""

    def rate(self, source: str, target: str, day: str) -> str:
        """How many units of the second currency one of the first bought on an ISO date."""
        return str(round(_EUROS[source] / _EUROS[target] * (1 + int(day[-2:]) / 100), 6))


_EUROS = {EURO: 1, "USD": 0.9, YEN: 0.006}
CURRENCIES = tuple(_EUROS)


def worth(name: str, golden: str, currency: str, now: int) -> set[str]:
    """What may stand for golden in a system: itself, or an amount exchanged at the rate of a day by now."""
    own = golden[-3:]
    if name != REVENUE or own in (BLANK, currency):
        return {golden}
    days = {f"{moment(at).date()}" for at in (*range(0, now, A_DAY), now)}
    return {money(Decimal(golden[:-4]) * Decimal(Bank().rate(own, currency, day)), currency) for day in days}
