"""`synchub plan`"""

from __future__ import annotations

from typing import Any

import click

from synchub.cli.choices import made, run_options
from synchub.cli.output import json_option, progress, show
from synchub.cli.session import Session

EPILOG = """\b
Examples:
  synchub plan                               what every sync would do
  synchub plan contacts --record ann@example.com
  synchub plan --save                        then: synchub sync --plan ID
  synchub plan --no-values --exit-code       in CI: 4 if there is anything to do
"""
CHANGES = 4


@click.command("plan", epilog=EPILOG)
@click.argument("syncs", nargs=-1, metavar="[SYNC]...")
@click.option("--save", is_flag=True, help="Keep the plan, for `synchub sync --plan ID`.")
@click.option("--no-values", is_flag=True, help="Show which fields change, but no values and no names.")
@click.option("--exit-code", is_flag=True, help="Exit with 4 if there are changes, or something waits.")
@run_options
@json_option
@click.pass_obj
def command(
    session: Session, /, syncs: tuple[str, ...], save: bool, no_values: bool, exit_code: bool, **options: Any
) -> int:
    """Show field by field what would change in which system, and why. Nothing is changed anywhere."""
    with session.open_hub() as hub, progress(session) as told:
        reports = list(hub.plan(syncs, made(save=save, **options), told))

    from rich.console import Group

    from synchub.render import plan

    if no_values:
        reports = [plan.without_values(report) for report in reports]
    changes = sum(report.changes for report in reports)
    waits = any(report.waits for report in reports)
    show(session, lambda: Group(*map(plan.plan, reports)), plans=reports, changes=changes, waits=waits)
    if any(member.problem for report in reports for member in report.members):
        return 1
    return CHANGES if exit_code and (changes or waits) else 0
