"""What the log says of runs: names of hub.toml and counts, nobody's values."""

from __future__ import annotations

import re
from typing import Any, Final

from synchub.spec.reports import MemberRun, RunReport

ADDRESS: Final = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
QUOTED: Final = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"")
"""Not from one apostrophe to the next."""
LONGEST: Final = 300
COUNTS: Final = ("read", "created", "updated", "deleted", "failed", "quarantined")


def impersonal(text: str) -> str:
    """What a system said, cut short and without what may be somebody's: addresses, and whatever stands in quotes."""
    bare = QUOTED.sub("'…'", ADDRESS.sub("…@…", " ".join(text.split())))
    return bare if len(bare) <= LONGEST else f"{bare[: LONGEST - 1]}…"


def sentence(report: RunReport, seconds: float) -> str:
    """A run in one line: "run 42 of contacts: done in 0.3 s; crm: 12 read, 1 updated"."""
    named = f"run {report.run} of {report.sync}" if report.run else f"{report.sync} could not begin"
    parts = [f"{named}: {report.state} in {seconds:.1f} s", *(_member(member) for member in report.members)]
    parts += [impersonal(report.problem)] if report.problem else []
    return "; ".join(part for part in parts if part)


def _member(member: MemberRun) -> str:
    told = [f"{count} {what}" for what in COUNTS if (count := getattr(member, what))]
    told += [impersonal(member.problem)] if member.problem else []
    return f"{member.member}: {', '.join(told)}" if told else ""


def fields(report: RunReport, seconds: float) -> dict[str, Any]:
    """The same for programs, as what a log record carries besides its text."""
    return {
        "run": report.run or None,
        "sync": report.sync,
        "state": report.state,
        "seconds": round(seconds, 3),
        "members": {
            member.member: {"system": member.system, **{what: getattr(member, what) for what in COUNTS}}
            for member in report.members
        },
    }
