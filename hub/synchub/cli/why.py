"""`synchub why`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub why contact ann@example.com
"""


@click.command("why", epilog=EPILOG)
@click.argument("entity")
@click.argument("key")
@json_option
@click.pass_obj
def command(session: Session, entity: str, key: str) -> None:
    """Explain a record field by field: who said what, which rule decided, and where it is linked.

    KEY is a value of one of the entity's match keys, or the record's hub id.
    """
    with session.open_hub() as hub:
        report = hub.why(entity, key)

    from synchub.render import why

    show(session, lambda: why.explanation(report), explanation=report)
