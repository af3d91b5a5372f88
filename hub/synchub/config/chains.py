"""Rule chains as text: `["prefer crm shop", "newest"]`. Which rules there are, and what each is for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from synchub.config.problems import did_you_mean
from synchub.model import HUB, FieldType
from synchub.spec.entities import FieldDeclaration

NUMBERS: Final = frozenset[FieldType]({"number", "integer"})
AMOUNTS: Final = NUMBERS | frozenset[FieldType]({"money"})
ORDERED: Final = AMOUNTS | frozenset[FieldType]({"date", "datetime"})

RULES: Final[dict[str, frozenset[FieldType] | None]] = {
    "newest": None,
    "oldest": None,
    "longest": None,
    "most_common": None,
    "highest": ORDERED,
    "lowest": ORDERED,
    "union": frozenset({"set"}),
    "any": frozenset({"bool"}),
    "all": frozenset({"bool"}),
    "furthest": NUMBERS | frozenset[FieldType]({"enum"}),
    "add": AMOUNTS,
    "ask": None,
    "prefer": None,
    "always": None,
}
"""Built-in rules, and the types of field that each is for; None is all."""

NAMING: Final = {"prefer": "prefer crm shop", "always": "always crm"}
"""Rules that name systems, with an example."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one rule of a chain: `number` is its place, from 0."""

    number: int
    message: str
    fix: str = ""


def chain_of(written: str | Sequence[str]) -> tuple[str, ...]:
    """A rule or a chain as hub.toml writes it, as a chain with single spaces."""
    rules = (written,) if isinstance(written, str) else tuple(written)
    return tuple(" ".join(rule.split()) for rule in rules)


def chain_flaws(chain: Sequence[str], systems: Collection[str], plugins: Collection[str]) -> Iterator[Flaw]:
    """What is wrong with a chain whatever field it is for."""
    if not chain:
        yield Flaw(0, "a chain needs a rule", 'for example "newest"')
    for number, rule in enumerate(chain):
        name, *named = rule.split() or [""]
        if name not in RULES and name not in plugins:
            yield Flaw(number, f"unknown rule '{name}'", did_you_mean(name, {*RULES, *plugins}))
        elif name not in NAMING and named:
            yield Flaw(number, f"the rule '{name}' takes no names", f'write "{name}"')
        elif name in NAMING and (not named or (name == "always" and len(named) > 1)):
            count = "one system" if name == "always" else "at least one system"
            yield Flaw(number, f"the rule '{name}' needs {count}", f'for example "{NAMING[name]}"')
        else:
            yield from _naming_flaws(number, named, systems)


def _naming_flaws(number: int, named: Sequence[str], systems: Collection[str]) -> Iterator[Flaw]:
    for place, system in enumerate(named):
        if system == HUB:
            yield Flaw(number, "'hub' is not a system", "leave it out: what people set comes first anyway")
        elif system not in systems:
            yield Flaw(number, f"unknown system '{system}' in a rule", did_you_mean(system, systems))
        elif system in named[:place]:
            yield Flaw(number, f"the rule names '{system}' twice")


def type_flaws(chain: Sequence[str], field: FieldDeclaration) -> Iterator[Flaw]:
    """The rules of a chain that this field's type can't have."""
    for number, rule in enumerate(chain):
        name = rule.split()[0] if rule else ""
        types = RULES.get(name)
        if types is not None and field.type not in types:
            message = f"the rule '{name}' is not for '{field.name}' of type {field.type}"
            yield Flaw(number, message, f"it is for {', '.join(sorted(types))}")
