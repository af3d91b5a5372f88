"""What a history is made of: plain values, whose text is the Python that makes them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

HUB = -1
"""Instead of a system: the hub itself, its process and its store."""


class Short:
    """Prints only what is not as usual."""

    def __repr__(self) -> str:
        usual = {one.name: one.default for one in fields(self)}  # type: ignore[arg-type]
        said = [f"{name}={getattr(self, name)!r}" for name, value in usual.items() if getattr(self, name) != value]
        return f"{type(self).__name__}({', '.join(said)})"


@dataclass(frozen=True, slots=True, repr=False)
class Deed(Short):
    """What somebody does. `who` and `value` are seeds: they mean what they can mean there and then."""

    kind: str
    system: int = 0
    who: int = 0
    field: str = ""
    value: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Fault(Short):
    """What goes wrong in a run: at the `nth` call of one kind, or from then on.

    Calls of a system: streams, read (a page), cursor (where a read starts), lookup, write. Of the hub (system -1): begin
    and commit of a transaction, and the named points between its steps. `deed`: what somebody does just then.
    """

    kind: str
    system: int
    call: str
    nth: int = 1
    lasting: bool = False
    deed: Deed | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Run(Short):
    """One run of the hub. `only`: just this system, as after a notice of it. `accept`: members that wait are accepted."""

    faults: tuple[Fault, ...] = ()
    full: bool = False
    only: int | None = None
    accept: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Edit(Short):
    """Somebody edits hub.toml or a mapping: `kind` is rule, where, direction, on_delete, unmap, drop or add."""

    kind: str
    system: int = 0
    value: int = 0


Step = Deed | Run | Edit


@dataclass(frozen=True)
class Shape:
    """What a world is made of: traits of each system, what its member says, and the rules."""

    traits: tuple[Mapping[str, Any], ...]
    members: tuple[Mapping[str, Any], ...]
    rules: Mapping[str, Any]


@dataclass(frozen=True)
class History:
    """What happens, in order. At its end everybody goes home, nothing fails any more, and the world is looked at."""

    shape: Shape
    steps: tuple[Step, ...]
    seed: int | None = field(default=None, compare=False, repr=False)
