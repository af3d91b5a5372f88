"""Histories: a CRM and a shop that know the same person, what people do there, and what a hub makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from synchub.spec.reports import RunReport
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

ANN = "ann@example.org"
FIELDS = (
    "email",
    "first_name",
    "last_name",
    "job_title",
    "notes",
    "tags",
    "lead_score",
    "lifecycle_stage",
    "opted_out",
    "source",
)

NewHub = Callable[..., MemoryHub]


@dataclass
class Pair:
    """Two systems and their hub. Ann has the id "1" in both, once she is there."""

    crm: MemorySystem
    shop: MemorySystem
    hub: MemoryHub

    def in_crm(self, field: str) -> Any:
        return self.crm.rows["1"][field]

    def in_shop(self, field: str) -> Any:
        return self.shop.rows["1"][field]

    def both(self, field: str) -> tuple[Any, Any]:
        return self.in_crm(field), self.in_shop(field)


NewPair = Callable[..., Pair]


def written(report: RunReport) -> int:
    """How many writes a run performed."""
    return sum(member.written + member.failed for member in report.members)
