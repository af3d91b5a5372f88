"""`synchub streams`"""

from __future__ import annotations

import click

from synchub.cli.output import json_option, show
from synchub.cli.session import Session

EPILOG = """\b
Examples:
  synchub streams                       every stream of every system
  synchub streams shop customers        its fields, with samples
  synchub streams shop customers --mapping > mappings/shop-customers.toml
"""


@click.command("streams", epilog=EPILOG)
@click.argument("system", required=False)
@click.argument("stream", required=False)
@click.option("--mapping", is_flag=True, help="Draft a mapping file of the stream.")
@json_option
@click.pass_obj
def command(session: Session, system: str | None, stream: str | None, mapping: bool) -> None:
    """Show what a system offers: fields, types, keys and samples."""
    if mapping and not stream:
        raise click.UsageError("--mapping drafts the mapping of one stream: name SYSTEM and STREAM.")
    with session.open_hub() as hub:
        reports = hub.streams(system, stream, mapping=mapping)
    if mapping and not session.json:
        # A file is being written by the shell: nothing but its content.
        for report in reports:
            click.echo(report.mapping)
        return

    from synchub.render import checks

    show(session, lambda: checks.streams(reports), streams=reports)
