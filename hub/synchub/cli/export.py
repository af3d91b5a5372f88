"""`synchub export`"""

from __future__ import annotations

from typing import get_args

import click

from synchub.cli.output import json_option, progress, show
from synchub.cli.session import Session
from synchub.spec.options import Format

EPILOG = """\b
Examples:
  synchub export tables
  synchub export postgresql://reports@db/warehouse
  synchub export keyring:warehouse
"""


@click.command("export", epilog=EPILOG)
@click.argument("target")
@click.option("--format", "form", type=click.Choice(get_args(Format)), default="parquet", help="Of the files.")
@json_option
@click.pass_obj
def command(session: Session, target: str, form: Format) -> int:
    """Write golden records, links, claims, history and events to TARGET: a folder, or a database's URL. What an earlier
    export wrote there is replaced."""
    with session.open_hub() as hub, progress(session) as shown:
        report = hub.export(target, form, shown)
    from synchub.render import outcome

    show(session, lambda: outcome.export(report), export=report)
    return 0
