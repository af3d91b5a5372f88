"""What `synchub plugin new` writes. That it works is tried in tests/acceptance/test_plugin_new.py."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from synchub.errors import ConfigurationError
from synchub.plugins.skeleton import files, refuse_name, system, write

EVERY = [(like, package) for like in ("rest", "sql", "file") for package in (False, True)]
MOST_LINES = 60
"""Of an author's own code, the connector's."""


def lines_of(text: str) -> int:
    """Lines of code: without blank ones, comments and docstrings."""
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            told.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and at not in told for at, line in lines)


@pytest.mark.parametrize(("like", "package"), EVERY)
def test_every_file_is_whole(like: str, package: bool) -> None:
    texts = files("my_crm", like, package=package)
    code = {path: text for path, text in texts.items() if path.endswith(".py")}
    assert len(code) == (3 if package else 2)
    for path, text in texts.items():
        assert "$" not in text, path
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert max(map(len, text.splitlines())) <= 120, path
        if path.endswith(".toml"):
            tomllib.loads(text)
    own = [text for path, text in code.items() if "/tests/" not in f"/{path}"]
    assert 30 < sum(map(lines_of, own)) <= MOST_LINES
    assert "class MyCrm(Connector)" in own[-1]


@pytest.mark.parametrize("like", ["rest", "sql", "file"])
def test_its_part_of_hub_toml(like: str) -> None:
    told = tomllib.loads(system("my_crm", like))["systems"]["my_crm"]
    assert told.pop("connector") == "my_crm"
    assert told.get("token", "keyring:my_crm") == "keyring:my_crm"
    assert set(told) == ({"token", "url"} if like == "rest" else {"path"})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("MyCrm", "small letters"),
        ("my-crm", "small letters"),
        ("../crm", "small letters"),
        ("class", "small letters"),
        ("1crm", "small letters"),
        ("hubspot", "there is a connector of that name"),
        ("email", "Python has a module of that name"),
        ("synchub", "Python has a module of that name"),
    ],
)
def test_names_that_a_plugin_can_not_have(name: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=f"can't be the name of a plugin: .*{why}"):
        refuse_name(name, {"hubspot"})


def test_names_that_it_can_have() -> None:
    for name in ("mycrm", "my_crm", "crm2"):
        refuse_name(name, {"hubspot"})


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(ConfigurationError, match="There is b already"):
        write(tmp_path, {"a": "x", "b": "y"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_nobody_else_can_write_it(tmp_path: Path) -> None:
    for path in write(tmp_path, {"plugins/a.py": "x\n"}):
        assert path.read_text() == "x\n"
        assert not (path.stat().st_mode | path.parent.stat().st_mode) & 0o022


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "plugins").write_text("a file")
    with pytest.raises(ConfigurationError, match="can't be written"):
        write(tmp_path, {"plugins/a.py": "x"})
