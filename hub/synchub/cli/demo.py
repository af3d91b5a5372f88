"""`synchub demo`"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import tomllib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from synchub.cli.choices import made
from synchub.cli.output import print_out, progress
from synchub.cli.session import Session
from synchub.cli.sync import exit_code
from synchub.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from synchub.testing.crm import StandInCrm

EPILOG = """\b
Examples:
  synchub demo && cd synchub-demo && synchub why contact ann.lee@example.com
  synchub demo --serve      (in that folder: keeps its CRM running, for plan and sync by hand)
"""
FOLDER = "synchub-demo"
TOKEN = "demo-token"  # of the stand-in on the loopback address, not a secret
ANN = "ann.lee@example.com"
MOVED = (
    "UPDATE customers SET town = 'Hamburg', tel = '030 7654321', "
    "changed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE customer_no = 501"
)
"""What the demo then changes, so that there is a conflict to settle: one person moved, in two systems."""
NEXT = """\
Next: cd {folder}
      synchub why contact ann.lee@example.com    who said what, and which city won
      synchub quarantine list                    one row of the fair has no address
      synchub demo --serve                       starts the CRM again, for plan, sync and undo by hand\
"""


@click.command("demo", epilog=EPILOG)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--serve", is_flag=True, help="Only start the CRM of a demo that is there already, until Ctrl-C.")
@click.pass_obj
def command(session: Session, folder: Path | None, serve: bool) -> int:
    """See a whole two-way sync: a CRM, a web shop and a list from a fair, in a folder of its own.

    Nothing is needed and nothing leaves this machine: the CRM is a stand-in that answers like HubSpot's.
    DIR (default: synchub-demo) must not exist yet.
    """
    if serve:
        return _serve((session.start / (folder or ".")).resolve())
    target = (session.start / (folder or FOLDER)).resolve()
    write_demo(target)
    here = replace(session, start=target, named=target / "hub.toml")
    click.echo(f"A CRM, a shop (shop.db), a list (fair.csv) and web visits (visits.csv) stand in {target}\n")
    with closing_crm(target) as crm:
        _plan(here)
        code = _sync(here)
        edit(target, crm)
        click.echo("Now Ann moves: the CRM is told Bremen, the shop is told Hamburg and a new phone number.\n")
        _plan(here)
        code = _sync(here) or code
    click.echo(NEXT.format(folder=target))
    return code


def write_demo(target: Path) -> None:
    """Write the demo's files into a new folder. ConfigurationError if there is one of that name."""
    from synchub.testing.crm import StandInCrm

    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise ConfigurationError(
            f"There is {target} already.",
            not_done="Nothing was written.",
            next_step="Remove it, or choose another folder: `synchub demo DIR`.",
        ) from None
    _copy(resources.files(__package__).joinpath("demo_files"), target)
    descriptor = os.open(target / "crm-token", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(TOKEN)
    people = json.loads((target / "crm.json").read_text("utf-8"))
    (target / "crm.json").unlink()
    long_ago = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
    with StandInCrm(target / "crm.json", TOKEN, clock=lambda: long_ago) as crm:
        for person in people:
            crm.create_contact(**person)
        url = crm.url
    _fill_in(target / "hub.toml", url)


def _fill_in(file: Path, url: str) -> None:
    file.write_text(file.read_text("utf-8").replace("CRM_URL", url), "utf-8")


def closing_crm(target: Path) -> StandInCrm:
    """The demo's CRM, on the port that its hub.toml names; a context manager."""
    from synchub.testing.crm import StandInCrm

    try:
        settings = tomllib.loads((target / "hub.toml").read_text("utf-8"))["systems"]["crm"]
        port = urlsplit(settings["url"]).port
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        raise ConfigurationError(
            f"There is no demo in {target}.", next_step="Change to its folder, or make one: `synchub demo`."
        ) from None
    return StandInCrm(target / "crm.json", TOKEN, port or 0)


def edit(target: Path, crm: StandInCrm) -> None:
    """Change the same person in both systems, now."""
    number = next(number for number, found in crm.contacts().items() if found.get("email") == ANN)
    crm.edit(number, city="Bremen")
    with closing(sqlite3.connect(target / "shop.db")) as database, database:
        database.execute(MOVED)


def _serve(target: Path) -> int:
    stopped = threading.Event()
    with closing_crm(target) as crm:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        click.echo(f"The demo's CRM answers at {crm.url}; Ctrl-C ends it.")
        stopped.wait()
    return 0


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
