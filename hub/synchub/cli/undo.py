"""`synchub undo`"""

from __future__ import annotations

import click

from synchub.cli.output import confirm, json_option, print_out, progress, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub undo 42
"""


@click.command("undo", epilog=EPILOG)
@click.argument("run")
@json_option
@click.pass_obj
def command(session: Session, run: str) -> int:
    """Write back what a run overwrote: first the plan is shown, then, if you say yes, it is done.

    What was edited since is a conflict and stays as it is.
    """
    from synchub.render import plan
    from synchub.render import run as drawn

    with session.open_hub() as hub:
        planned = hub.undo_plan(run)
        if not session.json:
            print_out(session, plan.plan(planned))
        if not planned.changes:
            if session.json:
                show(session, lambda: "", plan=planned, run=None)
            return 0
        confirm(session, f"Undo run {run}?")
        with progress(session) as told:
            report = hub.undo(run, told)
    show(session, lambda: drawn.run_report(report), plan=planned, run=report)
    return report.exit_code
