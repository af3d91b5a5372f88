"""`synchub x`: commands that plugins bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synchub.cli.plugin import load_plugins
from synchub.cli.session import Session
from synchub.errors import PluginError, SynchubError

if TYPE_CHECKING:
    from synchub.plugins import Plugins

EPILOG = """\b
Example:
  synchub x --help
"""


class FromPlugins(click.Group):
    """A group whose commands are those of all plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_plugins(ctx).commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _plugins(ctx).commands.get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SynchubError, click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            raise _blame(ctx, error) from error


def _plugins(ctx: click.Context) -> Plugins:
    """Loaded once a call."""
    if "plugins" not in ctx.meta:
        session = ctx.find_object(Session)
        assert session is not None
        ctx.meta["plugins"] = load_plugins(session)
    plugins: Plugins = ctx.meta["plugins"]
    return plugins


def _blame(ctx: click.Context, error: Exception) -> PluginError:
    from synchub.plugins.hooked import blame

    name = ctx.invoked_subcommand or ""
    brought = [
        str(plugin.origin)
        for plugin in _plugins(ctx).loaded
        if any(offer.kind == "command" and offer.name == name for offer in plugin.offers)
    ]
    return PluginError(
        f"The command {name} of {', '.join(brought)} failed: {blame(error)}.",
        next_step="Tell its author; `synchub --debug x …` shows where it failed.",
    )


@click.command("x", cls=FromPlugins, epilog=EPILOG)
def command() -> None:
    """Commands that plugins bring. `synchub plugin list` shows who brings them."""
