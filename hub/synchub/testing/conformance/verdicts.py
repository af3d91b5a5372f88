"""What a rule is, and what it can say of a connector."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synchub.spec.quality import Tier

if TYPE_CHECKING:
    from synchub.testing.conformance.subject import Subject

Group = Literal["discovery", "reading", "writing", "looking up", "transport", "hygiene", "import", "documentation"]

PAGE = "docs/quality.md"
"""Where each rule has a section of its name."""


class Broken(AssertionError):
    """The connector breaks the rule; the text says what was seen."""


class Skipped(Exception):
    """The rule does not apply to this connector; the text says why. It counts as kept."""


class Unchecked(Exception):
    """The rule applies, but could not be checked; the text says what is missing. It does not count as kept."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. The docstring of `check` is its section in the manual: a line that says what it asks for, then
    paragraphs that begin with Why, Example and Exempt.

    `by_hand`: a person looks and notes it under `done` in quality.toml.
    """

    name: str
    tier: Tier
    group: Group
    check: Callable[[Subject], None]
    by_hand: bool = False

    @property
    def summary(self) -> str:
        """What it asks for, in one line."""
        return self._parts[0]

    @property
    def why(self) -> str:
        """What goes wrong without it."""
        return self._told("Why")

    @property
    def example(self) -> str:
        """How it is broken, and how it is kept."""
        return self._told("Example")

    @property
    def exemption(self) -> str:
        """When a connector may do without."""
        return self._told("Exempt")

    @property
    def place(self) -> str:
        """Its section in the manual."""
        return f"{PAGE}#{self.name}"

    @property
    def _parts(self) -> list[str]:
        told = inspect.cleandoc(self.check.__doc__ or "")
        return [" ".join(part.split()) for part in re.split(r"\n\s*\n", told)]

    def _told(self, heading: str) -> str:
        named = [part.removeprefix(f"{heading}: ") for part in self._parts if part.startswith(f"{heading}: ")]
        return named[0] if named else ""


def expect(holds: bool, seen: str) -> None:
    """Raise Broken with what was seen, unless it holds."""
    if not holds:
        raise Broken(seen)
