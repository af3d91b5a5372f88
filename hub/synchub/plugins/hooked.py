"""Asking one plugin, alone: which hooks it implements, which it misspells, and what they return."""

from __future__ import annotations

import difflib
import inspect
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pluggy

from synchub.api import ConnectorInfo, Frame, Rule, Transform
from synchub.plugins import hooks
from synchub.plugins.offers import Apart, OfferKind

NAME = re.compile(r"[a-z][a-z0-9_-]*")
FRAMES = "synchub.plugins.framed:connector_of"
TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing as a plugin returned it, already found right."""

    kind: OfferKind
    name: str
    thing: Any
    summary: str = ""
    frames: tuple[Frame, ...] = ()
    """The functions that a connector consists of, where it is no class of its own."""
    apart: Apart | None = None
    """Where a connector is that has an environment of its own."""


@dataclass(frozen=True, slots=True)
class Answers:
    """All that one plugin said."""

    offered: tuple[Offered, ...] = ()
    observers: tuple[tuple[str, Callable[..., Any]], ...] = ()
    problems: tuple[str, ...] = ()


def ask(plugin: object) -> Answers:
    """Call every hook of one plugin, each guarded: what one raises or returns wrongly stops no other."""
    manager = pluggy.PluginManager("synchub")
    manager.add_hookspecs(hooks)
    marked = {name: opts for name in dir(plugin) if (opts := manager.parse_hookimpl_opts(plugin, name))}
    problems = list(_misnamed(plugin, {opts.get("specname") or name for name, opts in marked.items()}))
    if any(opts.get("wrapper") or opts.get("hookwrapper") for opts in marked.values()):
        return Answers(problems=(*problems, "it wraps a hook; hooks of synchub return and never wrap"))
    try:
        manager.register(plugin, "it")
    except Exception as error:  # pluggy refuses a hook whose arguments are not those of its specification
        return Answers(problems=(*problems, blame(error)))
    offered: list[Offered] = []
    observers: list[tuple[str, Callable[..., Any]]] = []
    for name in hooks.HOOKS:
        caller = getattr(manager.hook, name)
        if not caller.get_hookimpls():
            continue
        if name in hooks.OBSERVERS:
            observers.append((name, caller))
            continue
        good, bad = _answer(name, caller)
        offered += good
        problems += bad
    return Answers(tuple(offered), tuple(observers), tuple(problems))


def blame(error: BaseException) -> str:
    """An exception of a plugin as one line: its type, its text, and the line of code it left."""
    text = " ".join(str(error).split()) or "no message"
    frames = traceback.extract_tb(error.__traceback__)
    at = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}{at}"


def _misnamed(plugin: object, marked: set[str]) -> Iterator[str]:
    for name in sorted(marked - hooks.HOOKS.keys()):
        yield f"it implements a hook {name} that does not exist{_meant(name)}"
    module = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
    for name, value in inspect.getmembers(plugin, inspect.isroutine):
        # Functions that a plugin merely imported are not its own hooks.
        if name in marked or getattr(value, "__module__", None) != module:
            continue
        if name in hooks.HOOKS:
            yield f"its function {name} is not marked with @hookimpl, so it is never called"
        elif name.startswith("synchub_") or difflib.get_close_matches(name, hooks.HOOKS, 1, 0.9):
            yield f"its function {name} is no hook{_meant(name)}"


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, hooks.HOOKS, 1, 0.6)
    return f": did you mean {close[0]}?" if close else "; `synchub.plugins.hooks` lists all"


def _answer(name: str, caller: pluggy.HookCaller) -> tuple[list[Offered], list[str]]:
    try:
        results = caller()
    except (Exception, SystemExit) as error:
        return [], [f"its hook {name} failed: {blame(error)}"]
    if not results:
        return [], [f"its hook {name} returned nothing; it must return a list"]
    answer = results[0]
    if inspect.isgenerator(answer):
        return [], [f"its hook {name} yields; it must return a list"]
    if not isinstance(answer, list | tuple):
        return [], [f"its hook {name} returned {_article(answer)}; it must return a list"]
    offered: list[Offered] = []
    problems: list[str] = []
    for thing in answer:
        checked = _CHECKS[name](thing)
        if isinstance(checked, str):
            problems.append(f"its hook {name} offers {checked}")
        else:
            offered.append(checked)
    return offered, problems


def _connector(thing: object) -> Offered | str:
    if not isinstance(thing, ConnectorInfo):
        return f"{_article(thing)} where a ConnectorInfo belongs"
    if not TARGET.fullmatch(str(thing.target)):
        return f"a connector whose target is not written package.module:Class: {thing.target!r}"
    if type(thing.mappings) not in (str, type(None)):
        return f"a connector {thing.name!r} whose mappings are not the name of a package"
    return _named("connector", thing.name, thing, summary=thing.summary)


def _transform(thing: object) -> Offered | str:
    if not isinstance(thing, Transform):
        return f"{_article(thing)} where a Transform belongs"
    if not all(map(callable, (thing.expression, thing.back or thing.expression))):
        return f"a transform {thing.name!r} whose expression is no function"
    return _named("transform", thing.name, thing, summary=thing.summary)


def _rule(thing: object) -> Offered | str:
    if not isinstance(thing, Rule):
        return f"{_article(thing)} where a Rule belongs"
    if not all(map(callable, (thing.score,))):
        return f"a rule {thing.name!r} whose score is no function"
    return _named("rule", thing.name, thing, summary=thing.summary)


def _frame(thing: object) -> Offered | str:
    if not isinstance(thing, Frame):
        return f"{_article(thing)} where a Frame belongs"
    if not all(map(callable, (thing.read,))):
        return f"a frame {thing.name!r} whose read is no function"
    key = (thing.key,) if isinstance(thing.key, str) else thing.key
    if not (isinstance(key, tuple) and key and all(isinstance(part, str) for part in key)):
        return f"a frame {thing.name!r} whose key is no name of a column, nor a tuple of such"
    return _named("frame", thing.name, replace(thing, key=key), summary=thing.summary)


def _pair(kind: OfferKind) -> Callable[[object], Offered | str]:
    def check(thing: object) -> Offered | str:
        if not (isinstance(thing, tuple) and len(thing) == 2 and callable(thing[1])):
            return f"{_article(thing)} where a pair (name, function) belongs"
        return _named(kind, thing[0], thing[1])

    return check


def _command(thing: object) -> Offered | str:
    import click  # here, because most plugins bring no command

    if not isinstance(thing, click.Command):
        return f"{_article(thing)} where a click command belongs"
    return _named("command", thing.name, thing, summary=thing.get_short_help_str())


def _named(kind: OfferKind, name: object, thing: Any, *, summary: str = "") -> Offered | str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"a {kind} named {name!r}; names are lower case: letters, digits, - and _"
    return Offered(kind, name, thing, summary)


def _article(thing: object) -> str:
    return f"a value of type {type(thing).__name__}"


_CHECKS: dict[str, Callable[[object], Offered | str]] = {
    "synchub_connectors": _connector,
    "synchub_frames": _frame,
    "synchub_transforms": _transform,
    "synchub_rules": _rule,
    "synchub_rates": _pair("rates"),
    "synchub_commands": _command,
}


def at_home(offered: Offered, stem: str, module: str) -> Offered:
    """A drop-in's offer, where its targets name the drop-in itself (`stem`) led to its private `module`."""
    if not isinstance(offered.thing, ConnectorInfo):
        return offered
    info = offered.thing

    def private(name: str) -> str:
        return module + name.removeprefix(stem) if name == stem or name.startswith(f"{stem}.") else name

    path, _, attribute = info.target.partition(":")
    mappings = private(info.mappings) if info.mappings else info.mappings
    return replace(offered, thing=replace(info, target=f"{private(path)}:{attribute}", mappings=mappings))


def together(plugin: str, answers: Answers) -> Answers:
    """The answers of a plugin with its frames as one connector of the plugin's name."""
    frames = tuple(offered.thing for offered in answers.offered if offered.kind == "frame")
    if not frames:
        return answers
    names = [frame.name for frame in frames]
    problems = [f"it offers two frames named {name}" for name in sorted(set(names)) if names.count(name) > 1]
    info = ConnectorInfo(plugin, FRAMES, summary="; ".join(frame.summary for frame in frames if frame.summary))
    named = _named("connector", plugin, info, summary=info.summary)
    if isinstance(named, str):
        problems.append(f"its frames are left out: they would be {named}")
    rest = tuple(offered for offered in answers.offered if offered.kind != "frame")
    if problems or isinstance(named, str):
        return replace(answers, offered=rest, problems=(*answers.problems, *problems))
    return replace(answers, offered=(*rest, replace(named, frames=frames)))
