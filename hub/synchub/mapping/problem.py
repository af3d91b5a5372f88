"""One mistake in a mapping file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` leads to the place: ("fields", "city", "transform"). `fix` says what to do; it may be empty."""

    path: tuple[str | int, ...]
    message: str
    fix: str = ""

    @property
    def line(self) -> str:
        """The problem on one line, without the file."""
        place = ".".join(str(part) for part in self.path)
        return f"{place}: {self.message}: {self.fix}" if self.fix else f"{place}: {self.message}"


def meant(word: str, known: Iterable[str]) -> str:
    """Which known word a wrong one was meant to be, as a question; else all of them, if they are few."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names)}" if len(names) <= 40 else ""
