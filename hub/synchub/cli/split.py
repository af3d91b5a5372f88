"""`synchub split`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example (the links stand in `synchub why contact ann@example.com`):
  synchub split contact ann@example.com shop:customers:7
"""


@click.command("split", epilog=EPILOG)
@click.argument("entity")
@click.argument("key")
@click.argument("links", nargs=-1, required=True, metavar="LINK...")
@json_option
@click.pass_obj
def command(session: Session, entity: str, key: str, links: tuple[str, ...]) -> None:
    """Part a record by hand: the links named become a record of their own, with what they said."""
    with session.open_hub() as hub:
        done = hub.split(entity, key, links)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)
