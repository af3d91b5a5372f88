"""One copy of a hub and of all its systems, which outlive the process that works on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from kill.program import Command, Job
from servers.postgresql import PostgreSQL

from synchub.testing.crm import StandInCrm

PROGRAM = Path(__file__).with_name("program.py")
KILLED = -9


class Worker:
    """The program, waiting for jobs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},  # of so few rows threads make nothing but work
        )

    def do(self, job: Job) -> int:
        """Have a job done; the exit code of the process that did it, below 0 the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        return int(self._process.stdout.readline())

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@dataclass
class Scene:
    """A folder with hub.toml, an SQLite store and database files; beside it the CRM, and PostgreSQL databases for the
    store and a system, where a scenario has them."""

    folder: Path
    worker: Worker
    crm: StandInCrm | None = None
    server: PostgreSQL | None = None
    store: str | None = None
    target: str | None = None
    batch: int | None = 2
    blind: tuple[str, ...] = ()
    tmp: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tmp = self.folder.with_name(self.folder.name + ".tmp")
        self.tmp.mkdir()

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{self.folder}/hub.db"

    @property
    def environ(self) -> dict[str, str]:
        environ = {"SYNCHUB_STORE": self.store_url}
        if self.crm is not None:
            environ |= {"CRM_URL": self.crm.url, "CRM_TOKEN": self.crm.token}
        if self.target is not None:
            environ["TARGET_URL"] = self.target
        return environ

    def run(self, *commands: Command, kill: int | None = None, rest: bool = False) -> dict[str, Any]:
        """Have commands done by another process, until one writes nothing if `rest`. With `kill` it must have been ended
        at that step."""
        answer = self.folder.with_name(self.folder.name + ".answer.json")
        job = Job(
            str(self.folder),
            str(self.tmp),
            str(answer),
            self.environ,
            list(commands),
            kill,
            self.batch,
            self.blind,
            rest,
        )
        code = self.worker.do(job)
        told: dict[str, Any] = json.loads(answer.read_text()) if answer.exists() else {}
        answer.unlink(missing_ok=True)
        assert code == (0 if kill is None else KILLED), f"exit code {code}\n{told.get('problem', told)}"
        if kill is not None and self.server is not None and self.store is not None:
            self.server.leave(self.store)
        if kill is not None and self.server is not None and self.target is not None:
            self.server.leave(self.target)
        return told

    def sync(self, later: float = 0, **options: Any) -> list[dict[str, Any]]:
        """One run of all syncs: their reports."""
        reports: list[dict[str, Any]] = self.run(Command("sync", options, later))["told"][0]
        assert not [report["problem"] for report in reports if report["problem"]]
        return reports

    @contextmanager
    def copy(self, name: str, worker: Worker) -> Iterator[Self]:
        """A copy of all of it, in a folder beside this one; gone afterwards."""
        with ExitStack() as stack:
            folder = self.folder.with_name(name)
            shutil.copytree(self.folder, folder)
            stack.callback(shutil.rmtree, folder)
            crm = self.crm and stack.enter_context(crm_of(folder))
            store, target = (self._database(url, stack) for url in (self.store, self.target))
            made = type(self)(folder, worker, crm, self.server, store, target, self.batch, self.blind)
            stack.callback(shutil.rmtree, made.tmp)
            yield made

    def _database(self, url: str | None, stack: ExitStack) -> str | None:
        if url is None or self.server is None:
            return None
        copied = self.server.copy(url)
        stack.callback(self.server.drop, copied)
        return copied


class CrmClock:
    """The CRM's clock, which a scenario can put back: what happens then was long ago."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


def crm_of(folder: Path) -> StandInCrm:
    """A CRM that keeps its records in a folder."""
    return StandInCrm(folder / "crm.json", clock=CrmClock())


def until_rest(commands: Sequence[Command], later: float, runs: int) -> list[Command]:
    """The commands, and plain runs an hour apart."""
    first = [Command(one.name, one.arguments, later) for one in commands]
    return [*first, *(Command("sync", {}, later + 60 * number) for number in range(1, runs))]
