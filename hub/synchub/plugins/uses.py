"""What a plugin uses of the interface, read from its source: nothing of it is run, and it costs nothing while nothing is
deprecated.

What is not written as Python is not seen, nor what is reached in roundabout ways (`getattr`). Fields of what the hub hands over
are recognised where the variable has the name of its class: `operation.before`, `self.host.renewing`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path

from synchub import api
from synchub.api import ConnectorInfo
from synchub.plugins.deprecations import Deprecation
from synchub.plugins.hooks import HOOKS
from synchub.plugins.names import Asked

API = "synchub.api"


def deprecated(sources: Iterable[Path], groups: Iterable[str], table: Sequence[Deprecation]) -> tuple[Deprecation, ...]:
    """What is deprecated of all that a plugin uses, in the order of the table.

    sources  its files
    groups   the entry-point groups that it is named in
    """
    if not table:
        return ()
    used = set(groups)
    words = {one.what.rpartition(".")[2] for one in table}
    for file in sources:
        try:
            text = file.read_text("utf-8")
            if any(word in text for word in words):
                used |= used_in(ast.parse(text))
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue  # if it can't be loaded either, that is told
    return tuple(one for one in table if one.what in used)


def source_of(asked: Asked) -> tuple[list[str], list[Path]]:
    """The entry-point groups that a plugin is named in, and its files."""
    if asked.origin.path is not None:
        return [], list(files_at([asked.origin.path]))
    if isinstance(asked.entry, EntryPoint):
        targets = [each.thing.target for each in asked.answers.offered if isinstance(each.thing, ConnectorInfo)]
        return [asked.entry.group], list(files_of([asked.entry.module, *targets], None))
    if isinstance(asked.entry, Path):
        sites = [str(site) for site in asked.entry.glob("lib/python*/site-packages")]
        points = [
            point
            for found in distributions(name=asked.name, path=sites)
            for point in found.entry_points
            if point.group.startswith("synchub.")
        ]
        return [point.group for point in points], list(files_of([point.module for point in points], sites))
    return [], []


def files_of(modules: Iterable[str], path: list[str] | None) -> Iterator[Path]:
    """The files of these modules and of all that belongs to their packages, where they are found on `path`; None: where Python
    looks. Imports nothing."""
    for top in sorted({module.partition(".")[0].partition(":")[0] for module in modules}):
        try:
            spec = find_spec(top) if path is None else PathFinder.find_spec(top, path)
        except (ImportError, ValueError):  # a module that hides where it comes from
            continue
        if spec is not None:
            yield from files_at(Path(place) for place in spec.submodule_search_locations or [spec.origin or ""])


def files_at(places: Iterable[Path]) -> Iterator[Path]:
    """The Python files at files and below folders."""
    for place in places:
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


def used_in(tree: ast.Module) -> set[str]:
    """What a module uses: names of the interface, hooks, and as `Class.field` what it gives to, takes of or overrides in a
    class of the interface."""
    reading = _Reading()
    for node in ast.walk(tree):
        reading.note_import(node)
    return reading.used.union(*map(reading.used_by, ast.walk(tree)))


class _Reading:
    """What one module calls the interface and the names in it."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.modules: set[str] = set()
        self.used: set[str] = set()

    def note_import(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom(module="synchub.api", names=[ast.alias(name="*")]):
                self.names |= {name: name for name in api.__all__}
            case ast.ImportFrom(module="synchub.api", names=aliases):
                self.names |= {alias.asname or alias.name: alias.name for alias in aliases}
                self.used |= {alias.name for alias in aliases}
            case ast.ImportFrom(module="synchub", names=aliases):
                self.modules |= {alias.asname or "api" for alias in aliases if alias.name == "api"}
            case ast.Import(names=aliases):
                self.modules |= {alias.asname or API for alias in aliases if alias.name == API}

    def used_by(self, node: ast.AST) -> set[str]:
        """What one expression or statement uses."""
        match node:
            case ast.FunctionDef(name=name) if name in HOOKS:
                return {name}
            case ast.keyword(arg="specname", value=ast.Constant(value=str(name))):
                return {name}
            case ast.ClassDef(bases=bases, body=body):
                made = {each.name for each in body if isinstance(each, ast.FunctionDef)}
                return {f"{base}.{name}" for base in map(self._named, bases) if base for name in made}
            case ast.Call(func=func, args=args, keywords=keywords) if kind := self._named(func):
                given = [*_places(kind)[: len(args)], *(each.arg for each in keywords)]
                return {kind, *(f"{kind}.{name}" for name in given)}
            case ast.Attribute(value=value, attr=attr):
                return {f"{_class_of(value)}.{attr}", self._named(node) or ""}
            case ast.Name():
                return {self._named(node) or ""}
        return set()

    def _named(self, node: ast.expr) -> str | None:
        """The name of the interface that an expression is; None if it is none."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Attribute(value=value, attr=attr) if ast.unparse(value) in self.modules:
                return attr
        return None


def _places(kind: str) -> list[str]:
    """The parameters of a class of the interface, in order."""
    found = getattr(api, kind, None)
    return [each.name for each in fields(found)] if isinstance(found, type) and is_dataclass(found) else []


def _class_of(value: ast.expr) -> str:
    """The class that a variable is named after: Host for `host`, `self.host` and `self._host`."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "".join(part.capitalize() for part in name.split("_"))
    return ""
