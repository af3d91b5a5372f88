"""On a real (pseudo) terminal: colours, bars and questions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

CODE = """
import sys
from datetime import UTC, datetime
from synchub.cli import run
from synchub.spec.reports import *
from synchub.spec.answers import Outcome
AT = datetime(2024, 5, 1, tzinfo=UTC)
change = RecordChange("crm", "create", "h", "Ann", None, (FieldChange("city", "city", None, "Bonn"),))
class Hub:
    def __enter__(self): return self
    def __exit__(self, *e): pass
    @property
    def quarantine(self): return self
    def discard(self, items, reason): return Outcome("Discarded.")
    def plan(self, syncs, options, progress):
        progress.start("reading crm", 10)
        progress.advance("reading crm", 10)
        member = MemberPlan("crm", "crm", "contacts", creates=1, changes=(change,))
        return [PlanReport("contacts", AT, (member,))]
import os
sys.exit(run(sys.argv[1:], engine=lambda session: Hub(), environ=os.environ))
"""


def on_a_terminal(folder: Path, *args: str, answer: str = "", **environ: str) -> tuple[int, str]:
    """What a person sees, and the exit code."""
    master, slave = pty.openpty()
    variables = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "100", **environ}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, "-C", str(folder), *args],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=variables,
        close_fds=True,
    )
    os.close(slave)
    os.write(master, answer.encode())
    seen = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how a pseudo terminal says that the other end is gone
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    return process.wait(), seen.decode()


def test_a_plan_has_colours_and_a_bar(folder: Path):
    code, seen = on_a_terminal(folder, "plan")

    assert code == 0
    assert "\x1b[32m+ " in seen
    assert "reading crm" in seen


@pytest.mark.parametrize(("args", "environ"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"})])
def test_colours_can_be_turned_off(folder: Path, args: list[str], environ: dict[str, str]):
    _, seen = on_a_terminal(folder, "-q", *args, "plan", **environ)

    assert "+ Ann" in seen
    assert "\x1b[3" not in seen


@pytest.mark.parametrize(("answer", "code", "told"), [("y\n", 0, "Discarded."), ("n\n", 1, "You said no.")])
def test_a_question_is_asked_before_something_is_lost(folder: Path, answer: str, code: int, told: str):
    got, seen = on_a_terminal(folder, "quarantine", "discard", "--all", answer=answer)

    assert "Discard everything that is set aside? [y/N]" in seen
    assert told in seen
    assert got == code


def test_yes_answers_every_question(folder: Path):
    code, seen = on_a_terminal(folder, "--yes", "quarantine", "discard", "--all")

    assert code == 0
    assert "?" not in seen
