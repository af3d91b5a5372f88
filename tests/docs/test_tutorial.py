"""docs/tutorial.md is run from its first block to its last, as somebody would who follows it in an empty folder."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from docs.pages import ROOT, Fence, fences
from servers.process import answers, free_port

PAGE = ROOT / "docs" / "tutorial.md"
PORT = "8765"
"""The port that the page names; another one is free here."""

FILE = re.compile(r"# (\S+\.(?:py|toml))(, at its end)?\n")


@dataclass
class Reader:
    """Follows the page in a folder: writes its files, gives its commands, compares what they say with what it shows."""

    folder: Path
    started: ExitStack
    port: str = field(default_factory=lambda: str(free_port()))
    environ: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def follow(self, block: Fence) -> None:
        text = block.text.replace(PORT, self.port)
        if block.language == "sh":
            self.said = "".join(self.give(line) for line in text.splitlines())
        elif block.language == "text":
            self.compare(text, f"{block}\n{self.said}")
        elif named := FILE.match(text):
            file = self.folder / named[1]
            kept = file.read_text("utf-8") if named[2] else ""
            file.write_text(kept + text, "utf-8")
        else:
            file = self.folder / "plugins" / "mycrm.py"
            file.write_text(put_into_class(file.read_text("utf-8"), text), "utf-8")

    def give(self, line: str) -> str:
        command, _, note = line.partition("  # exits with ")
        if exported := re.fullmatch(r"export (\w+)=(\S+)", command):
            self.environ[exported[1]] = exported[2]
            return ""
        around = {
            **os.environ,
            **self.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "NO_COLOR": "1",
            "COLUMNS": "160",
        }
        if command.endswith(" &"):
            self.started.enter_context(running(command[:-2], self.folder, around, int(self.port)))
            return ""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=around, capture_output=True, text=True, check=False
        )
        assert done.returncode == int(note or 0), f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def compare(self, shown: str, told: str) -> None:
        """What is shown was said, in this order. Blank lines don't count, and … stands for any lines."""
        said = iter(self.said.splitlines())
        for line in filter(None, shown.splitlines()):
            assert line == "…" or any(one.rstrip().startswith(line) for one in said), f"{line!r} in {told}"


@contextmanager
def running(command: str, folder: Path, environ: dict[str, str], port: int) -> Iterator[None]:
    """A command that goes on, from when it listens on the port until the block is left."""
    server = subprocess.Popen(["bash", "-c", f"exec env {command}"], cwd=folder, env=environ)
    try:
        for _ in range(600):
            if answers(port):
                break
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"{command} ended with {server.wait(0.1)}")
        yield
    finally:
        server.terminate()
        server.wait(30)


def put_into_class(code: str, functions: str) -> str:
    """The code with these functions in its last class, in place of those of the same name."""
    part = textwrap.dedent(functions)
    for function in ast.parse(part).body:
        assert isinstance(function, ast.FunctionDef)
        text = textwrap.indent(ast.get_source_segment(part, function) or "", "    ").splitlines()
        lines = code.splitlines()
        (*_, last) = (node for node in ast.parse(code).body if isinstance(node, ast.ClassDef))
        there = [node for node in last.body if isinstance(node, ast.FunctionDef) and node.name == function.name]
        if there:
            lines[there[0].lineno - 1 : there[0].end_lineno] = text
        else:
            lines[last.end_lineno : last.end_lineno] = ["", *text]
        code = "\n".join(lines) + "\n"
    return code


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with ExitStack() as started:
        yield Reader(tmp_path, started, environ={"POLARS_MAX_THREADS": "1"})


def test_whoever_follows_it_comes_to_silver_and_syncs(reader: Reader) -> None:
    blocks = list(fences(PAGE, "sh", "text", "python", "toml"))
    assert sum(block.language == "text" for block in blocks) > 8
    for block in blocks:
        reader.follow(block)
    assert "bob@example.com" in reader.said


def test_what_it_comes_to_is_what_the_skeleton_is() -> None:
    """The page ends near where `synchub plugin new` begins: a change of the one must be made in the other."""
    from synchub.plugins.skeleton import files

    code = ""
    for block in fences(PAGE, "python"):
        named = FILE.match(block.text)
        if named and named[1] == "plugins/mycrm.py":
            code = block.text
        elif not named:
            code = put_into_class(code, block.text)
    ours = files("mycrm", "rest", package=False)["plugins/mycrm.py"]
    assert functions(code) == functions(ours)


def functions(code: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
