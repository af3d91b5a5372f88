"""The command line without an engine: what is asked of it is noted; a test lays its answers ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synchub.cli import run


@dataclass
class Rooms:
    """One part of an engine: every method notes its call and gives the answer of its name, or raises it."""

    name: str
    calls: list[tuple[Any, ...]]
    answers: dict[str, Any]

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("__"):
            raise AttributeError(method)
        name = f"{self.name}{method}"

        def called(*args: Any, **named: Any) -> Any:
            self.calls.append((name, *args, *([named] if named else [])))
            answer = self.answers[name]
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return called


@dataclass
class Hub(Rooms):
    """A whole engine. `closed` counts how often it was let go."""

    name: str = ""
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    closed: int = 0

    @property
    def review(self) -> Rooms:
        return Rooms("review.", self.calls, self.answers)

    @property
    def quarantine(self) -> Rooms:
        return Rooms("quarantine.", self.calls, self.answers)

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed += 1


@dataclass
class Done:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a hub."""
    (tmp_path / "hub.toml").write_text('[hub]\nname = "test"\n')
    return tmp_path


@pytest.fixture
def call(hub: Hub, folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Calls `synchub` in the hub's folder."""

    def call(*args: str, environ: dict[str, str] | None = None, **named: Any) -> Done:
        capsys.readouterr()
        engine = named.get("engine", lambda session: hub)
        code = run(["-C", str(folder), *args], engine=engine, environ=environ or {})
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return call
