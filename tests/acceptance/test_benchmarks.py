"""The benchmark's jobs do what they are said to do; how long they take is nobody's business here."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from benchmarks import picture
from benchmarks.jobs import JOBS
from benchmarks.measuring import Measured


def test_every_job_runs() -> None:
    here = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks", "--rows", "300"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(JOBS)


def test_the_picture_has_every_size_and_no_peers(tmp_path: Path) -> None:
    drawn, day = tmp_path / "cost.svg", date(2026, 11, 22)
    small = [
        Measured("J1", "hub", 1.0, 10.0, 100),
        Measured("J1", "a peer", 0.1, 0.1, 10),
        Measured("J6", "", 1.0, 1.0, 100),
    ]
    picture.keep(drawn, small, size=1_000, day=day)
    picture.keep(drawn, [Measured("J1", "hub", 100.0, 100.0, 1_000)], size=10_000, day=day)
    picture.keep(drawn, [Measured("J1", "hub", 10.0, 100.0, 1_000)], size=10_000, day=day)
    assert drawn.with_suffix(".csv").read_text().splitlines() == [
        "job,rows,wall,cpu,memory,day",
        "J1,1000,1.0,10.0,100,2026-11-22",
        "J1,10000,10.0,100.0,1000,2026-11-22",
        "J6,1000,1.0,1.0,100,2026-11-22",
    ]
    lines = [path.get("d") for path in ElementTree.parse(drawn).iter() if path.get("class") == "J1" and path.get("d")]
    places = [[float(number) for number in re.findall(r"[\d.]+", line or "")] for line in lines]
    whole = [0, picture.HEIGHT, picture.WIDTH, 0]
    assert places == [whole, [0, picture.HEIGHT / 2, picture.WIDTH, 0], whole]
