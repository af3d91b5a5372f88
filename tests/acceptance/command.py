"""The installed command, driven from outside as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("synchub")


@dataclass
class Hub:
    """A hub's folder, and the command run in it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    program: Path = PROGRAM
    timeout: float = 300

    def __call__(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `synchub` with arguments. Unless `code` is None the exit code must be just that."""
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160", **self.environ},
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if code is not None:
            assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """What the command prints with --json."""
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def sync(self, *arguments: str, code: int | None = 0) -> dict[str, dict[str, Any]]:
        """`synchub sync`: per sync and member what was done, by "sync.member"."""
        told = self.json("sync", *arguments, code=code)
        return {f"{run['sync']}.{member['member']}": member for run in told["runs"] for member in run["members"]}

    def write(self, name: str, text: str) -> Path:
        """Write a file below the hub's folder, readable by this user alone."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def written(members: dict[str, dict[str, Any]]) -> int:
    """How many operations a run carried out in all."""
    return sum(member[kind] for member in members.values() for kind in ("created", "updated", "deleted"))
