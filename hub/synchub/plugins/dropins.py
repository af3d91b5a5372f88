"""Drop-in plugins: single files and packages in the folder plugins/ of a hub.

They run with the rights of whoever runs synchub, so they are loaded only if nobody else could have put them
there.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

PRIVATE = "synchub_dropin_"


@dataclass(frozen=True, slots=True)
class DropIn:
    """One candidate. `problem`: why it must not be loaded."""

    name: str
    path: Path
    problem: str = ""

    @property
    def module(self) -> str:
        return PRIVATE + self.name


def find(folder: Path, config: Path) -> Iterator[DropIn]:
    """The drop-ins of the hub in `folder`, by name; names that begin with `_` or `.` are left alone.

    `config` is the hub's file, which must be as safe as the drop-ins: it says which of them are used.
    """
    plugins = folder / "plugins"
    if not plugins.is_dir():
        return
    shared = first_fault([config, plugins], folder)
    for path in sorted(plugins.iterdir()):
        single = path.suffix == ".py" and path.is_file()
        if path.name[0] in "_." or not (single or (path / "__init__.py").is_file()):
            continue
        name = path.stem if single else path.name
        yield DropIn(name, path, shared or _named_badly(name) or _unsafe(path, plugins))


def load(dropin: DropIn) -> ModuleType:
    """Run a drop-in as the module `synchub_dropin_NAME`. Raises whatever its code raises."""
    package = dropin.path.is_dir()
    file = dropin.path / "__init__.py" if package else dropin.path
    loader = _FromSource(dropin.module, str(file))
    spec = importlib.util.spec_from_file_location(
        dropin.module,
        file,
        loader=loader,
        submodule_search_locations=[str(dropin.path)] if package else None,
    )
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses, pickles and relative imports look a module up by name while it is being run.
    sys.modules[dropin.module] = module
    try:
        loader.exec_module(module)
    except BaseException:
        for name in [n for n in sys.modules if n == dropin.module or n.startswith(f"{dropin.module}.")]:
            del sys.modules[name]
        raise
    return module


class _FromSource(SourceFileLoader):
    """Reads the file that was checked, and neither reads nor writes bytecode beside it."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _named_badly(name: str) -> str:
    return "" if name.isidentifier() else f"a drop-in is imported by its name, and {name!r} is no Python name"


def _unsafe(path: Path, plugins: Path) -> str:
    inside = sorted(path.rglob("*")) if path.is_dir() else []
    root = plugins.resolve()
    for part in (path, *inside):
        if not part.resolve().is_relative_to(root):
            return f"{part.relative_to(plugins.parent)} leads out of plugins/; it was not loaded"
    return first_fault([path, *inside], plugins.parent)


def first_fault(paths: list[Path], folder: Path) -> str:
    """Who else could have written one of `paths`, as a sentence; empty if nobody."""
    if not hasattr(os, "geteuid"):
        return ""  # Windows guards files by lists of rights that these bits don't show
    ours = {0, os.geteuid()}
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        if status.st_uid not in ours:
            return f"{shown} belongs to another user (uid {status.st_uid}), so it was not loaded"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"{shown} can be written by others, so it was not loaded: chmod go-w {path}"
    return ""
