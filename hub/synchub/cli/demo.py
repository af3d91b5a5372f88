"""`synchub demo`"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synchub.cli.choices import made
from synchub.cli.output import print_out, progress
from synchub.cli.session import Session
from synchub.cli.sync import exit_code
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

EPILOG = """\b
Example:
  synchub demo && cd synchub-demo && synchub why contact ann.lee@example.com
"""
FOLDER = "synchub-demo"
EDITS = {
    "crm.db": "UPDATE contacts SET city = 'Bremen', updated_at = '{now}' WHERE id = 1",
    "shop.db": "UPDATE customers SET town = 'Hamburg', tel = '030 7654321', changed_at = '{now}' "
    "WHERE customer_no = 501",
}
"""What the demo then changes, so that there is a conflict to settle: one person moved, in two systems."""
NEXT = """\
Next: cd {folder}
      synchub why contact ann.lee@example.com    who said what, and why Bremen won
      synchub quarantine list                    one row of the fair has no address
      synchub undo 2                             takes the second run back\
"""


@click.command("demo", epilog=EPILOG)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, folder: Path | None) -> int:
    """See a whole two-way sync: a CRM, a web shop and a list from a fair, in a folder of its own.

    Nothing is needed and nothing leaves this machine. DIR (default: synchub-demo) must not exist yet.
    """
    target = (session.start / (folder or FOLDER)).resolve()
    write_demo(target)
    here = replace(session, start=target, named=target / "hub.toml")
    click.echo(f"A CRM (crm.db), a shop (shop.db) and a list (fair.csv) stand in {target}\n")
    _plan(here)
    code = _sync(here)
    edit(target)
    click.echo("Now Ann moves: the CRM is told Bremen, the shop is told Hamburg and a new phone number.\n")
    _plan(here)
    code = _sync(here) or code
    click.echo(NEXT.format(folder=target))
    return code


def write_demo(target: Path) -> None:
    """Write the demo's files into a new folder. ConfigurationError if there is one of that name."""
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise ConfigurationError(
            f"There is {target} already.",
            not_done="Nothing was written.",
            next_step="Remove it, or choose another folder: `synchub demo DIR`.",
        ) from None
    _copy(resources.files(__package__).joinpath("demo_files"), target)


def edit(target: Path) -> None:
    """Change the same person in both systems, now."""
    for name, statement in EDITS.items():
        with closing(sqlite3.connect(target / name)) as database, database:
            now = database.execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')").fetchone()[0]
            database.execute(statement.format(now=now))


def _copy(source: Traversable, target: Path) -> None:
    """The files as they are; SQL as the database that it makes."""
    for item in source.iterdir():
        if item.is_dir():
            (target / item.name).mkdir()
            _copy(item, target / item.name)
        elif item.name.endswith(".sql"):
            name = item.name.removesuffix(".sql")
            with closing(sqlite3.connect(target / f"{name}.db")) as database:
                database.executescript(item.read_text("utf-8"))
        else:
            (target / item.name).write_text(item.read_text("utf-8"), "utf-8")


def _plan(session: Session) -> None:
    from rich.console import Group

    from synchub.render.plan import plan

    click.echo("$ synchub plan")
    with session.open_hub() as hub, progress(session) as told:
        reports = hub.plan((), made(systems=()), told)
    print_out(session, Group(*map(plan, reports), ""))


def _sync(session: Session) -> int:
    from rich.console import Group

    from synchub.render.run import run_reports

    click.echo("$ synchub sync")
    with session.open_hub() as hub, progress(session) as told:
        reports = hub.sync((), made(systems=()), told)
    print_out(session, Group(run_reports(reports), ""))
    return exit_code(reports)
