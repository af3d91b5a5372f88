"""Distributions and hubs on disk, as plugins come in life."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from textwrap import dedent

import pytest

Install = Callable[..., list[EntryPoint]]


@pytest.fixture
def modules() -> Iterator[None]:
    """Forgets what a test imported."""
    before, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.startswith(("acme", "synchub_dropin_")):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, modules: None) -> Install:
    """Installs a distribution of one module; returns the entry points of all installed so far."""
    site = tmp_path / "site"
    site.mkdir()
    sys.path.insert(0, str(site))

    def install(
        module: str, code: str, *, dist: str = "", version: str = "1.2", group: str = "synchub.v1"
    ) -> list[EntryPoint]:
        name = dist or module.replace("_", "-")
        (site / f"{module}.py").write_text(dedent(code))
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        with (info / "entry_points.txt").open("a") as points:
            points.write(f"[{group}]\n{module} = {module}\n")
        return [point for found in distributions(path=[str(site)]) for point in found.entry_points]

    return install


@pytest.fixture
def hub(tmp_path: Path, modules: None) -> Path:
    """A hub's folder with an empty plugins/."""
    folder = tmp_path / "hub"
    (folder / "plugins").mkdir(parents=True)
    (folder / "hub.toml").write_text("")
    for path in (folder, folder / "plugins", folder / "hub.toml"):
        path.chmod(0o755)
    return folder


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, which is all that pip knows of."""
    folder = tmp_path / "index"
    folder.mkdir()
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return folder
