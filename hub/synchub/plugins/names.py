"""Sharing out names: every name belongs to the first plugin that offers it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from synchub.plugins.deprecations import Deprecation
from synchub.plugins.hooked import Answers, Offered
from synchub.plugins.offers import LoadedPlugin, Observer, Offer, OfferedConnector, Origin, Plugins

BUILT_IN = "synchub"
"""The distribution whose plugins are asked first, so that no other takes their names."""

Taken = Mapping[str, Collection[str]]
"""Names that the hub itself uses, by kind of offer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A plugin and what it said. `entry`: where its source begins, if not at its origin's path: its entry point, or the
    environment that it has for itself."""

    name: str
    origin: Origin
    answers: Answers
    entry: EntryPoint | Path | None = None
    deprecated: tuple[Deprecation, ...] = ()
    left_out: tuple[str, ...] = ()


def share_out(asked: list[Asked], taken: Taken) -> Plugins:
    """What all plugins offer together, in the order in which they were asked."""
    kept: list[list[Offered]] = [[] for _ in asked]
    clashes: list[list[str]] = [[] for _ in asked]
    owners: dict[tuple[str, str], int] = {}
    for number, plugin in enumerate(asked):
        for offered in plugin.answers.offered:
            what = (offered.kind, offered.name)
            if offered.name in taken.get(offered.kind, ()):
                clashes[number].append(f"its {' '.join(what)} is left out: synchub has one of that name")
            elif what in owners:
                _report_clash(" ".join(what), asked, clashes, first=owners[what], other=number)
            else:
                owners[what] = number
                kept[number].append(offered)
    return _together(asked, kept, tuple(map(_loaded, asked, kept, clashes)))


def _report_clash(what: str, asked: list[Asked], clashes: list[list[str]], *, first: int, other: int) -> None:
    ours, theirs = asked[first].origin, asked[other].origin
    clashes[other].append(f"its {what} is left out: {ours} has one of that name, which is used")
    if ours.distribution != BUILT_IN and first != other:
        clashes[first].append(f"its {what} is used, but {theirs} has one too: remove one of them")


def _loaded(plugin: Asked, kept: list[Offered], clashes: list[str]) -> LoadedPlugin:
    offers = [Offer(offered.kind, offered.name, offered.summary) for offered in kept]
    offers += [Offer("observer", hook) for hook, _ in plugin.answers.observers]
    problems = (*plugin.answers.problems, *clashes)
    return LoadedPlugin(plugin.name, plugin.origin, tuple(offers), problems, plugin.deprecated, plugin.left_out)


def _together(asked: list[Asked], kept: list[list[Offered]], loaded: tuple[LoadedPlugin, ...]) -> Plugins:
    things: dict[str, dict[str, Any]] = {}
    for plugin, offers in zip(asked, kept, strict=True):
        for offered in offers:
            connector = offered.kind == "connector"
            thing = (
                OfferedConnector(offered.thing, plugin.origin, offered.frames, offered.apart)
                if connector
                else offered.thing
            )
            things.setdefault(offered.kind, {})[offered.name] = thing
    return Plugins(
        connectors=things.get("connector", {}),
        transforms=things.get("transform", {}),
        rules=things.get("rule", {}),
        rates=things.get("rates", {}),
        commands=things.get("command", {}),
        observers=tuple(
            Observer(hook, plugin.origin, call) for plugin in asked for hook, call in plugin.answers.observers
        ),
        loaded=loaded,
    )
