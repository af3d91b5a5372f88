"""Does `synchub serve` stay small and quick? Runs that find nothing to do, one after the other in one process.

    .venv/bin/python benchmarks/serving.py 2000

Prints, every hundredth run, the process's memory, how long a run took in the middle of the last hundred, and the
processor's time for one (looking what is due among it). Time is played: the loop is the real one, its clock and its
waiting are not.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from synchub.redact import Redactor
from synchub.run.hosting import Outside
from synchub.run.hub import Hub
from synchub.run.opening import open_at
from synchub.run.work import Seams
from synchub.serve.board import Board
from synchub.serve.kept import Kept
from synchub.serve.loop import Loop
from synchub.serve.metrics import Metrics

HUB = """
[systems.shop]
connector = "sql"
url       = "sqlite:///shop.db"

[systems.fair]
connector = "spreadsheet"
path      = "leads.csv"
key       = "id"

[entities.contact]
match = { keys = ["email"] }

[syncs.contacts]
entity   = "contact"
schedule = "* * * * *"

[syncs.contacts.members.shop]
stream  = "people"
mapping = "both"

[syncs.contacts.members.fair]
stream  = "leads"
mapping = "both"
"""
MAPPING = 'entity = "contact"\nkey = "id"\n\n[fields]\nemail = "email"\nfirst_name = "first_name"\nphone = "phone"\n'
PEOPLE = 200
EVERY = 100


class Played:
    """A clock that stands still until the loop waits, and a loop that ends after so many runs."""

    def __init__(self, runs: int) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.left = runs

    @property
    def asked(self) -> bool:
        return self.left <= 0

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 0.001))

    def clock(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


class Counting(logging.Handler):
    """Counts runs by their lines in the log, and prints how the process is."""

    def __init__(self, played: Played, runs: int) -> None:
        super().__init__()
        self._played, self._runs = played, runs
        self._took: list[float] = []
        self._before, self._worked = time.perf_counter(), time.process_time()

    def emit(self, record: logging.LogRecord) -> None:
        if "members" not in vars(record):
            print(record.getMessage())
            return
        now = time.perf_counter()
        self._took.append(now - self._before)
        self._before = now
        self._played.left -= 1
        done = self._runs - self._played.left
        if done in (1, 10) or done % EVERY == 0:
            worked, self._worked = (time.process_time() - self._worked) / len(self._took), time.process_time()
            took = statistics.median(self._took)
            print(
                f"{done:6} runs  {_rss():7.1f} MB  {took * 1000:6.0f} ms a run  {worked * 1000:6.0f} ms of CPU",
                flush=True,
            )
            self._took.clear()


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _prepare(folder: Path) -> Path:
    (folder / "mappings").mkdir()
    (folder / "mappings" / "both.toml").write_text(MAPPING)
    rows = [(number, f"p{number}@x.example", f"Name {number}", f"+4930{number:07}") for number in range(PEOPLE)]
    lines = ["id,email,first_name,phone", *(",".join(map(str, row)) for row in rows)]
    (folder / "leads.csv").write_text("\n".join(lines) + "\n")
    with closing(sqlite3.connect(folder / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, phone TEXT)")
        shop.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows[: PEOPLE // 2])
    file = folder / "hub.toml"
    file.write_text(HUB)
    return file


def main(runs: int) -> int:
    metrics = Metrics()
    played = Played(runs)
    log = logging.Logger("serving")
    log.addHandler(Counting(played, runs))
    with TemporaryDirectory() as name:
        file, redactor = _prepare(Path(name)), Redactor()

        def opened() -> Hub:
            outside = Outside(played.clock, redactor.redact)
            return Hub(open_at(file, environ={}, redactor=redactor, seams=Seams(clock=played.clock), outside=outside))

        board = Board("benchmark", played.now)
        with Kept(opened, board, log) as kept:
            Loop(kept.current, played, played.clock, board, metrics, log).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
