"""`synchub plugin`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from synchub.cli.output import json_option, progress, show
from synchub.cli.session import Session
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from synchub.plugins import Plugins
    from synchub.plugins.environments import Environment

KINDS = ("rest", "sql", "file")
EPILOG = """\b
Examples:
  synchub plugin list
  synchub plugin new mycrm --like rest
  synchub plugin check plugins/mycrm.py
  synchub plugin add singer:tap-jsonl
  synchub plugin add airbyte:people.yaml
"""


@click.group("plugin", epilog=EPILOG)
def command() -> None:
    """Show what is loaded, from where, with what it offers; begin a connector; check its quality; install programs of others."""


@command.command("list", epilog="Example: synchub plugin list --json")
@json_option
@click.pass_obj
def list_(session: Session) -> int:
    """Every plugin: installed ones, and those in the hub's folder plugins/. Exits with 1 if one is broken."""
    from synchub.render import outcome

    found = load_plugins(session)
    shown = [
        {
            "name": plugin.name,
            "origin": str(plugin.origin),
            "distribution": plugin.origin.distribution,
            "version": plugin.origin.version,
            "path": plugin.origin.path,
            "offers": plugin.offers,
            "problems": plugin.problems,
            "deprecated": plugin.deprecated,
            "left_out": plugin.left_out,
        }
        for plugin in found.loaded
    ]
    apart = environments(session)
    show(session, lambda: outcome.plugins(found.loaded, apart), plugins=shown, environments=apart)
    return 1 if found.problems else 0


@command.command("new", epilog="Example: synchub plugin new mycrm --like rest --drop-in")
@click.argument("name", required=False)
@click.option("--like", type=click.Choice(KINDS), help="What it talks to: an HTTP interface, a database, a file.")
@click.option(
    "--package/--drop-in",
    default=None,
    help="A package to install and share, or a file in this hub's plugins/. Default: a drop-in where there is a hub.",
)
@json_option
@click.pass_obj
def new(session: Session, name: str | None, like: str | None, package: bool | None) -> None:
    """Begin a connector: one that works, a stand-in for its system, and the test that tries it by the rules of quality.

    Asks for what is not given, if there is somebody to ask.
    """
    from rich.text import Text

    from synchub.plugins import skeleton

    chosen = name or _asked(session, "Name of the plugin", "mycrm")
    skeleton.refuse_name(chosen, load_plugins(session).connectors)
    kind = like or _asked(session, "What does it talk to: rest (an HTTP interface), sql or file", "rest", KINDS)
    if package is None:
        forms = ("drop-in", "package") if _in_a_hub(session) else ("package",)
        package = _asked(session, "As a drop-in in plugins/, or as a package", forms[0], forms) == "package"
    folder = session.start.resolve() if package else session.folder
    written = skeleton.write(folder, skeleton.files(chosen, kind, package=package))
    where = f"{chosen}/{chosen}" if package else f"plugins/{chosen}.py"
    lines = [f"wrote {file.relative_to(folder)}" for file in written]
    lines += ["", f"Next: {skeleton.next_steps(chosen, package=package)}", "", "Its part of hub.toml:", ""]
    told = "\n".join([*lines, skeleton.system(chosen, kind).rstrip()])
    show(session, lambda: Text(told), plugin=chosen, like=kind, path=where, files=[str(file) for file in written])


def _in_a_hub(session: Session) -> bool:
    try:
        return session.folder.is_dir()
    except ConfigurationError:
        if session.named is not None:
            raise
        return False


def _asked(session: Session, question: str, usual: str, choices: tuple[str, ...] = ()) -> str:
    """The answer of whoever is there; the usual one if nobody is."""
    if session.yes or session.json or not sys.stdin.isatty():
        return usual
    wanted = click.Choice(choices) if choices else None
    return str(click.prompt(question, default=usual, type=wanted, err=True))


