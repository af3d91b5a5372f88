"""`synchub plugin`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synchub.cli.output import json_option, progress, show
from synchub.cli.session import Session
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from synchub.plugins import Plugins

EPILOG = """\b
Examples:
  synchub plugin list
  synchub plugin check plugins/mycrm.py
"""


@click.group("plugin", epilog=EPILOG)
def command() -> None:
    """Show what is loaded, from where, with what it offers; check a connector's quality."""


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
        }
        for plugin in found.loaded
    ]
    show(session, lambda: outcome.plugins(found.loaded), plugins=shown)
    return 1 if found.problems else 0


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
    with progress(session) as shown:
        step = f"checking {path}"
        shown.start(step)
        report = assess(
            path, session.start, known, scene=scene, strict=strict, told=lambda done, of: shown.advance(step, 1)
        )
        shown.finish(step)
    show(session, lambda: quality.quality(report), quality=report)
    return report.exit_code


def load_plugins(session: Session) -> Plugins:
    """All plugins of the hub; outside of a hub's folder the installed ones."""
    from synchub.plugins import load

    try:
        config = session.config
    except ConfigurationError:
        if session.named is not None:
            raise
        return load(None)
    return load(config.parent, config=config)
