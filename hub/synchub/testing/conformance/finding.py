"""From what a person names - a drop-in, a package, a connector - to what can be checked."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from synchub.api import ConnectorInfo
from synchub.errors import ConfigurationError
from synchub.plugins import uses
from synchub.plugins.deprecations import Deprecation
from synchub.plugins.hooked import ask, blame
from synchub.plugins.offers import OfferedConnector
from synchub.testing.conformance.quality import Quality, quality_of
from synchub.testing.conformance.scene import Scene


@dataclass(frozen=True, slots=True)
class Target:
    """A plugin on disk. `module` is how it is imported with `root` on the path; `quality_file` may not be there."""

    name: str
    root: Path
    module: str
    quality_file: Path
    quality: Quality = field(default_factory=Quality)


def target(named: str, start: Path, connectors: Mapping[str, OfferedConnector]) -> Target:
    """What `named` means: a path (from `start`), else a connector of the hub. ConfigurationError if it is neither."""
    path = (start / named).resolve()
    if path.suffix == ".py" and path.is_file():
        found = Target(path.stem, path.parent, path.stem, path.with_suffix(".quality.toml"))
    elif (path / "__init__.py").is_file():
        found = _package(path)
    elif named in connectors:
        found = _offered(named, connectors[named])
    else:
        raise ConfigurationError(
            f"There is no plugin {named}: no file, no package, and no connector of that name.",
            not_done="Nothing was checked.",
            next_step="Name a drop-in (plugins/mycrm.py), the folder of a package, or a connector that "
            "`synchub plugin list` shows.",
        )
    quality = quality_of(found.quality_file)
    return Target(found.name, found.root, found.module, found.quality_file, quality)


def _package(path: Path) -> Target:
    root, parts = path.parent, [path.name]
    while (root / "__init__.py").is_file():
        root, parts = root.parent, [root.name, *parts]
    return Target(path.name, root, ".".join(parts), path / "quality.toml")


def _offered(name: str, offered: OfferedConnector) -> Target:
    if offered.origin.path is not None:
        path = offered.origin.path
        return (
            _package(path) if path.is_dir() else Target(name, path.parent, path.stem, path.with_suffix(".quality.toml"))
        )
    module = offered.info.target.partition(":")[0]
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"The connector {name} can't be imported from {module}.", not_done="Nothing was checked."
        )
    return _package(Path(spec.origin).parent)


def outdated(found: Target, table: Sequence[Deprecation]) -> list[str]:
    """What a plugin uses that goes away, as sentences."""
    if not table:
        return []
    top = found.module.partition(".")[0]
    points = [point for each in distributions() for point in each.entry_points if point.group.startswith("synchub.")]
    groups = {point.group for point in points if point.module.partition(".")[0] == top}
    for project in (found.root / "pyproject.toml", found.root.parent / "pyproject.toml"):
        if project.is_file():
            groups |= tomllib.loads(project.read_text("utf-8")).get("project", {}).get("entry-points", {}).keys()
    places = [place for place in (found.root / f"{top}.py", found.root / top) if place.exists()]
    return list(map(str, uses.deprecated(uses.files_at(places), groups, table)))


@contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """Modules of these folders can be imported meanwhile."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before


def scene_at(place: str, start: Path) -> type[Scene]:
    """The scene that "FILE:CLASS" names. Raises ConfigurationError if it can't be had."""
    name, _, kind = place.rpartition(":")
    file = (start / name).resolve()
    if not file.is_file():
        raise _no_scene(place, f"there is no file {file}")
    spec = importlib.util.spec_from_file_location(f"synchub_scene_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles look their module up by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _no_scene(place, blame(error)) from error
    found = getattr(module, kind, None)
    if not (isinstance(found, type) and issubclass(found, Scene)):
        raise _no_scene(place, f"{kind or 'no class'} in it is no Scene")
    return found


def bare_scene(found: Target) -> type[Scene]:
    """A scene without a system: enough for what needs none. Raises ConfigurationError if there is no connector."""
    plugin, info = _info(found)
    module, _, name = info.target.partition(":")
    try:
        connector = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise ConfigurationError(
            f"The connector of {found.name} could not be imported: {blame(error)}.", not_done="Nothing was checked."
        ) from error
    return type("BareScene", (Scene,), {"connector": connector, "stream": "", "plugin": plugin})


def _info(found: Target) -> tuple[str, ConnectorInfo]:
    """The connector's entry, and the module with the hook that offers it: the target's own, or a package around it."""
    parts = found.module.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        try:
            answers = ask(importlib.import_module(module))
        except Exception as error:
            raise ConfigurationError(
                f"{module} could not be imported: {blame(error)}.", not_done="Nothing was checked."
            ) from error
        offered = [one.thing for one in answers.offered if one.kind == "connector"]
        own = [info for info in offered if info.target.startswith((f"{found.module}.", f"{found.module}:"))]
        if own:
            return module, own[0]
    raise ConfigurationError(
        f"{found.name} offers no connector.",
        not_done="Nothing was checked: the rules are for connectors.",
        next_step="Name a plugin whose hook synchub_connectors returns one.",
    )


def _no_scene(place: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The scene {place} can't be used: {why}.",
        not_done="Nothing was checked.",
        next_step='Write it as "FILE:CLASS"; docs/plugins.md shows one.',
    )