@command.command("check", epilog="Example: synchub plugin check plugins/mycrm.py --scene tests/test_mycrm.py:MyCrm")
@click.argument("path")
@click.option("--scene", metavar="FILE:CLASS", default="", help="Where its scene is, if quality.toml names none.")
@click.option(
    "--strict", is_flag=True, help="Fail on notes too: nothing claimed, too little claimed, needless exemptions."
)
@json_option
@click.pass_obj
def check(session: Session, path: str, scene: str, strict: bool) -> int:
    """Try the rules of quality on a connector: a drop-in, the folder of a package, or the name of one that is loaded.

    Runs the plugin and its scene, on this machine alone. Exits with 1 if the connector falls short of what it claims in
    quality.toml; of bronze, if it claims nothing.
    """
    from synchub.render import quality
    from synchub.testing.conformance.assessing import assess

    known = {} if (session.start / path).exists() else load_plugins(session).connectors
    with session.plugins_apart(), progress(session) as shown:
        step = f"checking {path}"
        shown.start(step)
        report = assess(
            path,
            session.start,
            known,
            scene=scene,
            strict=strict,
            deprecations=session.deprecations,
            told=lambda done, of: shown.advance(step, 1),
        )
        shown.finish(step)
    show(session, lambda: quality.quality(report), quality=report)
    return report.exit_code


@command.command("add", epilog="Example: synchub plugin add singer:tap-jsonl==0.3.1")
@click.argument("wanted", metavar="KIND:NAME")
@click.option("--python", metavar="PATH", help="The interpreter to make its environment of. Default: synchub's own.")
@json_option
@click.pass_obj
def add(session: Session, wanted: str, python: str | None) -> None:
    """Install what is kept apart from synchub, in a virtual environment below plugins/.venvs; or bring it up to date.

    singer:PACKAGE is a tap or a target of Singer, airbyte:PACKAGE or airbyte:FILE a manifest of Airbyte and what runs it,
    isolated:PACKAGE a package of plugins whose connectors run in processes of their own.

    Asks the package index, by pip; another index and the like are set in pip's own configuration. Runs what the package
    brings, so install only what you trust.
    """
    from rich.text import Text

    from synchub.plugins.adding import install, system

    folder = session.config.parent
    with progress(session) as shown:
        step = f"installing {wanted}"
        shown.start(step)
        added = install(folder, wanted, python=python)
        shown.finish(step)
    made, part = added.environment, system(added)
    left = f" What else it brings is not loaded: {', '.join(made.left_out)}." if made.left_out else ""
    told = f"{made.name} {made.version} is installed.{left}\n\nIts part of hub.toml:\n\n{part.rstrip()}"
    show(session, lambda: Text(told), environment=made, hub_toml=part)


@command.command("remove", epilog="Example: synchub plugin remove singer:tap-jsonl")
@click.argument("wanted", metavar="KIND:NAME")
@json_option
@click.pass_obj
def remove(session: Session, wanted: str) -> None:
    """Take away what `plugin add` installed."""
    from synchub.plugins.adding import remove as take_away
    from synchub.render import outcome
    from synchub.spec.answers import Outcome

    told = Outcome(f"{take_away(session.config.parent, wanted)} is removed.")
    show(session, lambda: outcome.outcome(told), outcome=told)


def environments(session: Session) -> list[Environment]:
    """What `plugin add` installed for the hub; outside of a hub's folder nothing."""
    from synchub.plugins.environments import installed

    try:
        return installed(session.config.parent)
    except ConfigurationError:
        return []


def load_plugins(session: Session) -> Plugins:
    """All plugins of the hub; outside of a hub's folder the installed ones."""
    from synchub.plugins import load

    try:
        config: Path | None = session.config
    except ConfigurationError:
        if session.named is not None:
            raise
        config = None
    with session.plugins_apart():
        return load(config.parent if config else None, config=config, deprecations=session.deprecations)
