"""`synchub secret`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from synchub.cli.output import confirm, json_option, show
from synchub.cli.session import Session
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from synchub.secrets import Secrets

EPILOG = """\b
Example (then in hub.toml: token = "keyring:crm"):
  synchub secret set crm
"""


@click.group("secret", epilog=EPILOG)
def command() -> None:
    """Keep secrets in the operating system's keyring, under synchub/ and the hub's name."""


@command.command("set", epilog="Example: synchub secret set crm < token.txt")
@click.argument("name")
@click.pass_obj
def set_(session: Session, name: str) -> None:
    """Keep a secret. It is asked for, or read from stdin; the command line could be seen by others."""
    secrets = _secrets(session)
    if sys.stdin.isatty():
        value = click.prompt(f"Value of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    secrets.set(name, value)
    click.echo(f'Kept. In hub.toml it is "keyring:{name}".')


@command.command("list", epilog="Example: synchub secret list")
@json_option
@click.pass_obj
def list_(session: Session) -> None:
    """The names of this hub's secrets; never their values."""
    from rich.text import Text

    names = _secrets(session).names()
    show(session, lambda: Text("\n".join(names) or "No secrets are kept for this hub."), secrets=names)


@command.command("delete", epilog="Example: synchub secret delete crm")
@click.argument("name")
@click.pass_obj
def delete(session: Session, name: str) -> None:
    """Remove a secret from the keyring."""
    confirm(session, f"Delete the secret {name}?")
    _secrets(session).delete(name)
    click.echo(f"Deleted {name}.")


def _secrets(session: Session) -> Secrets:
    from synchub.secrets import Secrets

    name = _hub_name(session)
    return Secrets(name, session.folder, environ=session.environ, redactor=session.redactor)


def _hub_name(session: Session) -> str:
    """The hub's name, from its file alone: a secret can be kept before all the rest is right."""
    import tomllib

    try:
        data = tomllib.loads(session.config.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{session.config} can't be read: {error}.",
            not_done="No secret was touched.",
            next_step="Run `synchub check --offline`.",
        ) from None
    settings = data.get("hub", {})
    name = settings.get("name", "hub") if isinstance(settings, dict) else "hub"
    return str(name)
