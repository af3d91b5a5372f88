"""`synchub store`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synchub.cli.output import confirm, json_option, show
from synchub.cli.session import Session

if TYPE_CHECKING:
    from synchub.spec.answers import StoreReport

EPILOG = """\b
Example:
  synchub store backup
"""


@click.group("store", epilog=EPILOG)
def command() -> None:
    """Upgrade, back up or check the store, where the hub keeps what it knows."""


@command.command("upgrade", epilog="Example: synchub store upgrade")
@json_option
@click.pass_obj
def upgrade(session: Session) -> int:
    """Bring the store to this version of synchub. SQLite stores are backed up before."""
    confirm(session, "Upgrade the store? An older synchub can't use it afterwards.")
    with session.open_hub() as hub:
        return _told(session, hub.store_upgrade())


@command.command("backup", epilog="Example: synchub store backup hub-before.db")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(session: Session, file: Path | None) -> int:
    """Write a backup, beside the store or to FILE. Readable by its owner alone."""
    with session.open_hub() as hub:
        return _told(session, hub.store_backup(file))


@command.command("check", epilog="Example: synchub store check")
@json_option
@click.pass_obj
def check(session: Session) -> int:
    """Look whether the store is whole and fits this version."""
    with session.open_hub() as hub:
        return _told(session, hub.store_check())


def _told(session: Session, report: StoreReport) -> int:
    from synchub.render import outcome

    show(session, lambda: outcome.store(report), store=report)
    return 1 if report.problems else 0
