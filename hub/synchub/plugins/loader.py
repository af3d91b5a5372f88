"""Loading all plugins of a hub: the installed ones by their entry points, then the drop-ins of its folder."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Timer
from typing import Any

from synchub.api import API_VERSION, ConnectorInfo
from synchub.plugins import dropins
from synchub.plugins.deprecations import DEPRECATIONS, Deprecation
from synchub.plugins.environments import CARD, Environment, read_card
from synchub.plugins.hooked import Answers, Offered, ask, at_home, blame, together
from synchub.plugins.names import BUILT_IN, Asked, Taken, share_out
from synchub.plugins.offers import Apart, Origin, Plugins

GROUP = re.compile(r"synchub\.v(\d+)")
SLOW_SECONDS = 10.0
"""After this long somebody who waits is told which plugin it is."""


def load(
    folder: Path | None,
    *,
    config: Path | None = None,
    entry_points: Iterable[EntryPoint] | None = None,
    taken: Taken | None = None,
    speaks: int = API_VERSION,
    slow: float = SLOW_SECONDS,
    deprecations: Sequence[Deprecation] | None = None,
) -> Plugins:
    """Load every plugin, each guarded and alone.

    folder        the hub's folder, whose plugins/ is looked into; None for installed plugins only
    config        the hub's file; default: hub.toml in `folder`
    entry_points  all entry points to consider; default: those of every installed distribution
    taken         names that the hub itself uses, by kind: {"transform": {"trim"}}; no plugin gets them
    speaks        the version of the interface; plugins of this one and the one before are loaded
    slow          seconds after which a plugin that is still being loaded is named in the log
    deprecations  what of the interface goes away, told by `Plugins.outdated`; default: what this version says

    Raises nothing on account of a plugin: see `Plugins.problems`.
    """
    points = _installed(speaks) if entry_points is None else entry_points
    asked = list(_ask_installed(points, speaks, slow))
    if folder:
        asked += _isolated(folder, config or folder / "hub.toml")
        asked += _ask_dropins(folder, config or folder / "hub.toml", slow)
    table = DEPRECATIONS if deprecations is None else deprecations
    return share_out([_held_against(table, each) for each in asked], taken or {})


def _held_against(table: Sequence[Deprecation], asked: Asked) -> Asked:
    """With what it uses of all that goes away. synchub's own connectors change with synchub."""
    if not table or asked.origin.distribution == BUILT_IN:
        return asked
    from synchub.plugins import uses  # most of the time nothing is deprecated

    groups, files = uses.source_of(asked)
    return replace(asked, deprecated=uses.deprecated(files, groups, table))


def _installed(speaks: int) -> Iterator[EntryPoint]:
    """Also those of the next interface and of old ones: a plugin that can't be loaded should be named, not missing."""
    for version in range(1, speaks + 2):
        yield from metadata.entry_points(group=f"synchub.v{version}")


def _ask_installed(points: Iterable[EntryPoint], speaks: int, slow: float) -> Iterator[Asked]:
    found = [(_origin(point), point, int(named[1])) for point in points if (named := GROUP.fullmatch(point.group))]
    served: dict[tuple[Origin, str], int] = {}
    for origin, point, version in found:
        if version in (speaks, speaks - 1):
            served[origin, point.name] = max(version, served.get((origin, point.name), version))
    for origin, point, version in sorted(found, key=_built_in_first):
        if served.get((origin, point.name)) == version:
            answers = together(point.name, _guarded(point.load, f"{point.name} ({origin})", slow))
            yield Asked(point.name, origin, answers, point)
        elif not any(origin == other for other, _ in served):
            before = f" and {speaks - 1}" if speaks > 1 else ""
            problem = f"it speaks version {version} of the interface, this synchub speaks {speaks}{before}"
            yield Asked(point.name, origin, Answers(problems=(problem,)))


def _origin(point: EntryPoint) -> Origin:
    return Origin(point.dist.name, point.dist.version) if point.dist else Origin("unknown distribution")


def _built_in_first(found: tuple[Origin, EntryPoint, int]) -> tuple[bool, str, str]:
    origin, point, _ = found
    return origin.distribution != BUILT_IN, str(origin), point.name


def _isolated(folder: Path, config: Path) -> Iterator[Asked]:
    """Those in environments of their own were asked when they were installed: here only what they said then is read."""
    plugins = folder / "plugins"
    cards = [card.parent for card in plugins.glob(f".venvs/*/{CARD}")]
    fault = dropins.first_fault([config, plugins, plugins / ".venvs", *cards], folder) if cards else ""
    for place in sorted(cards):
        try:
            each = read_card(place)
            offered = tuple(_offered(place, each, said) for said in each.connectors)
        except (OSError, ValueError, TypeError, KeyError) as error:
            problem = f"what `plugin add` noted of it can't be read: {blame(error)}"
            yield Asked(place.name, Origin(place.name), Answers(problems=(problem,)))
            continue
        if each.kind == "isolated":
            answers = Answers(problems=(fault,)) if fault else Answers(offered)
            yield Asked(
                each.name, Origin(each.name, each.version), answers, place, left_out=tuple(map(str, each.left_out))
            )


def _offered(place: Path, each: Environment, said: Mapping[str, Any]) -> Offered:
    apart = Apart(place / each.program, said["settings"], frozenset(said["capabilities"]))
    name, summary = str(said["name"]), str(said["summary"])
    return Offered("connector", name, ConnectorInfo(name, "", summary), summary, apart=apart)


def _ask_dropins(folder: Path, config: Path, slow: float) -> Iterator[Asked]:
    for dropin in dropins.find(folder, config):
        origin = Origin(path=dropin.path)
        if dropin.problem:
            answers = Answers(problems=(dropin.problem,))
        else:
            loaded = _guarded(partial(dropins.load, dropin), f"{dropin.name} ({origin})", slow)
            answers = together(dropin.name, loaded)
        offered = tuple(at_home(thing, dropin.name, dropin.module) for thing in answers.offered)
        yield Asked(dropin.name, origin, replace(answers, offered=offered))


def _guarded(load_plugin: Callable[[], object], named: str, slow: float) -> Answers:
    """What a plugin says. One that hangs can't be stopped from here, but it is named: in the log, and when somebody presses
    Ctrl-C."""
    log = logging.getLogger("synchub.plugins")
    waiting = Timer(slow, log.warning, ("plugin %s is still being loaded; Ctrl-C stops synchub", named))
    waiting.daemon = True
    waiting.start()
    try:
        return ask(load_plugin())
    except KeyboardInterrupt as stop:
        stop.add_note(f"The plugin {named} was being loaded.")
        raise
    except BaseException as error:  # whatever it is, the other plugins are loaded
        return Answers(problems=(f"it could not be imported: {blame(error)}",))
    finally:
        waiting.cancel()
