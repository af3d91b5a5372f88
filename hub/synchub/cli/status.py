"""`synchub status`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub status --json
"""


@click.command("status", epilog=EPILOG)
@json_option
@click.pass_obj
def command(session: Session) -> None:
    """Show systems, cursors and what waits."""
    with session.open_hub() as hub:
        report = hub.status()

    from synchub.render import status

    show(session, lambda: status.status(report), status=report)
