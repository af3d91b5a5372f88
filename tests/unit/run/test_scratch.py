"""The folder that a run stages in: gone with the run, or with the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synchub.run.scratch import scratch

PROGRAM = """
import os, signal, sys, tempfile
from synchub.run.scratch import scratch
tempfile.tempdir = sys.argv[1]
with scratch() as folder:
    (folder / "page.arrow").write_text("ann@lee.example")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def _other(place: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with scratch() as folder:
        (folder / "page.arrow").write_text("x")
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_gone_with_the_next(tmp_path: Path) -> None:
    process, left = _other(tmp_path)
    with process:
        os.kill(process.pid, signal.SIGKILL)
    assert (left / "page.arrow").exists()
    with scratch() as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_that_of_a_process_at_work_stays(tmp_path: Path) -> None:
    process, theirs = _other(tmp_path)
    with process:
        with scratch():
            assert (theirs / "page.arrow").exists()
        assert process.stdin is not None
        process.stdin.close()
    assert not theirs.exists()


def test_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "synchub-elsewhere").mkdir()
    (tmp_path / "synchub-run-link").symlink_to(tmp_path / "synchub-elsewhere")
    with scratch():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["synchub-elsewhere", "synchub-run-link"]
