"""`synchub set`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Examples:
  synchub set contact ann@example.com phone=+4930123456 --reason "called her"
  synchub set contact ann@example.com notes= --reason "asked to clear it"
"""


def assigned(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`FIELD=VALUE` by field; nothing behind the sign makes the field blank."""
    values: dict[str, str] = {}
    for text in given:
        field, sign, value = text.partition("=")
        if not sign or not field.strip():
            raise click.BadParameter(f"{text!r} is not FIELD=VALUE.")
        if field.strip() in values:
            raise click.BadParameter(f"{field.strip()} is set twice.")
        values[field.strip()] = value
    return values


@click.command("set", epilog=EPILOG)
@click.argument("entity")
@click.argument("key")
@click.argument("assignments", callback=assigned, nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.option("--reason", required=True, metavar="TEXT", help="Why; `synchub why` shows it.")
@json_option
@click.pass_obj
def command(session: Session, entity: str, key: str, assignments: dict[str, str], reason: str) -> None:
    """Decide values yourself. They outrank all that was said so far; what a system says later competes."""
    with session.open_hub() as hub:
        done = hub.set(entity, key, assignments, reason=reason)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)
