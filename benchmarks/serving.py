"""Does `synchub serve` stay small and quick? Many runs one after the other in one process, a minute apart.

    .venv/bin/python benchmarks/serving.py --runs 10000

Prints, every thousandth run, the process's memory, how many Python objects there are, how large the store is and how many
runs it lists, how long a run took in the middle, and the processor's time for one (looking what is due among it). Now and
then somebody is edited, on either side, so that a run has something to write. Time is played: the loop is the real one,
its clock and its waiting are not.
"""

from __future__ import annotations

import argparse
import gc
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
[hub]
quiet_runs = "{quiet_runs}"

[systems.shop]
connector = "sql"
url       = "sqlite:///shop.db"

[systems.fair]
connector = "spreadsheet"
path      = "leads.csv"
key       = "id"

[entities.contact]
match = {{ keys = ["email"] }}

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
    """Counts runs by their lines in the log, has somebody edited, and prints how process and store are."""

    def __init__(self, played: Played, folder: Path, asked: argparse.Namespace) -> None:
        super().__init__()
        self._played, self._folder, self._asked = played, folder, asked
        self._took: list[float] = []
        self._before, self._worked = time.perf_counter(), time.process_time()

    def emit(self, record: logging.LogRecord) -> None:
        if "members" not in vars(record):
            print(record.getMessage())
            return
        now = time.perf_counter()
        self._took.append(now - self._before)
        self._played.left -= 1
        done = self._asked.runs - self._played.left
        if done in (1, 100) or done % self._asked.every == 0:
            self._tell(done)
        if self._asked.edits and done % self._asked.edits == 0:
            _edit(self._folder, done // self._asked.edits)
        self._before = time.perf_counter()

    def _tell(self, done: int) -> None:
        worked, self._worked = (time.process_time() - self._worked) / len(self._took), time.process_time()
        gc.collect()
        size, runs, operations = _store(self._folder)
        print(
            f"{done:6} runs  {_rss():7.1f} MB  {len(gc.get_objects()):8} objects  {size:6.2f} MB of store  {runs:6} runs in it  "
            f"{operations:6} writes  {statistics.median(self._took) * 1000:5.0f} ms a run  {worked * 1000:5.0f} ms of CPU",
            flush=True,
        )
        self._took.clear()


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _store(folder: Path) -> tuple[float, int, int]:
    """The store's size on disk in MB, the runs that it lists, and what they wrote."""
    with closing(sqlite3.connect(folder / "hub.db")) as store:
        runs, operations = (
            store.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("run", "operation")
        )
    return sum(file.stat().st_size for file in folder.glob("hub.db*")) / 1_000_000, runs, operations


def _edit(folder: Path, number: int) -> None:
    """Somebody gets another name: in the shop, and the next time in the list."""
    person, name = number % (PEOPLE // 2) + 1, f"Name {number} again"
    if number % 2:
        with closing(sqlite3.connect(folder / "shop.db")) as shop, shop:
            shop.execute("UPDATE people SET first_name = ? WHERE id = ?", (name, person))
        return
    lines = (folder / "leads.csv").read_text().splitlines()
    key, email, _, *rest = lines[person].split(",")
    lines[person] = ",".join([key, email, name, *rest])
    (folder / "leads.csv").write_text("\n".join(lines) + "\n")


def _prepare(folder: Path, quiet_runs: str) -> Path:
    (folder / "mappings").mkdir()
    (folder / "mappings" / "both.toml").write_text(MAPPING)
    rows = [(number, f"p{number}@x.example", f"Name {number}", f"+4930{number:07}") for number in range(PEOPLE)]
    lines = ["id,email,first_name,phone", *(",".join(map(str, row)) for row in rows)]
    (folder / "leads.csv").write_text("\n".join(lines) + "\n")
    with closing(sqlite3.connect(folder / "shop.db")) as shop, shop:
        shop.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, phone TEXT)")
        shop.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows[: PEOPLE // 2])
    file = folder / "hub.toml"
    file.write_text(HUB.format(quiet_runs=quiet_runs))
    return file


def main(asked: argparse.Namespace) -> int:
    metrics = Metrics()
    played = Played(asked.runs)
    log = logging.Logger("serving")
    with TemporaryDirectory() as name:
        file, redactor = _prepare(Path(name), asked.quiet_runs), Redactor()
        log.addHandler(Counting(played, Path(name), asked))

        def opened() -> Hub:
            outside = Outside(played.clock, redactor.redact)
            return Hub(open_at(file, environ={}, redactor=redactor, seams=Seams(clock=played.clock), outside=outside))

        board = Board("benchmark", played.now)
        with Kept(opened, board, log) as kept:
            Loop(kept.current, played, played.clock, board, metrics, log).run()
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Many runs in one process: does it stay small and quick?")
    parser.add_argument("--runs", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--every", type=int, default=1000, help="after how many runs a line is printed (default 1000)")
    parser.add_argument(
        "--edits", type=int, default=50, help="after how many runs somebody is edited (default 50; 0: never)"
    )
    parser.add_argument("--quiet-runs", default="1d", help="the setting quiet_runs (default 1d)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_asked()))
