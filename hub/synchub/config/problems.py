"""What lint finds, one value a problem: `hub.toml:12:3: unknown key 'tokn': did you mean 'token'?`"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from synchub.errors import ConfigurationError

KeyPath = tuple[str | int, ...]
"""Where something stands in a file: the keys from the top; list elements by their number, from 0."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one file. `file` is as the reader knows it: relative to the folder of hub.toml.

    `line` and `column` count from 1. `fix` is what to do about it; it may be empty.
    """

    file: str
    line: int
    column: int
    message: str
    fix: str = ""

    def __str__(self) -> str:
        text = f"{self.message}: {self.fix}" if self.fix else self.message
        return f"{self.file}:{self.line}:{self.column}: {text}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word that was meant, as a question; otherwise all of them, if they are few enough to read."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if names and len(names) <= 40:
        return "known: " + ", ".join(names)
    return ""


def failure(problems: Collection[Problem]) -> ConfigurationError:
    """All problems as one error, in the order of files and lines."""
    listed = sorted(set(problems))
    many = "1 problem" if len(listed) == 1 else f"{len(listed)} problems"
    return ConfigurationError(
        f"The configuration has {many}.",
        not_done="Nothing was read or written.",
        next_step="Mend what is listed, then run `synchub check`.",
        problems=tuple(str(problem) for problem in listed),
    )
