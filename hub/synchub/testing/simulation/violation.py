"""What is raised where something does not hold that always must."""

from __future__ import annotations


class Violation(AssertionError):
    """Something that must always hold does not."""


def must(holds: object, broken: str) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(broken)
