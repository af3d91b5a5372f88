"""What a run takes inside a process that goes on running, as `synchub serve` does: the hub is kept open, and modules are loaded.

    python -m benchmarks.inside FOLDER

Waits for a line, runs every sync of the hub in that folder, prints wall and processor seconds, and waits for the next line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Failed, Measured

ROOT = Path(__file__).parents[1]


class Inside:
    """A process that keeps a hub open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, job: str, what: str, *, rows: int = 0) -> Measured:
        """One run of every sync. Raises Failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print("run", file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{what}: the process ended")
        wall, cpu, memory = map(float, line.split())
        return Measured(job, what, wall, cpu, memory, rows)


@contextmanager
def inside(folder: Path) -> Iterator[Inside]:
    """A hub that is kept open in a process of its own; it ends with the block."""
    command = [sys.executable, "-m", "benchmarks.inside", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Inside(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _main(folder: Path) -> int:
    from synchub.cli.engine import open_engine
    from synchub.cli.session import Session
    from synchub.run import open_hub
    from synchub.spec.options import RunOptions, Silent

    with open_hub(Session(open_engine, os.environ, named=folder / "hub.toml")) as hub:
        for _ in sys.stdin:
            begun, worked = time.perf_counter(), time.process_time()
            reports = hub.sync([], RunOptions(), Silent())
            wall, cpu = time.perf_counter() - begun, time.process_time() - worked
            if any(report.state != "done" for report in reports):
                return 1
            peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
            print(wall, cpu, int(peak.split()[1]) / 1024, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
