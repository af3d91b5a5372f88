"""What comes in and what goes out, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from synchub.testing.crm import refusals


class Request(NamedTuple):
    """One line of the log. `status` is 0 where the connection was broken off instead of an answer."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Asked:
    """A request as the routes see it. `query` holds every value of a parameter, `body` the JSON."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Any = None
    origin: str = ""

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def several(self, name: str) -> list[str]:
        """A list parameter: repeated, or parted by commas."""
        return [part for value in self.query.get(name, ()) for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """Only the exact spelling counts, as there."""
        return self.one(name, "false") == "true"

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.one(name, str(default)))
        except ValueError:
            raise refusals.malformed(f"{name} is not a number.") from None

    def entry(self, name: str) -> Any:
        """A required key of the body."""
        if not isinstance(self.body, dict) or name not in self.body:
            raise refusals.malformed(f"Some required fields were not set: [{name}]")
        return self.body[name]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
