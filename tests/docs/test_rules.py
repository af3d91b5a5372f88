"""Every example in the table of rules is played, day by day, on a real hub over systems in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from docs.pages import read, table

from synchub.config.chains import RULES
from synchub.model import FieldType
from synchub.spec.entities import CONTACT_FIELDS
from synchub.testing.memory import MemorySystem
from synchub.testing.memory_hub import MemoryHub

DAY = 24 * 60
ANN = "ann@example.org"
OWN: dict[str, FieldType] = {"vip": "bool"}
HEAD = ("rule", "looks at", "who wins", "field", "example", "golden")
EXAMPLES = table(read("docs/how-a-sync-decides.md"), *HEAD)


@dataclass(frozen=True)
class Said:
    """What one system is told on one day: native value, None is blank."""

    day: int
    system: str
    value: Any


def days(example: str, kind: str) -> list[Said]:
    """`day 1: crm `Berlin`; day 2: shop *blank*` as edits."""
    found = []
    for part in example.split(";"):
        day, _, said = part.strip().partition(":")
        for system, value, blank in re.findall(r"(\w+) (?:`([^`]+)`|(\*blank\*))", said):
            found.append(Said(int(day.removeprefix("day ")), system, None if blank else native(value, kind)))
    return found


def native(text: str, kind: str) -> Any:
    match kind:
        case "bool":
            return text == "true"
        case "number":
            return int(text)
        case "set":
            return [element.strip() for element in text.split(",")]
    return text


def play(rule: str, field: str, said: list[Said]) -> tuple[MemoryHub, list[str]]:
    """A hub after all days, and the kinds of questions that are open."""
    types: dict[str, FieldType] = {"email": "email", field: OWN.get(field) or CONTACT_FIELDS[field].type}
    named = ["crm", "shop", "fair"] if "fair" in {each.system for each in said} else ["crm", "shop"]
    systems = {name: MemorySystem(name, types) for name in named}
    own = {"fields": {field: OWN[field]}} if field in OWN else {}
    hub = MemoryHub(list(systems.values()), rules={field: rule}, **own)
    for day in sorted({each.day for each in said}):
        for at, each in enumerate((each for each in said if each.day == day), start=1):
            system = systems[each.system]
            if system.rows:
                system.edit("1", at=day * DAY + at, **{field: each.value})
            else:
                system.create(at=day * DAY + at, email=ANN, **{field: each.value})
        hub.sync(day * DAY + 60)
    return hub, [question["kind"] for question in hub.review()]


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['rule']} {row['example']}".replace("`", ""))
def test_example(row: dict[str, str]) -> None:
    rule, field = row["rule"].strip("`"), row["field"].strip("`")
    kind = OWN.get(field) or CONTACT_FIELDS[field].type
    hub, questions = play(rule, field, days(row["example"], kind))
    with hub:
        if row["golden"] == "*asked*":
            assert questions == ["ask"]
            return
        assert questions == []
        golden = hub.golden(ANN).get(field, "")
    expected = "" if row["golden"] == "*blank*" else row["golden"].strip("`")
    if kind == "set":
        expected = "[" + ",".join(f'"{element}"' for element in expected.split(", ")) + "]"
    assert golden == expected


def test_every_rule_has_an_example() -> None:
    assert {row["rule"].strip("`").split()[0] for row in EXAMPLES} == set(RULES)
