"""`synchub merge`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub merge contact ann@example.com ann.lee@example.org
"""


@click.command("merge", epilog=EPILOG)
@click.argument("entity")
@click.argument("key")
@click.argument("other", metavar="KEY")
@json_option
@click.pass_obj
def command(session: Session, entity: str, key: str, other: str) -> None:
    """Join two records by hand. Nothing is lost: `synchub split` parts them again."""
    with session.open_hub() as hub:
        done = hub.merge(entity, key, other)

    from synchub.render import outcome

    show(session, lambda: outcome.outcome(done), outcome=done)
