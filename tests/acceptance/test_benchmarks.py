"""The benchmark's jobs do what they are said to do; how long they take is nobody's business here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.jobs import JOBS


def test_every_job_runs() -> None:
    here = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks", "--rows", "300"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(JOBS)
