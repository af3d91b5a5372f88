"""`synchub sync`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from synchub.cli.choices import made, run_options
from synchub.cli.output import json_option, progress, show
from synchub.cli.session import Session

if TYPE_CHECKING:
    from synchub.spec.reports import RunReport

EPILOG = """\b
Examples:
  synchub sync                               every sync
  synchub sync contacts --record ann@example.com
  synchub sync --plan 7f3a                   exactly a plan that was saved
  synchub sync contacts --allow deletes=120  what the guard stopped, this once
"""


@click.command("sync", epilog=EPILOG)
@click.argument("syncs", nargs=-1, metavar="[SYNC]...")
@click.option("--plan", metavar="ID", help="Do exactly this saved plan; drop what moved since.")
@click.option("--accept", multiple=True, metavar="MEMBER", help="Write to a member that was added; repeatable.")
@run_options
@json_option
@click.pass_obj
def command(session: Session, /, syncs: tuple[str, ...], **options: Any) -> int:
    """Plan, and bring every system into agreement. Safe to run again, whatever happened before."""
    with session.open_hub() as hub, progress(session) as told:
        reports = hub.sync(syncs, made(**options), told)

    from synchub.render import run

    code = exit_code(reports)
    show(session, lambda: run.run_reports(reports), runs=reports, exit_code=code)
    return code


def exit_code(reports: Sequence[RunReport]) -> int:
    """One code for several syncs: what failed outweighs what the guard stopped."""
    codes = {report.exit_code for report in reports} - {0}
    return 1 if 1 in codes else max(codes, default=0)
