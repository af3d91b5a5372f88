"""Times what synchub does: benchmarks/run J1 J4 --rows 100000 --peers

Every job makes its own data, the same every time, and starts its own PostgreSQL, with fsync on. Printed are wall and
processor seconds, the peak memory of the process, and rows a second; and of what went before it, how many times as long.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import picture
from benchmarks.bench import Bench
from benchmarks.jobs import JOBS
from benchmarks.measuring import Failed, Measured
from benchmarks.servers import Database, postgresql


def main() -> int:
    asked = _parsed()
    wanted = asked.jobs or list(JOBS)
    found: list[Measured] = []
    with postgresql() as server:
        for size in asked.sizes or [asked.rows]:
            if asked.sizes:
                print(f"{size:,} contacts")
            try:
                here = _measure(wanted, server, asked, size)
            except Failed as failed:
                print(failed)
                return 1
            found += here
            if asked.picture:
                picture.keep(asked.picture, here, size=size, day=datetime.now(UTC).date())
    if asked.markdown:
        print("\n" + _table(found, asked))
    return 0


def _measure(wanted: Sequence[str], server: Database, asked: argparse.Namespace, size: int) -> list[Measured]:
    """The jobs wanted, each printed when it is done. Raises Failed."""
    found = []
    with tempfile.TemporaryDirectory(prefix="synchub-bench-") as name:
        for place, run in enumerate(dict.fromkeys(JOBS[job] for job in wanted)):
            folder = Path(name) / f"hub{place}"
            folder.mkdir()
            for one in run(Bench(folder, server, size, asked.store, asked.peers)):
                if one.job in wanted:
                    found.append(one)
                    print(_line(one), flush=True)
    return found


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("jobs", nargs="*", choices=[*JOBS, []], metavar="JOB", help=f"{', '.join(JOBS)} (all)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="contacts (1,000,000)")
    parser.add_argument("--sizes", type=_sizes, help="several numbers of contacts, one after the other: 10000,100000")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw cost against size; figures go beside, as CSV"
    )
    parser.add_argument(
        "--store", choices=("sqlite", "postgresql"), default="sqlite", help="where the hub keeps its state"
    )
    parser.add_argument("--peers", action="store_true", help="time what others take for it too")
    parser.add_argument("--markdown", action="store_true", help="end with a table for the manual")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _line(one: Measured) -> str:
    rate = f", {one.rate} rows/s" if one.rate else ""
    note = f"; {one.note}" if one.note else ""
    return f"{one.job:6} {one.what:40} {one.wall:8.2f} s wall {one.cpu:8.2f} s CPU {one.memory:6.0f} MB{rate}{note}"


def _table(found: list[Measured], asked: argparse.Namespace) -> str:
    sizes = ", ".join(f"{size:,}" for size in asked.sizes or [asked.rows])
    head = f"{sizes} contacts, state in {asked.store}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}\n\n"
    rows = [
        f"| {one.job} | {'; '.join(filter(None, (one.what, one.note)))} | {one.wall:.2f} | {one.cpu:.2f} | {one.memory:.0f} | {one.rate} |"
        for one in found
    ]
    return head + "\n".join(["| job | what | wall s | CPU s | MB | rows/s |", "|---|---|--:|--:|--:|--:|", *rows])


if __name__ == "__main__":
    sys.exit(main())
