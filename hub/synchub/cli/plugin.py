"""`synchub plugin`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from synchub.plugins import Plugins

EPILOG = """\b
Example:
  synchub plugin list
"""


@click.group("plugin", epilog=EPILOG)
def command() -> None:
    """Show what is loaded, from where, with what it offers."""


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
