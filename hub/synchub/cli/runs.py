"""`synchub runs`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Examples:
  synchub runs            past runs, the newest first
  synchub runs 42         what one did, field by field
"""


@click.command("runs", epilog=EPILOG)
@click.argument("run", required=False)
@json_option
@click.pass_obj
def command(session: Session, run: str | None) -> None:
    """List past runs, or show what one changed."""
    with session.open_hub() as hub:
        report = hub.runs(run)

    from synchub.render import run as drawn

    draw = drawn.run_changes if run else drawn.runs
    show(session, lambda: draw(report), runs=report.runs, changes=report.changes, more=report.more)
