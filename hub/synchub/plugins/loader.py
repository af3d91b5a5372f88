"""Loading all plugins of a hub: the installed ones by their entry points, then the drop-ins of its folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path

from synchub.api import API_VERSION
from synchub.plugins import dropins
from synchub.plugins.hooked import Answers, ask, at_home, blame, together
from synchub.plugins.names import BUILT_IN, Asked, Taken, share_out
from synchub.plugins.offers import Origin, Plugins

GROUP = f"synchub.v{API_VERSION}"


def load(
    folder: Path | None,
    *,
    config: Path | None = None,
    entry_points: Iterable[EntryPoint] | None = None,
    taken: Taken | None = None,
) -> Plugins:
    """Load every plugin, each guarded and alone.

    folder        the hub's folder, whose plugins/ is looked into; None for installed plugins only
    config        the hub's file; default: hub.toml in `folder`
    entry_points  all entry points to consider; default: those of every installed distribution
    taken         names that the hub itself uses, by kind: {"transform": {"trim"}}; no plugin gets them

    Raises nothing on account of a plugin: see `Plugins.problems`.
    """
    points = _installed() if entry_points is None else entry_points
    asked = list(_ask_installed(points))
    if folder:
        asked += _ask_dropins(folder, config or folder / "hub.toml")
    return share_out(asked, taken or {})


def _installed() -> Iterator[EntryPoint]:
    """Those of this interface, and of the next: a plugin that is too new should be named, not missing."""
    for version in (API_VERSION, API_VERSION + 1):
        yield from metadata.entry_points(group=f"synchub.v{version}")


def _ask_installed(points: Iterable[EntryPoint]) -> Iterator[Asked]:
    ours = [(_origin(point), point) for point in points if re.fullmatch(r"synchub\.v\d+", point.group)]
    served = {origin for origin, point in ours if point.group == GROUP}
    for origin, point in sorted(ours, key=_built_in_first):
        if point.group == GROUP:
            yield Asked(point.name, origin, together(point.name, _guarded(point.load)))
        elif origin not in served:
            version = point.group.removeprefix("synchub.v")
            problem = f"it speaks version {version} of the interface, this synchub speaks {API_VERSION}"
            yield Asked(point.name, origin, Answers(problems=(problem,)))


def _origin(point: EntryPoint) -> Origin:
    return Origin(point.dist.name, point.dist.version) if point.dist else Origin("unknown distribution")


def _built_in_first(found: tuple[Origin, EntryPoint]) -> tuple[bool, str, str]:
    origin, point = found
    return origin.distribution != BUILT_IN, str(origin), point.name


def _ask_dropins(folder: Path, config: Path) -> Iterator[Asked]:
    for dropin in dropins.find(folder, config):
        if dropin.problem:
            answers = Answers(problems=(dropin.problem,))
        else:
            answers = together(dropin.name, _guarded(partial(dropins.load, dropin)))
        offered = tuple(at_home(thing, dropin.name, dropin.module) for thing in answers.offered)
        yield Asked(dropin.name, Origin(path=dropin.path), replace(answers, offered=offered))


def _guarded(load_plugin: Callable[[], object]) -> Answers:
    try:
        return ask(load_plugin())
    except (Exception, SystemExit) as error:
        return Answers(problems=(f"it could not be imported: {blame(error)}",))
