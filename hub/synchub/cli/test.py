"""`synchub test`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Example:
  synchub test
"""


@click.command("test", epilog=EPILOG)
@json_option
@click.pass_obj
def command(session: Session) -> int:
    """Run the [[tests]] in the mappings, without network."""
    with session.open_hub() as hub:
        report = hub.test()

    from synchub.render import checks

    show(session, lambda: checks.tests(report), tests=report, failed=report.failed)
    return 1 if report.failed else 0
