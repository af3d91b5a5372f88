"""Does what `synchub` would do, in a process that may be killed at any step.

It imports everything once and then forks for every job: a line of JSON on its standard input. When the forked process
has ended, however that was, its exit code (below 0: the signal that ended it) is printed as a line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401  imported here, so that no forked process has to
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

import synchub_connectors.hubspot.connector
import synchub_connectors.spreadsheet.connector
import synchub_connectors.sql.connector  # noqa: F401
from synchub.http.transport import Transport
from synchub.redact import Redactor
from synchub.run.hosting import Outside
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.run.work import Seams
from synchub.spec.options import RunOptions, Silent
from synchub.testing.killing import Late, Steps, counted, watched_commits


@dataclass(frozen=True)
class Command:
    """One call of the program: `later` minutes after the first one, with its arguments."""

    name: str
    arguments: dict[str, Any]
    later: float = 0


@dataclass(frozen=True)
class Job:
    """Commands in the folder of a hub. `answer`: the file where to tell what came of them; `kill`: the step to end at.

    `batch` and `blind` as in `synchub.testing.killing.counted`; systems that are `blind` can't be looked up in.
    `rest`: of the same command again and again, what comes after one that wrote nothing is left out.
    """

    folder: str
    tmp: str
    answer: str
    environ: dict[str, str]
    commands: list[Command]
    kill: int | None = None
    batch: int | None = None
    blind: tuple[str, ...] = ()
    rest: bool = False


class Counted(BaseAdapter):
    """Counts every request that goes out, and every answer that comes in."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps, self._inner = steps, Transport()

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        path = f"{request.method} {request.path_url.partition('?')[0]}"
        self._steps.reach(f"request {path}")
        answer = self._inner.send(request, *arguments, **named)
        self._steps.reach(f"answer {path}")
        return answer

    def close(self) -> None:
        self._inner.close()


def open_hub(job: Job, steps: Steps, later: float) -> Hub:
    """The hub as the command opens it, with every step counted."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=later)

    redactor = Redactor()
    outside = Outside(clock, redactor.redact, sleep=lambda _: time.sleep(0.001), transport=lambda: Counted(steps))
    seams = Seams(clock=clock, executor=Late(), crash=steps.crash)
    hub = open_at(Path(job.folder) / "hub.toml", environ=job.environ, redactor=redactor, seams=seams, outside=outside)
    for system in hub.configuration.systems:
        made = hub.connector(system)
        hub.connectors[system] = counted(system, made, steps, batch=job.batch, lookup=system not in job.blind)
    return Hub(hub)


DO: Mapping[str, Callable[[Hub, dict[str, Any]], Any]] = {
    "sync": lambda hub, told: [asdict(run) for run in hub.sync((), RunOptions(**told), Silent())],
    "plan": lambda hub, told: [asdict(plan) for plan in hub.plan((), RunOptions(**told), Silent())],
    "undo": lambda hub, told: [asdict(hub.undo(told["run"], Silent()))],
    "set": lambda hub, told: asdict(hub.set("contact", told["key"], told["values"], reason="a test")),
    "merge": lambda hub, told: asdict(hub.merge("contact", told["key"], told["other"])),
    "split": lambda hub, told: asdict(hub.split("contact", told["key"], told["links"])),
    "retry": lambda hub, told: asdict(hub.quarantine.retry(())),
}


def work(job: Job) -> None:
    """Do the commands one after the other, each in a hub opened anew; then tell what came of them."""
    tempfile.tempdir = job.tmp
    steps = Steps(job.kill)
    sys.addaudithook(lambda what, told: steps.reach(f"rename to {Path(told[1]).name}") if what == "os.rename" else None)
    told: list[Any] = []
    before = Command("", {})
    with watched_commits(steps):
        for command in job.commands:
            if job.rest and command == replace(before, later=command.later) and not written(told[-1]):
                break
            with open_hub(job, steps, command.later) as hub:
                told.append(DO[command.name](hub, command.arguments))
            before = command
    Path(job.answer).write_text(json.dumps({"steps": steps.names, "told": told}, default=str))


def written(reports: list[dict[str, Any]]) -> int:
    """How many operations runs have carried out."""
    return sum(each[kind] for run in reports for each in run["members"] for kind in ("created", "updated", "deleted"))


def main() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        job = Job(**{**told, "commands": [Command(**one) for one in told["commands"]]})
        child = os.fork()
        if child == 0:
            try:
                work(job)
                os._exit(0)
            except BaseException:
                Path(job.answer).write_text(json.dumps({"problem": traceback.format_exc()}))
                os._exit(1)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
